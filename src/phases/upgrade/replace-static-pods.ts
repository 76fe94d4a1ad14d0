/**
 * Puts new manifests in the place of old ones and has them run within seconds: with the kubelet stopped, the old containers are ended
 * through the CRI, the manifests are written, and the kubelet is started again. Under a running kubelet the same takes a minute for each
 * (docs/decisions/0007-upgrade-in-seconds.md).
 */
import type { Cluster } from '../../cluster/cluster.ts'
import type { NodeRegistration } from '../../config/model.ts'
import type { Container, ContainerRuntime } from '../../host/cri/container-runtime.ts'
import type { Host } from '../../host/host.ts'
import { staticPodPath, type StaticPodComponent } from '../../manifests/write-static-pod.ts'
import { handOverLead, leaders } from '../components/hand-over-lead.ts'
import { startKubelet, stopKubelet } from '../kubelet-service.ts'
import type { PhaseContext } from '../phase.ts'
import { containersOf } from '../components/static-pod-containers.ts'

export interface NewManifest {
  readonly component: StaticPodComponent
  readonly text: string
}

export interface ReplaceOptions {
  readonly host: Host
  readonly node: Pick<NodeRegistration, 'criSocket' | 'name'>
  /** It is told that nobody on this node leads any more, where it answers. */
  readonly cluster: Cluster
  /** Work for the moment in which no container of theirs runs. */
  readonly whileDown?: () => Promise<void>
  /** The kubelet is not started after `whileDown` has failed. */
  readonly staysDown?: boolean
}

/**
 * Nothing else on the node is touched. The kubelet is started whatever happens (but see `staysDown`); killed at any point, the manifests are
 * whole, old or new, and a start of the kubelet goes on from there. @returns ids of the containers that there were, none of which runs any more.
 */
export async function replaceStaticPods(
  manifests: readonly NewManifest[],
  options: ReplaceOptions,
  { say, warn }: Pick<PhaseContext, 'say' | 'warn'>,
): Promise<ReadonlySet<string>> {
  const { host, whileDown, staysDown = false } = options
  say(
    `[upgrade/staticpods] Stopping the kubelet, and ${manifests.map(({ component }) => component).join(', ')} through the container runtime`,
  )
  await stopKubelet(host, warn)
  let mayStart = true
  try {
    const ended = await stopComponents(
      manifests.map(({ component }) => component),
      options,
      say,
    )
    mayStart = !staysDown
    await whileDown?.()
    mayStart = true
    await Promise.all(manifests.map(({ component, text }) => host.writeFile(staticPodPath(component), text, { mode: 0o600 })))
    return ended
  } finally {
    if (mayStart) {
      say('[upgrade/staticpods] Starting the kubelet')
      await startKubelet(host, warn)
    }
  }
}

/** Of control planes only: each with the time that its component may take. */
export async function endContainers(containers: readonly Container[], runtime: ContainerRuntime): Promise<void> {
  const seconds = new Map<string, number>(Object.entries(drain))
  await Promise.all(containers.map(({ id, name }) => runtime.stopContainer(id, seconds.get(name) ?? 2)))
}

/**
 * Seconds between SIGTERM and SIGKILL. An API server stops to listen at once; what is worth waiting for, the requests in flight, is over
 * within the first seconds, and its watches never end by themselves.
 */
const drain = { 'kube-apiserver': 2, 'kube-controller-manager': 2, 'kube-scheduler': 2, etcd: 10 } as const

/** Those that lead first, so that there is an API in which they can hand over; etcd last: the API server writes to it until it ends. */
async function stopComponents(
  components: readonly StaticPodComponent[],
  options: ReplaceOptions,
  say: (line: string) => void,
): Promise<ReadonlySet<string>> {
  const { host, node, cluster } = options
  const lead = {
    host,
    nodeName: node.name,
    cluster: () => Promise.resolve(cluster),
    say: (line: string) => say(`[upgrade/staticpods] ${line}`),
  }
  const at = { runtime: host.containerRuntime(node.criSocket), nodeName: node.name }
  const ended = new Set<string>()
  const stop = async (component: StaticPodComponent): Promise<void> => {
    const all = await containersOf(component, at)
    const running = all.filter(({ state }) => state === 'running')
    await endContainers(running, at.runtime)
    for (const { id } of all) ended.add(id)
    if (running.length > 0 && leaders.includes(component)) await handOverLead(component, lead)
  }
  for (const group of [leaders, ['kube-apiserver'], ['etcd']] as const)
    await Promise.all(components.filter((component) => group.some((one) => one === component)).map(stop))
  return ended
}
