/** What a component that leads by a Lease leaves to others when it is ended on this host. */
import type { Cluster } from '../../cluster/cluster.ts'
import { releaseLease } from '../../cluster/release-lease.ts'
import { retryUntil } from '../../cluster/wait.ts'
import { nodeName as nameOfHost } from '../../config/host-defaults.ts'
import { messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { StaticPodComponent } from '../../manifests/write-static-pod.ts'

/** Those that lead: one of all in the cluster works, the others wait for its Lease. */
export const leaders: readonly StaticPodComponent[] = ['kube-controller-manager', 'kube-scheduler']

export interface LeadOptions {
  readonly host: Host
  readonly nodeName: string
  /** As administrator. What it throws is said too. */
  readonly cluster: () => Promise<Cluster>
  readonly say: (line: string) => void
}

/**
 * To be called when the component runs no more: without it nobody leads for some 15 s. An API that does not answer cannot be told, which is
 * said; then nobody has led lately either.
 */
export async function handOverLead(name: StaticPodComponent, { host, nodeName, cluster, say }: LeadOptions): Promise<void> {
  const facts = await host.facts()
  // Two machines of one name would have Node names that were given to them.
  if (host.recording !== undefined || nameOfHost('', facts) !== nodeName) return
  try {
    const administrator = await cluster()
    const attempt = (): Promise<boolean> => releaseLease(administrator, { name, hostname: facts.hostname })
    await retryUntil(attempt, { timeout: longestRelease, describe: `the Lease of ${name} to be free`, giveUp: () => true })
  } catch (error) {
    say(`The lead of ${name} could not be handed over: ${messageOf(error)}`)
  }
}

/** Milliseconds. */
const longestRelease = 2000
