import type { Container, ContainerRuntime } from '../../host/cri/container-runtime.ts'
import type { StaticPodComponent } from '../../manifests/write-static-pod.ts'

/** Whose containers are meant: by name alone they may be another Pod's. */
export interface NodeRuntime {
  readonly runtime: ContainerRuntime
  readonly nodeName: string
}

/** Containers of a component on this node, newest first. */
export async function containersOf(component: StaticPodComponent, { runtime, nodeName }: NodeRuntime): Promise<readonly Container[]> {
  const isOwn = (one: Container): boolean =>
    one.name === component && one.podNamespace === 'kube-system' && one.podName === `${component}-${nodeName}`
  return (await runtime.containers()).filter(isOwn).toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
}
