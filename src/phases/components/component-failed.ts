/** The error for a component that does not come up: the likeliest cause and the end of its own log, instead of "timed out". */
import type { NodeRegistration } from '../../config/model.ts'
import { KadmError, messageOf } from '../../errors.ts'
import type { Container } from '../../host/cri/container-runtime.ts'
import type { Host } from '../../host/host.ts'
import { findStaticPod, imageOf } from '../../manifests/static-pod-file.ts'
import { staticPodPath, type StaticPodComponent } from '../../manifests/write-static-pod.ts'
import { likelyCause } from '../../preflight/runtime-causes.ts'
import { readableLog } from './readable-log.ts'

interface Seen {
  readonly url: string
  /** Milliseconds. */
  readonly timeout: number
  readonly last: string
  readonly host: Host
  /** Ids of containers that do not count: of what ran there before. */
  readonly ended?: ReadonlySet<string>
}

/** Looked through for the cause; fewer are shown. */
const lines = 300

/** Of a component in a static Pod. Of kube-apiserver: what etcd lacks, where that is what it waits for. */
export async function componentFailed(
  component: StaticPodComponent,
  {
    url,
    timeout,
    last,
    host,
    config,
    ended = new Set(),
  }: Seen & { readonly config: { readonly init: { readonly nodeRegistration: Pick<NodeRegistration, 'criSocket'> } } },
): Promise<KadmError> {
  const node = { host, ended, criSocket: config.init.nodeRegistration.criSocket }
  const own = await stateOf(component, node)
  const late = `not healthy after ${timeout / 1000} s`
  // kube-apiserver hangs until its etcd answers: its own log then tells only that.
  const etcd = component === 'kube-apiserver' && likelyCause(own.log) === undefined ? await failedEtcd(node) : undefined
  if (etcd !== undefined) return failed(`etcd does not run, and kube-apiserver is ${late}: ${etcd.state}`, { url, last, ...etcd })
  return failed(`${component} is ${late}: ${own.state}`, { url, last, ...own })
}

/** Of a kubelet that runs and is not healthy, or does not run. */
export async function kubeletFailed({ url, timeout, last, host }: Seen): Promise<KadmError> {
  const log = await host.services.recentLog('kubelet', lines)
  return failed(`the kubelet is not healthy after ${timeout / 1000} s`, { url, last, log, ...kubelet })
}

/** Of a kubelet that has not come to the API in time, as `error` says. */
export async function nodeNotRegistered(error: KadmError, host: Host): Promise<KadmError> {
  return failed(error.message, { log: await host.services.recentLog('kubelet', lines), ...kubelet })
}

interface Node extends Required<Pick<Seen, 'host' | 'ended'>> {
  readonly criSocket: string
}

interface ComponentState {
  readonly state: string
  readonly runs: boolean
  readonly log: readonly string[]
  /** Whose log it is. */
  readonly from: string
  readonly remedy: string
}

const kubelet = { from: 'the kubelet', remedy: 'journalctl -xeu kubelet' }

async function stateOf(component: StaticPodComponent, node: Node): Promise<ComponentState> {
  const { host, criSocket } = node
  const container = await newestContainer(component, node)
  if (container instanceof Error || container === undefined) {
    const log = await host.services.recentLog('kubelet', lines)
    const about = log.filter((line) => line.includes(component))
    const state =
      container === undefined
        ? `the kubelet has not started its container${await imageText(component, host)}`
        : `its container cannot be looked at: ${container.message}`
    return { state, runs: false, log: about.length > 0 ? about : log, ...kubelet }
  }
  const { id, exitCode = '?', attempt } = container
  const log = await host
    .containerRuntime(criSocket)
    .recentLog(id, lines)
    .catch((error: unknown) => [messageOf(error)])
  const exited = container.state === 'exited'
  const state = exited ? `its container has exited (code ${exitCode}, attempt ${attempt + 1})` : `its container is ${container.state}`
  // The whole id looks like a certificate key, which is not shown; its beginning is enough for crictl.
  return { state, runs: !exited && attempt === 0, log, from: component, remedy: `crictl logs ${id.slice(0, 13)}` }
}

/** What it most often lacks. */
async function imageText(component: StaticPodComponent, host: Host): Promise<string> {
  const pod = await findStaticPod(host, component).catch(() => undefined)
  return pod === undefined ? '' : ` (image ${imageOf(pod, component)})`
}

async function failedEtcd(node: Node): Promise<ComponentState | undefined> {
  if ((await node.host.stat(staticPodPath('etcd'))) === undefined) return undefined
  const etcd = await stateOf('etcd', node)
  return etcd.runs ? undefined : etcd
}

async function newestContainer(name: string, { host, criSocket, ended }: Node): Promise<Container | Error | undefined> {
  try {
    const all = await host.containerRuntime(criSocket).containers()
    return all.filter((one) => one.name === name && !ended.has(one.id)).toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0]
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

interface Told extends Pick<ComponentState, 'log' | 'from' | 'remedy'> {
  readonly url?: string
  readonly last?: string
}

function failed(message: string, { url, last, log, from, remedy }: Told): KadmError {
  const cause = likelyCause(log)
  return new KadmError('COMPONENT_NOT_HEALTHY', message, {
    details: [
      ...(cause === undefined ? [] : [`likely cause: ${cause}`]),
      ...(log.length === 0 ? [] : [`the end of the log of ${from}:`, ...readableLog(log).map((line) => `  ${line}`)]),
      ...(url === undefined ? [] : [`last answer of ${url}: ${last}`]),
    ],
    remedy: [
      remedy,
      'run the same command again when the cause is mended: what is done already is kept',
      'kadm reset   # and then the command anew, if its arguments or its configuration have to change',
    ],
  })
}
