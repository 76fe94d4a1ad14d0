/** A connection to every host of a cluster file, all at once. */
import { atMost } from '../cluster/at-most.ts'
import type { ClusterFile, ClusterHost, SshSettings } from '../config/cluster-file.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { openBastion } from '../host/ssh/ssh-bastion.ts'
import { connectSsh } from '../host/ssh/ssh-host.ts'
import { type Bastion, type SshOptions, type SshTarget, sshTargetText } from '../host/ssh/ssh-target.ts'
import { fleetRemedy } from './fleet-remedies.ts'
import type { FleetHost } from './fleet-run.ts'
import type { Place } from './host-flags.ts'
import { observeHost, unreachable, whyUnknown, type HostState, type UnreachableHost } from './look/host-state.ts'
import { notObserved } from './plan/not-root.ts'

export interface FleetOptions extends Pick<SshOptions, 'trustOnFirstUse' | 'secret' | 'say'> {
  /** Who logs in where the file does not say; asked only then. */
  readonly user: () => string
  readonly signal: AbortSignal
}

export interface Fleet {
  /** Those that there is a connection to, be it that they did not say what they are. */
  readonly hosts: ReadonlyMap<string, Host>
  /** Of every host of the file. */
  readonly states: ReadonlyMap<string, HostState>
  readonly close: () => Promise<void>
}

/**
 * How many hosts are asked for something at a time. A login costs this machine some 5 ms of its processor: of a thousand at once all would
 * come late, and some beyond sshd's patience (docs/scale.md). Enough that a slow way to the hosts holds nobody up.
 */
export const hostsAtOnce = 128

/** Connects and looks; a host that cannot be reached is a state, not an error. */
export async function openFleet(file: ClusterFile, options: FleetOptions): Promise<Fleet> {
  const inTurn = atMost(hostsAtOnce)
  const shared = sharedBetweenHosts(options)
  const opened = await Promise.all(
    file.hosts.map(async (wanted) => ({
      name: wanted.name,
      ...(await inTurn(() => openHost(wanted, file.kubernetesVersion, { ...options, ...shared }))),
    })),
  )
  const close = async (): Promise<void> => {
    await Promise.allSettled(opened.map(async ({ host }) => host?.close()))
    shared.end()
  }
  if (options.signal.aborted) await close()
  options.signal.throwIfAborted()
  return {
    hosts: new Map(opened.flatMap(({ name, host }) => (host === undefined ? [] : [[name, host] as const]))),
    states: new Map(opened.map(({ name, state }) => [name, state])),
    close,
  }
}

export function reachedHosts({ hosts, states }: Fleet): ReadonlyMap<string, FleetHost> {
  return new Map(
    [...hosts].flatMap(([name, host]) => {
      const state = states.get(name)
      return state?.kind === 'reached' ? [[name, { name, host, state }] as const] : []
    }),
  )
}

/** Of a host that is in the way: the error that it answered with, or that there was no answer. `who`: how the message calls it. */
export function notReached(place: Place, state: UnreachableHost, who = place.name): KadmError {
  const { code = 'HOST_UNREACHABLE', isConnected, remedy } = state
  const [first = 'mend the way to the host, then run the same command again', ...others] = remedy.flatMap((line) =>
    fleetRemedy(line, isConnected === true ? place : undefined),
  )
  return new KadmError(code, `${who} ${whyUnknown(state)}`, { remedy: [first, ...others] })
}

interface Shared extends Required<Pick<SshOptions, 'readKeys'>> {
  readonly bastionOf: (ssh: SshSettings) => Bastion | undefined
}

/**
 * Keys are read and opened once; hosts behind the same bastion share one connection to it: sshd lets no more than ten log in at the same
 * time.
 */
function sharedBetweenHosts({ user, ...options }: FleetOptions): Shared & { readonly end: () => void } {
  const readKeys: Shared['readKeys'] = new Map()
  const bastions = new Map<string, Bastion>()
  return {
    readKeys,
    bastionOf: ({ bastion }) => {
      if (bastion === undefined) return undefined
      const target = targetOf(bastion, bastion.address, user)
      const key = sshTargetText(target)
      const found = bastions.get(key) ?? openBastion({ target, hostKey: bastion.hostKey, ...identityOf(bastion) }, { ...options, readKeys })
      bastions.set(key, found)
      return found
    },
    end: () => bastions.forEach((bastion) => bastion.end()),
  }
}

async function openHost(
  { address, role, ssh }: ClusterHost,
  version: string,
  options: FleetOptions & Shared,
): Promise<{ readonly host: Host | undefined; readonly state: HostState }> {
  if (role === 'lost') return { host: undefined, state: { kind: 'lost' } }
  const { user, bastionOf, ...rest } = options
  try {
    const target = targetOf(ssh, address, user)
    const host = await connectSsh(target, {
      ...rest,
      ...identityOf(ssh),
      become: ssh.become === 'sudo' ? 'sudo' : undefined,
      hostKey: ssh.hostKey,
      bastion: bastionOf(ssh),
    })
    return { host, state: await observeHost(host, version).catch((error: unknown) => notObserved(host, target.user, error)) }
  } catch (error) {
    return { host: undefined, state: unreachable(error) }
  }
}

function targetOf({ user, port }: Pick<SshSettings, 'user' | 'port'>, address: string, otherwise: () => string): SshTarget {
  return { user: user ?? otherwise(), address, port }
}

function identityOf({ identityFile }: Pick<SshSettings, 'identityFile'>): Pick<SshOptions, 'identityFiles'> {
  return identityFile === undefined ? {} : { identityFiles: [identityFile] }
}
