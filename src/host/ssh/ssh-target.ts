/** What is needed to reach a host over SSH: where it is, who logs in, with what, and how the host proves that it is the one. */
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { KadmError } from '../../errors.ts'
import { shellQuote } from '../shell-quote.ts'
import type { KeyFile } from './ssh-key-file.ts'

export interface SshTarget {
  /** Who logs in; default `root`. */
  readonly user: string
  /** A name, or an address without brackets. */
  readonly address: string
  readonly port: number
}

/** A host, and how one gets there by hand as kadm does. */
export interface SshWay extends SshTarget {
  readonly identityFiles?: readonly string[] | undefined
  readonly through?: SshTarget | undefined
}

export interface SshOptions {
  /**
   * Private keys on this machine, tried in this order; without any the agent's keys and those of `~/.ssh` are tried. One that is encrypted
   * is the agent's to sign with, where the agent has it.
   */
  readonly identityFiles?: readonly string[]
  /** How the user becomes root; without it the user works with the rights that the login has. */
  readonly become?: 'sudo' | undefined
  /**
   * The host that this one is reached through: with a connection of its own, or with one that others share, which is not ended with this
   * one.
   */
  readonly bastion?: SshHop | Bastion | undefined
  /** The fingerprint that the host's key must have: `SHA256:…`. Without it `known_hosts` decides. */
  readonly hostKey?: string | undefined
  /** The key of a host that `known_hosts` does not have is taken and recorded there. A changed key is refused all the same. */
  readonly trustOnFirstUse?: boolean
  /** Default: `~/.ssh/known_hosts`, and `/etc/ssh/ssh_known_hosts`, which is only read. */
  readonly knownHostsFile?: string | undefined
  /** Socket of the agent; default: the environment's SSH_AUTH_SOCK. */
  readonly agent?: string | undefined
  /** Keys that were read, by file: many connections that share it read and open each once. */
  readonly readKeys?: Map<string, Promise<KeyFile>>
  /** Gives the passphrase of a key and sudo's password, asked for once each at most; `undefined` when there is none. */
  readonly secret?: (question: SshQuestion) => Promise<string | undefined>
  /** Told in words what the user should know: a key that was recorded, a line that broke and is up again. */
  readonly say?: (line: string) => void
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal
}

export interface SshHop {
  readonly target: SshTarget
  readonly identityFiles?: readonly string[]
  readonly hostKey?: string | undefined
}

/** A connection to a host that others are reached through, however many they are. */
export interface Bastion {
  readonly target: SshTarget
  /** A stream to a port as that host sees it. Throws as `connectSsh`, or an Error with the system's `code` (ETIMEDOUT after 15 s). */
  readonly dial: (address: string, port: number) => Promise<Duplex>
  readonly end: () => void
}

export type SshQuestion =
  | { readonly kind: 'passphrase'; readonly identityFile: string }
  /** `login`: who logs in; `user`: whose password sudo wants, as the host says: theirs, or root's (targetpw, rootpw). */
  | { readonly kind: 'become'; readonly login: string; readonly user: string; readonly host: string }

/** Reads `[user@]address[:port]`; an IPv6 address with a port stands in brackets. Throws USAGE for anything else. */
export function parseSshTarget(text: string): SshTarget {
  const [, user = 'root', bracketed, plain, port = '22'] =
    /^(?:([^@\s]+)@)?(?:\[([^\]\s]+)\](?=:|$)|([^\s@[\]]+?))(?::(\d{1,5}))?$/.exec(text) ?? []
  const bare = /^(?:([^@\s]+)@)?([0-9a-fA-F:]+)$/.exec(text)
  if (bare?.[2] !== undefined && isIP(bare[2]) === 6) return { user: bare[1] ?? 'root', address: bare[2], port: 22 }
  const address = bracketed ?? plain
  const isGood =
    address !== undefined && !address.startsWith('-') && (bracketed === undefined ? !address.includes(':') : isIP(bracketed) === 6)
  if (isGood && Number(port) > 0 && Number(port) < 65_536) return { user, address, port: Number(port) }
  throw new KadmError('USAGE', `"${text}" is not a host to log in to`, {
    remedy: ['give it as admin@192.168.0.11, admin@h1.example.com:2222 or root@[fd00::11]:22'],
  })
}

/** `-p 2222 -i ~/.ssh/id -J gate@10.0.0.1:22 admin@192.168.0.11`: what follows `ssh` to get there. `~/` is for the shell to read. */
export function sshArguments({ user, address, port, identityFiles = [], through }: SshWay, jump: '-J ' | '-o ProxyJump=' = '-J '): string {
  const withPort = through && `${through.user}@${isIP(through.address) === 6 ? `[${through.address}]` : through.address}:${through.port}`
  return [
    ...(port === 22 ? [] : [`-p ${port}`]),
    ...identityFiles.map((file) => `-i ${file.startsWith('~/') ? '~/' : ''}${shellQuote(file.replace(/^~\//, ''))}`),
    ...(withPort === undefined ? [] : [`${jump}${shellQuote(withPort)}`]),
    shellQuote(`${user}@${address}`),
  ].join(' ')
}

/** `admin@192.168.0.11`, with the port where it is not 22; `parseSshTarget` reads it. */
export function sshTargetText({ user, address, port }: SshTarget): string {
  const host = isIP(address) === 6 && port !== 22 ? `[${address}]` : address
  return `${user}@${host}${port === 22 ? '' : `:${port}`}`
}
