/** With which keys a user logs in, and in which order they are tried. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { AnyAuthMethod, ParsedKey } from 'ssh2'
import { KadmError } from '../errors.ts'
import { describingFileErrors, systemCode } from './file-error.ts'
import { shellQuote } from './shell-quote.ts'
import type { SshOptions, SshTarget } from './ssh-target.ts'

export interface Attempt {
  /** As the user is told of it: a path, or `agent (/run/...)`. */
  readonly name: string
  /** Asks for the passphrase where the key has one. `undefined`: it cannot be tried. */
  readonly method: () => Promise<AnyAuthMethod | undefined>
}

/**
 * The identity files when there are any, then the agent; without files the agent, then the usual ones of `~/.ssh`. A file that was named
 * and cannot be used throws FILE_FAILED or LOGIN_REFUSED; a usual one is passed over.
 */
export function loginAttempts(
  { user }: SshTarget,
  { identityFiles = [], agent = process.env['SSH_AUTH_SOCK'], secret, readKeys = new Map() }: SshOptions,
): readonly Attempt[] {
  const fromFile = (file: string, named: boolean): Attempt => ({
    name: file,
    method: async () => {
      const reading = readKeys.get(file) ?? readKey(file, named, secret)
      readKeys.set(file, reading)
      const key = await reading
      return key && { type: 'publickey', username: user, key }
    },
  })
  const fromAgent: readonly Attempt[] = agent
    ? [{ name: `agent (${agent})`, method: async () => ({ type: 'agent', username: user, agent }) }]
    : []
  if (identityFiles.length > 0) return [...identityFiles.map((file) => fromFile(inHome(file), true)), ...fromAgent]
  return [...fromAgent, ...usualFiles.map((file) => fromFile(inHome(file), false))]
}

const usualFiles = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa']

function inHome(file: string): string {
  return file.startsWith('~/') ? path.join(homedir(), file.slice(2)) : file
}

async function readKey(file: string, named: boolean, secret: SshOptions['secret']): Promise<ParsedKey | undefined> {
  const text = await describingFileErrors('read', file, () => readFile(file)).catch((error: unknown) => {
    if (!named && error instanceof KadmError && systemCode(error.cause) === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const { default: ssh2 } = await import('ssh2')
  const plain = ssh2.utils.parseKey(text)
  if (!(plain instanceof Error)) return plain
  if (!/no passphrase given/.test(plain.message)) throw unusable(file, plain.message, plain)
  const passphrase = await secret?.({ kind: 'passphrase', identityFile: file })
  if (passphrase === undefined && !named) return undefined
  if (passphrase === undefined) throw unusable(file, 'it is encrypted, and there is no passphrase', plain)
  const opened = ssh2.utils.parseKey(text, passphrase)
  if (opened instanceof Error) throw unusable(file, 'the passphrase does not open it', opened)
  return opened
}

function unusable(file: string, why: string, cause: Error): KadmError {
  return new KadmError('LOGIN_REFUSED', `the key "${file}" cannot be used: ${why}`, {
    remedy: [
      `ssh-add ${shellQuote(file)}   # the agent then has it`,
      'KADM_SSH_PASSPHRASE_FILE=<file> names a file with the passphrase of an encrypted key',
    ],
    cause,
  })
}
