/** With which keys a user logs in, and in which order they are tried. */
import path from 'node:path'
import type { AnyAuthMethod } from 'ssh2'
import { KadmError } from '../../errors.ts'
import { systemCode } from '../file-error.ts'
import { homeDirectory } from '../home-directory.ts'
import { shellQuote } from '../shell-quote.ts'
import { sshAgent } from './ssh-agent.ts'
import { type KeyFile, publicKeyOf, readKeyFile } from './ssh-key-file.ts'
import type { SshOptions, SshTarget } from './ssh-target.ts'

/** The keys of one login. */
export interface LoginKeys {
  /** The next way to log in, when the one before was refused; `undefined`: there is none left. Asks for a passphrase where one is needed. */
  readonly next: () => Promise<AnyAuthMethod | undefined>
  /** The host has accepted a key of the agent's, and that was not enough. */
  readonly isAccepted: () => boolean
  /** What was tried so far. */
  readonly tried: () => readonly TriedKeys[]
}

export interface TriedKeys {
  /** As the user is told of it: a path, or `agent /run/...`. */
  readonly name: string
  /** Why it was of no use, when that was not the host's word. */
  readonly trouble: string | undefined
  /** What to do about the trouble. */
  readonly remedy: readonly string[]
}

/**
 * The identity files when there are any, then the agent; without files the agent, then the usual ones of `~/.ssh`. A file that is encrypted
 * is opened only when the agent does not have its key or does not sign with it. A key that the host has refused is not offered again. `next`
 * throws FILE_FAILED for a file that was named and cannot be read; a usual one that is not there is passed over.
 */
export function loginKeys(
  { user }: SshTarget,
  { identityFiles = [], agent: socket = process.env['SSH_AUTH_SOCK'], secret, readKeys = new Map() }: SshOptions,
): LoginKeys {
  const agent = socket ? sshAgent(socket) : undefined
  const offered = new Set<string>()
  let isAccepted = false
  const tried = new Map<string, () => Omit<TriedKeys, 'name'>>()

  async function* fromAgent(isWanted: (publicKey: string) => boolean): AsyncGenerator<AnyAuthMethod> {
    if (agent === undefined) return
    tried.set(`agent ${socket}`, () => ({ trouble: agent.trouble(), remedy: ['ssh-add -l   # what does the agent say?'] }))
    const keys = (await agent.keys()).filter((key) => isWanted(publicKeyOf(key)) && !offered.has(publicKeyOf(key)))
    for (const key of keys) {
      offered.add(publicKeyOf(key))
      yield { type: 'agent', username: user, agent: await agent.only([key]) }
      if (!agent.hasSigned(publicKeyOf(key))) continue
      // What the host wants besides ssh2 does not tell of an agent's keys: it is asked once more.
      isAccepted = true
      yield { type: 'none', username: user }
    }
  }

  async function* fromFile(file: string, isNamed: boolean): AsyncGenerator<AnyAuthMethod> {
    const found = await read(file, isNamed, readKeys)
    if (found === undefined) return
    tried.set(file, () => ({ trouble: undefined, remedy: [] }))
    const { publicKey, isLocked, open } = found
    if (isLocked) yield* fromAgent((wanted) => wanted === publicKey)
    if (publicKey !== undefined && offered.has(publicKey) && agent?.hasRefused(publicKey) !== true) return
    const key = await open(async () => secret?.({ kind: 'passphrase', identityFile: file }))
    if (key instanceof Error) {
      tried.set(file, () => ({ trouble: key.message, remedy: waysToUse(file) }))
      return
    }
    offered.add(publicKeyOf(key))
    yield { type: 'publickey', username: user, key }
  }

  async function* all(): AsyncGenerator<AnyAuthMethod> {
    for (const file of identityFiles) yield* fromFile(inHome(file), true)
    yield* fromAgent(() => true)
    if (identityFiles.length === 0) for (const file of usualFiles) yield* fromFile(inHome(file), false)
  }

  const methods = all()
  return {
    next: async () => {
      const { done, value } = await methods.next()
      return done === true ? undefined : value
    },
    isAccepted: () => isAccepted,
    tried: () => [...tried].map(([name, outcome]) => ({ name, ...outcome() })),
  }
}

const usualFiles = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa']

function inHome(file: string): string {
  return file.startsWith('~/') ? path.join(homeDirectory(), file.slice(2)) : file
}

async function read(file: string, isNamed: boolean, readKeys: Map<string, Promise<KeyFile>>): Promise<KeyFile | undefined> {
  const reading = readKeys.get(file) ?? readKeyFile(file)
  readKeys.set(file, reading)
  return reading.catch((error: unknown) => {
    if (!isNamed && error instanceof KadmError && systemCode(error.cause) === 'ENOENT') return undefined
    throw error
  })
}

function waysToUse(file: string): readonly string[] {
  return [
    `ssh-add ${shellQuote(file.replace(/\.pub$/, ''))}   # the agent then has it`,
    'KADM_SSH_PASSPHRASE_FILE=<file> names a file with the passphrase of an encrypted key',
  ]
}
