/**
 * Another kubelet may start the static Pods anew: their ids are made of their manifests and of the defaults that it knows, so one of another minor version
 * replaces all of them some seconds after it is up. Who brings the Pods back to the node, or goes on with the next one, waits for the end of that.
 */
import type { InitConfig } from '../../config/model.ts'
import type { Container } from '../../host/container-runtime.ts'
import type { Host } from '../../host/host.ts'
import { waitUntil, type Look } from '../../host/wait.ts'
import { staticPodPath } from '../../manifests/write-static-pod.ts'
import { componentFailed } from '../component-failed.ts'
import type { PhaseContext } from '../phase.ts'
import { waitForHealth } from '../wait-for-component.ts'

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const

/** @param since when the kubelet was started; throws COMPONENT_NOT_HEALTHY with the end of the component's own log */
export async function settledStaticPods({ host, config }: { readonly host: Host; readonly config: InitConfig }, since: Date, context: PhaseContext): Promise<void> {
  const stats = await Promise.all(components.map((component) => host.stat(staticPodPath(component))))
  const here = components.filter((_, index) => stats[index] !== undefined)
  if (here.length === 0) return
  const runtime = host.containerRuntime(config.init.nodeRegistration.criSocket)
  const timeout = config.init.timeouts.controlPlaneComponentHealthCheck
  await waitUntil(host, {
    what: 'the static Pods to be as the kubelet wants them',
    timeout,
    signal: context.signal,
    onWaiting: context.waiting,
    timedOut: (last) => componentFailed('kube-apiserver', { url: 'the container runtime', timeout, last, host, config }),
    look: async () => settled(here, await runtime.containers(), { since, now: host.now() }),
  })
  for (const component of here) if (component !== 'etcd') await waitForHealth(component, { config, host }, context)
}

/** Milliseconds in which a kubelet has looked at its static Pods; it took 5 s on a slow host. */
const quiet = 10_000

function settled(names: readonly string[], containers: readonly Container[], { since, now }: { readonly since: Date; readonly now: Date }): Look<undefined> {
  const running = names.map((name) => newest(containers.filter((one) => one.podNamespace === 'kube-system' && one.name === name && one.state === 'running')))
  const missing = names.filter((_, index) => running[index] === undefined)
  if (missing.length > 0) return { kind: 'not-yet', seen: `${missing.join(', ')} not running` }
  const times = running.map((one) => one?.createdAt.getTime() ?? 0)
  const areNew = times.every((time) => time >= since.getTime())
  const isQuiet = now.getTime() - Math.max(since.getTime(), ...times) > quiet
  return areNew || isQuiet ? { kind: 'done', value: undefined } : { kind: 'not-yet', seen: 'the kubelet may start them anew' }
}

function newest(containers: readonly Container[]): Container | undefined {
  return containers.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0]
}
