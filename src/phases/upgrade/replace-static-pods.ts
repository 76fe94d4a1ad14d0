/**
 * Puts new manifests in the place of old ones and has them run within seconds: with the kubelet stopped, the old containers are ended
 * through the CRI,
 * the manifests are written, and the kubelet is started again. Under a running kubelet the same takes a minute for each
 * (docs/decisions/0007-upgrade-in-seconds.md).
 */
import type { NodeRegistration } from '../../config/model.ts'
import type { Container, ContainerRuntime } from '../../host/container-runtime.ts'
import type { Host } from '../../host/host.ts'
import { staticPodPath, type StaticPodComponent } from '../../manifests/write-static-pod.ts'
import { startKubelet, stopKubelet } from '../kubelet-service.ts'
import type { PhaseContext } from '../phase.ts'

export interface NewManifest {
  readonly component: StaticPodComponent
  readonly text: string
}

export interface ReplaceOptions {
  readonly host: Host
  readonly node: Pick<NodeRegistration, 'criSocket' | 'name'>
  /** Work for the moment in which no container of theirs runs. */
  readonly whileDown?: () => Promise<void>
}

/**
 * Nothing else on the node is touched. The kubelet is started whatever happens; killed at any point, the manifests are whole, old or new,
 * and a start of the kubelet
 * goes on from there. @returns ids of the containers that there were, none of which runs any more.
 */
export async function replaceStaticPods(
  manifests: readonly NewManifest[],
  { host, node, whileDown }: ReplaceOptions,
  { say, warn }: Pick<PhaseContext, 'say' | 'warn'>,
): Promise<ReadonlySet<string>> {
  const runtime = host.containerRuntime(node.criSocket)
  say(
    `[upgrade/staticpods] Stopping the kubelet, and ${manifests.map(({ component }) => component).join(', ')} through the container runtime`,
  )
  await stopKubelet(host, warn)
  try {
    const ended = await stopComponents(
      manifests.map(({ component }) => component),
      { runtime, nodeName: node.name },
    )
    await whileDown?.()
    await Promise.all(manifests.map(({ component, text }) => host.writeFile(staticPodPath(component), text, { mode: 0o600 })))
    return ended
  } finally {
    say('[upgrade/staticpods] Starting the kubelet')
    await startKubelet(host, warn)
  }
}

/** Containers of a component on this node, newest first. */
export async function containersOf(component: StaticPodComponent, { runtime, nodeName }: NodeRuntime): Promise<readonly Container[]> {
  const isOwn = (one: Container): boolean =>
    one.name === component && one.podNamespace === 'kube-system' && one.podName === `${component}-${nodeName}`
  return (await runtime.containers()).filter(isOwn).toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
}

export interface NodeRuntime {
  readonly runtime: ContainerRuntime
  readonly nodeName: string
}

/**
 * Seconds between SIGTERM and SIGKILL. An API server stops to listen at once; what is worth waiting for, the requests in flight, is over
 * within the first seconds, and its
 * watches never end by themselves.
 */
const drain = { 'kube-apiserver': 2, 'kube-controller-manager': 2, 'kube-scheduler': 2, etcd: 10 } as const

/** etcd last: the API server writes to it until it ends. */
async function stopComponents(components: readonly StaticPodComponent[], node: NodeRuntime): Promise<ReadonlySet<string>> {
  const ended = new Set<string>()
  const stop = async (component: StaticPodComponent): Promise<void> => {
    const all = await containersOf(component, node)
    const running = all.filter(({ state }) => state === 'running')
    await Promise.all(running.map(({ id }) => node.runtime.stopContainer(id, drain[component])))
    for (const { id } of all) ended.add(id)
  }
  await Promise.all(components.filter((component) => component !== 'etcd').map(stop))
  if (components.includes('etcd')) await stop('etcd')
  return ended
}
