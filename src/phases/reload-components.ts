/** After a renewal: the components that hold what was renewed, brought to take it one after the other. */
import type { Host } from '../host/host.ts'
import type { StaticPodComponent } from '../manifests/write-static-pod.ts'
import { restartComponent, staleEndpoints } from './restart-component.ts'

export interface ReloadOptions {
  readonly host: Host
  readonly criSocket: string
  /** When the last certificate was written. */
  readonly since: Date
  /** Milliseconds for each. */
  readonly timeout: number
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly waiting: (what: string) => void
}

/**
 * Which certificates each component holds, in the order in which they are restarted. Those that lead by a lease may end by themselves while their API server
 * is away, and come back with the new files.
 */
const holders: readonly { readonly component: StaticPodComponent; readonly certificates: readonly string[] }[] = [
  { component: 'etcd', certificates: ['etcd-server', 'etcd-peer'] },
  { component: 'kube-apiserver', certificates: ['apiserver', 'apiserver-kubelet-client', 'apiserver-etcd-client', 'front-proxy-client'] },
  { component: 'kube-controller-manager', certificates: ['controller-manager.conf'] },
  { component: 'kube-scheduler', certificates: ['scheduler.conf'] },
]

/**
 * @param renewed names of managed certificates
 * Throws COMPONENT_NOT_HEALTHY at the first component that does not come back: the others go on with what they have.
 */
export async function reloadComponents(renewed: ReadonlySet<string>, options: ReloadOptions): Promise<void> {
  const { host, say, signal } = options
  for (const { component, certificates } of holders) {
    if (!certificates.some((name) => renewed.has(name))) continue
    if (component === 'etcd' && (await staleEndpoints('etcd', host, signal)).length === 0) {
      say('etcd serves the new certificates already: it reads them for each connection, and is not restarted')
      continue
    }
    const started = performance.now()
    await restartComponent(component, options)
    say(`${component} is restarted and serves with the new certificates after ${((performance.now() - started) / 1000).toFixed(1)} s`)
  }
}
