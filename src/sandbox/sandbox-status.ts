/** `kadm sandbox status`: what there is, without touching it. */
import { KadmError } from '../errors.ts'
import { type Addresses, addressesOf, balancerAddresses } from './addresses.ts'
import { isFrozen } from './cgroups.ts'
import { hostLeader } from './host-power.ts'
import { loadBalancerRuns } from './load-balancer.ts'
import { linkStates } from './namespaces.ts'
import { readState, sandboxDirectory, type SandboxState } from './state.ts'

export interface HostStatus extends Addresses {
  readonly name: string
  readonly state: 'on' | 'off' | 'frozen'
  /** `false`: its network cable is pulled. */
  readonly linked: boolean
}

export interface SandboxStatus {
  readonly name: string
  readonly directory: string
  /** e.g. `192.168.99.0/24`. */
  readonly subnet: string
  readonly kubernetesVersion: string | undefined
  readonly hosts: readonly HostStatus[]
  readonly loadBalancer: (Addresses & { readonly state: 'on' | 'off' }) | undefined
  readonly createdAt: string
}

/** Throws SANDBOX_UNKNOWN when there is none of that name. All names: `sandboxNames` of state.ts. */
export async function sandboxStatus(name: string): Promise<SandboxStatus> {
  const state = await readState(name)
  if (state === undefined)
    throw new KadmError('SANDBOX_UNKNOWN', `there is no sandbox "${name}"`, { remedy: [`kadm sandbox up --name ${name}`] })
  const links = await linkStates(name)
  return {
    name,
    directory: sandboxDirectory(name),
    subnet: `192.168.${state.subnet}.0/24`,
    kubernetesVersion: state.kubernetesVersion,
    hosts: await Promise.all(state.hosts.map((host) => hostStatus(state, host, links))),
    loadBalancer: state.loadBalancer
      ? { ...balancerAddresses(state.subnet), state: (await loadBalancerRuns(state)) ? 'on' : 'off' }
      : undefined,
    createdAt: state.createdAt,
  }
}

async function hostStatus(state: SandboxState, name: string, links: ReadonlyMap<string, boolean>): Promise<HostStatus> {
  const on = (await hostLeader(state.name, name)) !== undefined
  const frozen = on && (await isFrozen(state.cgroups, name))
  return { name, ...addressesOf(state, name), state: frozen ? 'frozen' : on ? 'on' : 'off', linked: links.get(name) ?? false }
}
