/** After a renewal: the components that hold what was renewed, brought to take it one after the other. */
import type { X509Certificate } from 'node:crypto'
import type { Host } from '../../host/host.ts'
import { waitUntil } from '../../host/wait.ts'
import { findStaticPod } from '../../manifests/static-pod-file.ts'
import type { StaticPodComponent } from '../../manifests/write-static-pod.ts'
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

interface Holder {
  readonly component: StaticPodComponent
  /** Names of managed certificates. */
  readonly certificates: readonly string[]
  /**
   * It takes new files by itself (docs/decisions/0008): etcd and the clients of an API server read them for each connection, what an API
   * server serves is watched. A kubeconfig is read once.
   */
  readonly readsAnew: boolean
}

/**
 * In the order in which they are brought to it. Those that lead by a lease may end by themselves when their API server is away, and come
 * back with the new files.
 */
const holders: readonly Holder[] = [
  { component: 'etcd', certificates: ['etcd-server', 'etcd-peer'], readsAnew: true },
  {
    component: 'kube-apiserver',
    certificates: ['apiserver', 'apiserver-kubelet-client', 'apiserver-etcd-client', 'front-proxy-client'],
    readsAnew: true,
  },
  { component: 'kube-controller-manager', certificates: ['controller-manager.conf'], readsAnew: false },
  { component: 'kube-scheduler', certificates: ['scheduler.conf'], readsAnew: false },
]

/**
 * @param renewed the certificates that were replaced, by the name of what they are in
 * Throws COMPONENT_NOT_HEALTHY at the first component that does not come back: the others go on with what they have.
 */
export async function reloadComponents(renewed: ReadonlyMap<string, X509Certificate>, options: ReloadOptions): Promise<void> {
  const { host, say } = options
  for (const { component, certificates, readsAnew } of holders) {
    const replaced = certificates.filter((name) => renewed.has(name))
    if (replaced.length === 0) continue
    const isPressing = replaced.some((name) => verifiedPerRequest.has(name) && endsSoon(renewed.get(name), host))
    if ((await findStaticPod(host, component)) === undefined) {
      say(`${component} is no static Pod of this host: it is left alone`)
    } else if (readsAnew && !isPressing && (await servesNew(component, options))) {
      say(`${component} serves with the new certificates: it reads them anew, and is not restarted`)
    } else {
      const started = performance.now()
      await restartComponent(component, options)
      say(`${component} is restarted and serves with the new certificates after ${((performance.now() - started) / 1000).toFixed(1)} s`)
    }
  }
}

/** Who is asked with these looks at them at each request, not only when a connection is made: kubelets and aggregated APIs. */
const verifiedPerRequest: ReadonlySet<string> = new Set(['apiserver-kubelet-client', 'front-proxy-client'])

/**
 * Connections that were made with the old certificate may live on for 5 min; the other end would refuse what is asked on them from its end
 * on.
 */
function endsSoon(old: X509Certificate | undefined, host: Pick<Host, 'now'>): boolean {
  return old !== undefined && old.validToDate.getTime() - host.now().getTime() < 10 * 60_000
}

/** Within seconds, as such a component does it by itself; else it has to be restarted. */
async function servesNew(component: StaticPodComponent, { host, signal, waiting }: ReloadOptions): Promise<boolean> {
  const late = new Error('it does not')
  try {
    await waitUntil(host, {
      what: `${component} to serve with the new certificates`,
      timeout: 15_000,
      signal,
      onWaiting: waiting,
      look: async (limit) => {
        const [stale] = await staleEndpoints(component, host, limit)
        return stale === undefined ? { kind: 'done', value: undefined } : { kind: 'not-yet', seen: stale }
      },
      timedOut: () => late,
    })
    return true
  } catch (error) {
    if (error === late) return false
    throw error
  }
}
