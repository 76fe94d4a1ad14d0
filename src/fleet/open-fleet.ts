/** A connection to every host of a cluster file, all at once. */
import type { ClusterFile, ClusterHost } from '../config/cluster-file.ts'
import type { Host } from '../host/host.ts'
import { connectSsh } from '../host/ssh-host.ts'
import type { SshOptions, SshTarget } from '../host/ssh-target.ts'
import { observeHost, unreachable, type HostState } from './host-state.ts'

export interface FleetOptions extends Pick<SshOptions, 'trustOnFirstUse' | 'secret' | 'say'> {
  /** Who logs in where the file does not say. */
  readonly user: string
  readonly signal: AbortSignal
}

export interface Fleet {
  /** Those that could be reached. */
  readonly hosts: ReadonlyMap<string, Host>
  /** Of every host of the file. */
  readonly states: ReadonlyMap<string, HostState>
  readonly close: () => Promise<void>
}

/** Connects and looks; a host that cannot be reached is a state, not an error. */
export async function openFleet(file: ClusterFile, options: FleetOptions): Promise<Fleet> {
  const opened = await Promise.all(file.hosts.map(async (wanted) => ({ name: wanted.name, ...(await openHost(wanted, file.kubernetesVersion, options)) })))
  options.signal.throwIfAborted()
  return {
    hosts: new Map(opened.flatMap(({ name, host }) => (host === undefined ? [] : [[name, host] as const]))),
    states: new Map(opened.map(({ name, state }) => [name, state])),
    close: async () => void (await Promise.allSettled(opened.map(async ({ host }) => host?.close()))),
  }
}

async function openHost({ address, ssh }: ClusterHost, version: string, options: FleetOptions): Promise<{ readonly host: Host | undefined; readonly state: HostState }> {
  const { trustOnFirstUse, secret, say, signal, user } = options
  const { bastion } = ssh
  const targetOf = (one: { readonly user?: string; readonly port: number }, at: string): SshTarget => ({ user: one.user ?? user, address: at, port: one.port })
  const filesOf = (one: { readonly identityFile?: string }) => (one.identityFile === undefined ? {} : { identityFiles: [one.identityFile] })
  let host: Host | undefined
  try {
    host = await connectSsh(targetOf(ssh, address), {
      ...filesOf(ssh),
      become: ssh.become === 'sudo' ? 'sudo' : undefined,
      hostKey: ssh.hostKey,
      ...(bastion !== undefined && { bastion: { target: targetOf(bastion, bastion.address), ...filesOf(bastion), hostKey: bastion.hostKey } }),
      ...(trustOnFirstUse !== undefined && { trustOnFirstUse }),
      ...(secret !== undefined && { secret }),
      ...(say !== undefined && { say }),
      signal,
    })
    return { host, state: await observeHost(host, version) }
  } catch (error) {
    await host?.close().catch(() => undefined)
    return { host: undefined, state: unreachable(error) }
  }
}
