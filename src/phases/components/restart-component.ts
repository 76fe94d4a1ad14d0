/**
 * One component of the control plane ended and started anew by the kubelet, until it serves again, with the certificates that lie on the
 * host.
 */
import type { X509Certificate } from 'node:crypto'
import type { Cluster } from '../../cluster/cluster.ts'
import { paths } from '../../config/paths.ts'
import { ports } from '../../config/ports.ts'
import { hostAndPort } from '../../config/server-url.ts'
import { KadmError } from '../../errors.ts'
import type { Container } from '../../host/cri/container-runtime.ts'
import type { Host } from '../../host/host.ts'
import { httpGet } from '../../host/http-get.ts'
import { serverCertificate } from '../../host/server-certificate.ts'
import { waitUntil, type Look } from '../../host/wait.ts'
import { commandFlag } from '../../manifests/command-flag.ts'
import { componentHealthUrl, reachable } from '../../manifests/health-endpoints.ts'
import { servingEndpoints, type ServingEndpoint } from '../../manifests/serving-endpoints.ts'
import { commandOf, findStaticPod } from '../../manifests/static-pod-file.ts'
import type { StaticPodComponent } from '../../manifests/write-static-pod.ts'
import { findCertificate } from '../../pki/certificate-files.ts'
import { connectWithKubeconfig } from '../../pki/kubeconfig/kubeconfig-cluster.ts'
import { componentFailed } from './component-failed.ts'
import { handOverLead, leaders } from './hand-over-lead.ts'

export interface RestartOptions {
  readonly host: Host
  readonly criSocket: string
  /**
   * When the last of its files was changed: a container that began after it holds them, and is left alone. The kubelet makes whoever
   * restarts often wait.
   */
  readonly since?: Date
  /** Milliseconds that it may take until it serves again. */
  readonly timeout: number
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly waiting: (what: string) => void
}

/**
 * Ends the containers of the component, which the kubelet starts again at once (or after some 10 s, when it did so a few minutes ago), and
 * waits until it is well and every port of it serves the certificate that its file has now. Throws COMPONENT_NOT_HEALTHY with the end of
 * its log, CONTAINER_RUNTIME_FAILED.
 */
export async function restartComponent(component: StaticPodComponent, options: RestartOptions): Promise<void> {
  const { host, criSocket, since, timeout, signal, waiting } = options
  const command = await commandOn(host, component)
  const runtime = host.containerRuntime(criSocket)
  const containers = (await runtime.containers()).filter(({ name, podNamespace }) => name === component && podNamespace === 'kube-system')
  if (containers.length === 0) throw notRunning(component)
  const old = containers.filter(({ state, createdAt }) => state === 'running' && (since === undefined || createdAt < since))
  await Promise.all(old.map(({ id }) => runtime.stopContainer(id, graceSeconds[component])))
  await handOver(component, old, options)
  const url = await healthUrl(component, command, host)
  await waitUntil(host, {
    what: `${component} to serve again`,
    timeout,
    signal,
    onWaiting: waiting,
    look: (limit) => lookAt(component, { url, command, host, limit }),
    timedOut: (last) => componentFailed(component, { url, timeout, last, host, config: { init: { nodeRegistration: { criSocket } } } }),
  })
}

async function handOver(component: StaticPodComponent, ended: readonly Container[], { host, signal, say }: RestartOptions): Promise<void> {
  const [container] = ended
  if (container === undefined || !leaders.includes(component)) return
  const nodeName = container.podName.slice(`${component}-`.length)
  let administrator: Cluster | undefined
  const cluster = async (): Promise<Cluster> => (administrator = await connectWithKubeconfig(host, paths.adminConf, { signal }))
  try {
    await handOverLead(component, { host, nodeName, cluster, say })
  } finally {
    await administrator?.close()
  }
}

/**
 * The ports of the component that do not serve what their file has now, each as `etcd peer at 10.0.0.1:2380: ...`; those whose certificate
 * is in no file are passed over. Throws what the system says when nobody listens.
 */
export async function staleEndpoints(component: StaticPodComponent, host: Host, signal: AbortSignal): Promise<readonly string[]> {
  const command = await commandOn(host, component)
  const looks = servingEndpoints(component, command).map((endpoint) => staleness(endpoint, host, signal))
  return (await Promise.all(looks)).filter((text) => text !== undefined)
}

/**
 * Between SIGTERM and SIGKILL. An API server stops listening within milliseconds and then waits a minute for watches that never end by
 * themselves; the requests in flight are over in the first seconds. etcd ends in 0.1 s. kubeadm's way, the kubelet's 30 s, is what the
 * others may have.
 */
const graceSeconds: Readonly<Record<StaticPodComponent, number>> = {
  'kube-apiserver': 3,
  etcd: 10,
  'kube-controller-manager': 30,
  'kube-scheduler': 30,
}

async function lookAt(
  component: StaticPodComponent,
  {
    url,
    command,
    host,
    limit,
  }: { readonly url: string; readonly command: readonly string[]; readonly host: Host; readonly limit: AbortSignal },
): Promise<Look<undefined>> {
  const { status } = await httpGet(host, url, { verify: false, signal: limit })
  // An API server that lets nobody ask without a name is up as well.
  const isUp = status === 200 || (component === 'kube-apiserver' && status === 401)
  if (!isUp) return { kind: 'not-yet', seen: `${url}: status ${status}` }
  const looks = servingEndpoints(component, command).map((endpoint) => staleness(endpoint, host, limit))
  const stale = (await Promise.all(looks)).find((text) => text !== undefined)
  return stale === undefined ? { kind: 'done', value: undefined } : { kind: 'not-yet', seen: stale }
}

async function staleness(
  { name, address, port, certificateFile }: ServingEndpoint,
  host: Host,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (certificateFile === undefined) return undefined
  const at = `${name} at ${hostAndPort(reachable(address), port)}`
  const file = await findCertificate(host, certificateFile)
  if (file.kind !== 'found') return `${at}: "${certificateFile}" holds no certificate`
  const served = await serverCertificate(host, { name: reachable(address), port }, signal)
  return isSame(served, file.certificate) ? undefined : `${at} serves another certificate than "${certificateFile}"`
}

function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return one.raw.equals(other.raw)
}

async function healthUrl(component: StaticPodComponent, command: readonly string[], host: Host): Promise<string> {
  if (component !== 'etcd') {
    const url = await componentHealthUrl(component, {
      host,
      config: { init: { localAPIEndpoint: { advertiseAddress: '127.0.0.1', bindPort: ports['kube-apiserver'] } } },
    })
    // Whoever goes by a balancer counts on readyz, not on livez.
    return component === 'kube-apiserver' ? url.replace(/\/livez$/, '/readyz') : url
  }
  const url = commandFlag(command, 'listen-metrics-urls')?.split(',')[0] ?? `http://127.0.0.1:${ports.etcdMetrics}`
  return `${url}/readyz`
}

async function commandOn(host: Host, component: StaticPodComponent): Promise<readonly string[]> {
  const pod = await findStaticPod(host, component)
  return pod === undefined ? [] : commandOf(pod, component)
}

function notRunning(component: StaticPodComponent): KadmError {
  return new KadmError('COMPONENT_NOT_HEALTHY', `there is no container of ${component} on this host`, {
    remedy: [`crictl ps -a --name ${component}`, 'journalctl -xeu kubelet'],
  })
}
