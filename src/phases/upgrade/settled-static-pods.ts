/**
 * Another kubelet may start the static Pods anew: their ids are made of their manifests and of the defaults that it knows, so one of
 * another minor version replaces all of them some seconds after it is up. Who brings the Pods back to the node, or goes on with the next
 * one, waits for the end of that.
 */
import type { Cluster } from '../../cluster/cluster.ts'
import { listAt, textAt, valueAt } from '../../cluster/object-fields.ts'
import type { InitConfig } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'
import { waitUntil, type Look } from '../../host/wait.ts'
import { staticPodComponents, staticPodPath } from '../../manifests/write-static-pod.ts'
import { componentFailed } from '../components/component-failed.ts'
import type { PhaseContext } from '../phase.ts'

export interface Settling {
  readonly host: Host
  readonly cluster: Cluster
  readonly config: InitConfig
}

/**
 * Asks the kubelet itself, through the API: what it has just read of the manifests is not in any object yet. Throws COMPONENT_NOT_HEALTHY.
 */
export async function settledStaticPods({ host, cluster, config }: Settling, { signal, waiting, warn }: PhaseContext): Promise<void> {
  const stats = await Promise.all(staticPodComponents.map((component) => host.stat(staticPodPath(component))))
  const here = staticPodComponents.filter((_, index) => stats[index] !== undefined)
  if (here.length === 0) return
  const { name } = config.init.nodeRegistration
  const timeout = config.init.timeouts.controlPlaneComponentHealthCheck
  const started = performance.now()
  await waitUntil(host, {
    what: 'the static Pods to be as the kubelet wants them',
    timeout,
    signal,
    onWaiting: waiting,
    timedOut: (last) => componentFailed('kube-apiserver', { url: cluster.server, timeout, last, host, config }),
    look: async (limit) => {
      const { status, body } = await cluster.raw(`/api/v1/nodes/${encodeURIComponent(name)}/proxy/pods`, { signal: limit })
      if (status === 200)
        return settled(
          here.map((component) => `${component}-${name}`),
          JSON.parse(body),
        )
      if (status !== 403 || performance.now() - started < youth) return { kind: 'not-yet', seen: `status ${status}` }
      warn('this kubeconfig may not ask the kubelet for its Pods: the static Pods are not waited for')
      return { kind: 'done', value: undefined }
    },
  })
}

/** Milliseconds in which an API server that has just been started may not know its roles yet. */
const youth = 15_000

/** @param pods the kubelet's own list; a Pod that it makes anew has no status of before */
function settled(names: readonly string[], pods: unknown): Look<undefined> {
  const own = listAt(pods, 'items').filter((pod) => textAt(pod, 'metadata.namespace') === 'kube-system')
  const missing = names.filter((name) => !own.some((pod) => textAt(pod, 'metadata.name') === name && isReady(pod)))
  return missing.length === 0 ? { kind: 'done', value: undefined } : { kind: 'not-yet', seen: `${missing.join(', ')} not ready` }
}

function isReady(pod: unknown): boolean {
  const containers = listAt(pod, 'status.containerStatuses')
  return containers.length > 0 && containers.every((container) => valueAt(container, 'ready') === true)
}
