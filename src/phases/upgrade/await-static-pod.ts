/**
 * Waits until a static Pod runs as its manifest says: a new container in the host's own CRI, with the image and the arguments of the
 * manifest, that says that it is well.
 */
import type { InitConfig } from '../../config/model.ts'
import type { KadmError } from '../../errors.ts'
import type { Container, ContainerRuntime } from '../../host/cri/container-runtime.ts'
import type { Host } from '../../host/host.ts'
import { waitUntil, type Look } from '../../host/wait.ts'
import { componentHealthUrl } from '../../manifests/health-endpoints.ts'
import type { Manifest } from '../../manifests/manifest.ts'
import { commandOf, imageOf } from '../../manifests/static-pod-file.ts'
import type { StaticPodComponent } from '../../manifests/write-static-pod.ts'
import { healthQuestion } from '../components/ask-health.ts'
import { componentFailed } from '../components/component-failed.ts'
import type { PhaseContext } from '../phase.ts'
import { containersOf } from '../components/static-pod-containers.ts'
import { isEtcdHealthy } from './own-etcd.ts'

export interface AwaitOptions {
  readonly host: Host
  readonly config: InitConfig
  /** Ids of containers that do not count. */
  readonly ended: ReadonlySet<string>
  /** Milliseconds. */
  readonly timeout: number
}

export interface ExpectedStaticPod {
  readonly component: StaticPodComponent
  readonly pod: Manifest
}

/**
 * Throws COMPONENT_NOT_HEALTHY with the end of the component's own log, also as soon as it has crashed for the fourth time.
 *
 * @returns the seconds that it took; `undefined` where the host only records
 */
export async function awaitStaticPod(
  expected: ExpectedStaticPod,
  { host, config, ended, timeout }: AwaitOptions,
  { signal, waiting }: Pick<PhaseContext, 'signal' | 'waiting'>,
): Promise<number | undefined> {
  const { component } = expected
  const node = { runtime: host.containerRuntime(config.init.nodeRegistration.criSocket), nodeName: config.init.nodeRegistration.name }
  const started = performance.now()
  const seconds = (): number => Math.round((performance.now() - started) / 1000)
  const failed = (last: string): Promise<KadmError> =>
    componentFailed(component, { url: component, timeout: seconds() * 1000, last, host, config, ended })
  // A Pod that was there before goes on counting where it was.
  let firstAttempt: number | undefined
  const seen = await waitUntil<Seen>(host, {
    what: `${component} to run as its new manifest says`,
    timeout,
    signal,
    onWaiting: waiting,
    timedOut: failed,
    look: async (limit) => {
      const newest = (await containersOf(component, node)).find(({ id }) => !ended.has(id))
      if (newest === undefined) return { kind: 'not-yet', seen: 'the kubelet has not started its container' }
      firstAttempt ??= newest.attempt
      if (newest.state !== 'running') {
        const look = restartLook(newest, newest.attempt - firstAttempt)
        // An etcd with gigabytes on a slow disk takes minutes, and an API server ends after 20 s without it.
        const mayWait = look.kind === 'done' && component === 'kube-apiserver' && config.cluster.etcd.kind !== 'external'
        return mayWait && !(await isEtcdHealthy({ host, config, signal: limit })) ? { kind: 'not-yet', seen: 'it waits for etcd' } : look
      }
      const wrong = await difference(node.runtime, newest.id, expected)
      if (wrong !== undefined) return { kind: 'not-yet', seen: wrong }
      return health(component, { host, config, signal: limit })
    },
  })
  if (seen?.crashed !== undefined) throw await failed(seen.crashed)
  return seen && seconds()
}

interface Seen {
  readonly crashed?: string
}

/** From the fourth crash on a component is not given more time: the pauses of the kubelet are 20 s and more by then. */
const mostRestarts = 3

function restartLook({ state, exitCode, attempt }: Container, restarts: number): Look<Seen> {
  const seen = `its container is ${state}${exitCode === undefined ? '' : ` (code ${exitCode}, attempt ${attempt + 1})`}`
  return state === 'exited' && restarts >= mostRestarts ? { kind: 'done', value: { crashed: seen } } : { kind: 'not-yet', seen }
}

async function difference(
  runtime: ContainerRuntime,
  containerId: string,
  { component, pod }: ExpectedStaticPod,
): Promise<string | undefined> {
  const process = await runtime.process(containerId)
  // A runtime that does not tell; a new container in a Pod of this name is all there is to see then.
  if (process === undefined) return undefined
  const image = imageOf(pod, component)
  if (!(await isSameImage(runtime, process.image, image))) return `it runs "${process.image}", not "${image}"`
  const command = commandOf(pod, component)
  // The kubelet fills in $(VARIABLES).
  const same =
    command.some((word) => word.includes('$(')) ||
    (command.length === process.arguments.length && command.every((word, index) => word === process.arguments[index]))
  return same ? undefined : 'it runs with other arguments than its manifest has'
}

/** A runtime may call an image by another of its names: the first of the alphabet, or one with the registry that was left out. */
async function isSameImage(runtime: ContainerRuntime, one: string, other: string): Promise<boolean> {
  if (one === other) return true
  const [id, otherId] = await Promise.all([runtime.imageId(one), runtime.imageId(other)])
  return id !== undefined && id === otherId
}

interface HealthOptions {
  readonly host: Host
  readonly config: InitConfig
  readonly signal: AbortSignal
}

async function health(component: StaticPodComponent, { host, config, signal }: HealthOptions): Promise<Look<Seen>> {
  if (component === 'etcd')
    return (await isEtcdHealthy({ host, config, signal })) ? { kind: 'done', value: {} } : { kind: 'not-yet', seen: 'it is not healthy' }
  const url = await componentHealthUrl(component, { config, host })
  const ask = await healthQuestion(component, { host, config })
  for (const each of component === 'kube-apiserver' ? [url, url.replace(/\/livez$/, '/readyz')] : [url]) {
    const { status, body } = await ask(each, signal)
    if (status !== 200)
      return {
        kind: 'not-yet',
        seen: `${each}: status ${status} ${body
          .split('\n')
          .filter((line) => line.startsWith('[-]'))
          .join('; ')}`.trim(),
      }
  }
  return { kind: 'done', value: {} }
}
