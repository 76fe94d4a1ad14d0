/** Does the host prove that it is the one that is meant? Its key is always looked at; nothing is sent to a host before that. */
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { KadmError } from '../../errors.ts'
import { describingFileErrors, systemCode } from '../file-error.ts'
import { homeDirectory } from '../home-directory.ts'
import {
  entriesFor,
  fingerprint,
  fingerprintForm,
  judgeHostKey,
  keyType,
  type KnownHost,
  knownHostsLine,
  nameOf,
  parseKnownHosts,
} from './known-hosts.ts'
import { shellQuote } from '../shell-quote.ts'
import type { SshOptions, SshTarget } from './ssh-target.ts'

export interface HostKeyCheck {
  /** Kinds of keys to ask the host for; all when not given. */
  readonly algorithms: readonly ServerHostKeyAlgorithm[] | undefined
  /** To be asked for the key that the host shows. */
  readonly accepts: (key: Buffer) => boolean
  /** Why the key was not accepted; `undefined` when it was, or when none was shown. */
  readonly refusal: () => KadmError | undefined
  /** The host has no key of the kinds that it was asked for. */
  readonly missing: () => KadmError
  /** Keeps a key that was taken on first use. To be called after it was accepted. */
  readonly keep: () => Promise<void>
  /** The kind that was shown and is not the pinned one: the host may have it among its others. */
  readonly otherThanPinned: () => string | undefined
}

type Rule = Pick<SshOptions, 'hostKey' | 'trustOnFirstUse' | 'knownHostsFile' | 'say'>

/** @param except kinds of keys that were shown and are not the pinned one */
export async function hostKeyCheck(target: SshTarget, rule: Rule, except: readonly string[]): Promise<HostKeyCheck> {
  const file = rule.knownHostsFile ?? path.join(homeDirectory(), '.ssh/known_hosts')
  const texts = await Promise.all([file, '/etc/ssh/ssh_known_hosts'].map(readIfThere))
  if (rule.hostKey !== undefined && !fingerprintForm.test(rule.hostKey)) throw badPin(rule.hostKey)
  const pin = rule.hostKey?.replace('=', '')
  // Beside a pin only what was revoked counts. Of ten thousand hosts each would read ten thousand lines.
  const known = entriesFor(
    texts.flatMap((text) => (pin === undefined || text.includes('@revoked') ? parseKnownHosts(text) : [])),
    target,
  )
  let shown: Buffer | undefined
  let accepted = false
  const isPinned = (key: Buffer): boolean => fingerprint(key) === pin && judgeHostKey(known, key) !== 'revoked'
  return {
    algorithms: algorithmsFor(pin === undefined ? known : [], except),
    accepts: (key) => {
      shown = key
      const verdict = judgeHostKey(known, key)
      accepted = pin === undefined ? verdict === 'known' || (verdict === 'unknown' && rule.trustOnFirstUse === true) : isPinned(key)
      return accepted
    },
    refusal: () => (shown === undefined || accepted ? undefined : refusal(target, shown, { pin, known, file })),
    missing: () =>
      changed(
        target,
        `has no key of the kinds that are known: ${[...new Set(known.map(({ type }) => type))].join(', ')}`,
        forgetKey(target, file),
      ),
    keep: async () => {
      if (pin !== undefined || shown === undefined || judgeHostKey(known, shown) !== 'unknown') return
      await record(file, knownHostsLine(target, shown))
      rule.say?.(`the key of "${nameOf(target)}" is now known: ${fingerprint(shown)} (${file})`)
    },
    otherThanPinned: () => (pin !== undefined && shown !== undefined && fingerprint(shown) !== pin ? keyType(shown) : undefined),
  }
}

// What ssh2 can read, best first. It knows no certificates of hosts.
const kinds: readonly (readonly [string, readonly ServerHostKeyAlgorithm[]])[] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]

/** A host shows one key only: it has to be asked for the kind that is known, or it would seem to have changed. */
function algorithmsFor(known: readonly KnownHost[], except: readonly string[]): readonly ServerHostKeyAlgorithm[] | undefined {
  const types = new Set(known.filter(({ marker }) => marker === '').map(({ type }) => type))
  if (types.size === 0 && except.length === 0) return undefined
  return kinds.flatMap(([type, names]) => ((types.size === 0 || types.has(type)) && !except.includes(type) ? names : []))
}

interface Known {
  readonly pin: string | undefined
  readonly known: readonly KnownHost[]
  readonly file: string
}

function refusal(target: SshTarget, key: Buffer, { pin, known, file }: Known): KadmError {
  const shown = `${fingerprint(key)} (${keyType(key)})`
  const verdict = judgeHostKey(known, key)
  if (verdict === 'revoked') {
    const where = `grep -n @revoked ${shellQuote(file)} /etc/ssh/ssh_known_hosts   # who revoked it? The host needs a new key`
    return changed(target, `shows a key that was revoked: ${shown}`, where)
  }
  if (pin !== undefined) {
    const replace = `hostKey: ${fingerprint(key)}   # in the cluster file (else --host-key), in place of the old one, once you know that it is right`
    return changed(target, `shows the key ${shown} and not ${pin}`, replace)
  }
  if (verdict === 'changed') return changed(target, `shows another key than the one that is known: ${shown}`, forgetKey(target, file))
  const isSigned = verdict === 'only-authority'
  const only = isSigned ? '; only an authority is known that may sign keys, and kadm reads no signed ones' : ''
  return new KadmError('HOST_KEY_UNKNOWN', `the key of the host "${nameOf(target)}" is not known: ${shown}${only}`, {
    remedy: [
      `ssh-keygen -lf /etc/ssh/ssh_host_${fileKind(keyType(key))}_key.pub   # on the host: is it the same? Then:`,
      `mkdir -p -m 700 ${shellQuote(path.dirname(file))} && echo ${shellQuote(knownHostsLine(target, key))} >>${shellQuote(file)}`,
      ...(isSigned ? [] : ['--trust-on-first-use   # takes it as it is and records it']),
    ],
  })
}

function fileKind(type: string): string {
  return type.startsWith('ecdsa') ? 'ecdsa' : type.replace('ssh-', '')
}

function changed(target: SshTarget, what: string, then: string): KadmError {
  return new KadmError('HOST_KEY_CHANGED', `the host "${nameOf(target)}" ${what}`, {
    remedy: ['find out why before you go on: somebody may stand between, or the host was installed anew', then],
  })
}

/** Of no use where the key is pinned: then known_hosts is not asked. */
function forgetKey(target: SshTarget, file: string): string {
  return `ssh-keygen -R ${shellQuote(nameOf(target))} -f ${shellQuote(file)}   # once you know; then take the new key`
}

function badPin(pin: string): KadmError {
  return new KadmError('USAGE', `"${pin}" is not the fingerprint of a host key`, {
    remedy: ['ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub   # on the host: it is SHA256: and 43 characters'],
  })
}

async function readIfThere(file: string): Promise<string> {
  return describingFileErrors('read', file, async () => {
    try {
      return await readFile(file, 'utf8')
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return ''
      throw error
    }
  })
}

async function record(file: string, line: string): Promise<void> {
  await describingFileErrors('add to', file, async () => {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
    const text = await readIfThere(file)
    await appendFile(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`, { mode: 0o600, flush: true })
  })
}
