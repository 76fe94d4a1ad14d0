/**
 * The `Host` door: one machine. Everything that kadm does to a machine, and everything it reads from one, goes through this interface.
 *
 * Real form: `local-host.ts` (this machine), `ssh-host.ts` (another). `recording-host.ts` reads for real, writes into memory
 * and keeps the plan.
 * `journaling-host.ts` wraps a real one and notes each change, with what was there before, ahead of making it.
 * A phase never knows which it holds.
 *
 * Every method that changes something may be repeated, and is atomic or says what may be left behind when it is cut off.
 */
import type { Duplex } from 'node:stream'
import type { ContainerRuntime } from './cri/container-runtime.ts'

export interface Host {
  /** The name to show to the user; the host's own name from `facts()` is another thing. */
  readonly name: string
  /** Who works on it: `ann@desk`. Another machine is told where kadm was started, and by whom. */
  readonly operator: string
  /**
   * There on a host that notes changes and makes none: what was "started" there never answers. The waits of the world (`wait.ts` and what
   * is built on it) look at this, so that phases need not; the few that do ask a cluster or note what is no change of a file.
   */
  readonly recording?: Recording

  /** The whole file, or `undefined` when there is none. Links are followed. Throws FILE_FAILED for anything else. */
  readFile(path: string): Promise<Buffer | undefined>
  readText(path: string): Promise<string | undefined>
  /** Of the entry itself (links are not followed), or `undefined` when there is none. */
  stat(path: string): Promise<FileStat | undefined>
  /** Names in a directory, sorted, or `undefined` when there is none. */
  list(path: string): Promise<readonly string[] | undefined>

  /**
   * Puts the content there atomically (temporary file beside it, fsync, rename) with its mode from the first byte.
   * Missing directories are made with `directoryMode` (default 0755). Cut off: the old file or the new one, never a half.
   * An existing file of the same content, mode and owner is left alone. Without `owner` a file keeps the one it has, as with a write
   * in place.
   * A link is followed, so that a file which the user put elsewhere stays there.
   */
  writeFile(path: string, content: string | Uint8Array, options: WriteOptions): Promise<void>
  /** Makes the directory and its missing parents; an existing one keeps its mode. */
  makeDirectory(path: string, mode: number): Promise<void>
  /**
   * Adds to the end of a file, which is made with `mode` where missing (its directory 0700), and returns when it has reached the disk.
   * Cut off: a part of it may be there.
   */
  appendFile(path: string, content: string | Uint8Array, mode: number): Promise<void>
  /** Removes a file or link; nothing happens when it is not there. */
  removeFile(path: string): Promise<void>
  /** Removes a directory; nothing happens when it is not there, something is in it or it is a mount point: a disk may be given to it. */
  removeDirectory(path: string): Promise<void>
  /** Changes the owner of one entry. */
  changeOwner(path: string, owner: Owner): Promise<void>

  /**
   * Runs a command that only looks. Also run in a recording. Resolves with any exit code; throws COMMAND_MISSING when there is no
   * such program.
   */
  query(argv: Argv, options?: CommandOptions): Promise<CommandResult>
  /** Runs a command that changes something. Throws COMMAND_FAILED (with stderr) unless it exits with 0. */
  run(argv: Argv, options?: CommandOptions): Promise<CommandResult>

  readonly services: Services
  /** The CRI runtime behind a socket such as `unix:///run/containerd/containerd.sock`. Connects lazily; is closed with the host. */
  containerRuntime(endpoint: string): ContainerRuntime
  /** Opens a stream to an address as the host sees it (loopback is the host's own): health checks, API server, etcd, CRI. */
  dial(address: Address, options?: { readonly signal?: AbortSignal }): Promise<Duplex>
  /** Can this host listen there right now? `address` empty: on all addresses. */
  canListen(port: number, address?: string): Promise<boolean>

  /**
   * Makes sure that one kadm at a time changes this host. Resolves to what gives it back; the end of the process does so too.
   * Throws RUN_IN_PROGRESS, which says who works here and since when.
   */
  lock(command: string): Promise<() => Promise<void>>

  /** Of another machine they may be some seconds old. */
  facts(): Promise<HostFacts>
  now(): Date
  close(): Promise<void>
}

export interface Recording {
  /** Notes in the plan that the run would wait here, e.g. `https://127.0.0.1:6443/livez`. */
  wouldWaitFor(what: string): void
}

export type Argv = readonly [string, ...string[]]

export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  /** Permission bits only, e.g. 0o600. */
  readonly mode: number
  readonly owner: Owner
  /** Bytes. */
  readonly size: number
}

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface WriteOptions {
  /** Permission bits of a new file. */
  readonly mode: number
  /** kubeadm keeps the mode of a file that it overwrites; `true` does the same. Default false: `mode` is set. */
  readonly keepMode?: boolean
  readonly directoryMode?: number
  readonly owner?: Owner
  /** The content is a key or token: it must not show in a plan, a journal or a backup that others can read. */
  readonly secret?: boolean
}

export interface CommandOptions {
  readonly input?: string | Uint8Array
  readonly environment?: Readonly<Record<string, string>>
  /** Milliseconds; default 60_000. The whole process group is ended after it. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

export interface CommandResult {
  readonly argv: Argv
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The init system: systemd or OpenRC, or `none` (then each method answers false or does nothing). */
export interface Services {
  kind(): Promise<'systemd' | 'openrc' | 'none'>
  exists(name: string): Promise<boolean>
  isEnabled(name: string): Promise<boolean>
  /** Active or on its way up. */
  isActive(name: string): Promise<boolean>
  /** Starts it afresh, after the init system has read its unit files again. */
  restart(name: string): Promise<void>
  stop(name: string): Promise<void>
  /** The last lines of its log, oldest first; empty when it cannot be read. */
  recentLog(name: string, lines: number): Promise<readonly string[]>
}

export interface HostFacts {
  /** As the kernel says it, not lower-cased. */
  readonly hostname: string
  readonly uid: number
  readonly cpus: number
  /** Bytes. */
  readonly memory: number
  /** `uname -s` and `uname -r`. */
  readonly system: string
  readonly kernelRelease: string
  readonly addresses: readonly InterfaceAddress[]
  readonly routes: readonly Route[]
  /** kadm's own environment on this host: proxies, dry-run directories, KUBECONFIG. */
  readonly environment: Readonly<Record<string, string>>
}

export interface InterfaceAddress {
  readonly device: string
  /** Without prefix length, IPv6 in its short form. */
  readonly address: string
  readonly family: 4 | 6
  readonly prefixLength: number
  readonly loopback: boolean
}

export interface Route {
  readonly device: string
  readonly family: 4 | 6
  /** Network address and prefix length; a default route is 0.0.0.0/0 or ::/0. */
  readonly destination: string
  readonly gateway?: string
  readonly metric: number
}
