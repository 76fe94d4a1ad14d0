/**
 * A short life of a new etcd before the kubelet starts it, in which it gets its data.
 *
 * A new etcd always gets a snapshot from its leader, and its process serves nobody for 7 s after that (`untilStarted` of
 * src/cluster/etcd-join.ts says why); one that finds its data on the disk serves at once. So it is started without the kubelet, which is
 * busy with its own certificate just then, and ended when the snapshot is there.
 */
import path from 'node:path/posix'
import { messageOf } from '../../errors.ts'
import type { ContainerRuntime, HostPod } from '../../host/cri/container-runtime.ts'
import type { Host } from '../../host/host.ts'
import { podLogFile } from '../../host/journal/journal-file.ts'
import { waitUntil } from '../../host/wait.ts'
import { listAt, objectsAt } from '../../config/document-fields.ts'
import { isObject, type JsonObject } from '../../json.ts'
import { hostPathOf } from '../../manifests/host-path-of.ts'
import { commandOf, containerOf, imageOf } from '../../manifests/static-pod-file.ts'

export interface FirstStartOptions {
  readonly host: Pick<Host, 'containerRuntime' | 'list' | 'makeDirectory' | 'removeFile'>
  readonly criSocket: string
  readonly cgroupDriver: string
  /** Folder on the host. */
  readonly dataDir: string
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Returns when the data is there and the process is gone. Whatever fails here fails nothing: the kubelet starts an etcd without data as
 * well. Throws only the signal's reason.
 *
 * @param manifest as the kubelet is going to get it; one that a patch has made more of than kubeadm's is left to the kubelet
 */
export async function startEtcdForItsData(manifest: JsonObject, options: FirstStartOptions): Promise<void> {
  const { host, criSocket, dataDir, cgroupDriver, say, signal } = options
  const pod = hostPodOf(manifest, { dataDir, cgroupParent: cgroupDriver === 'systemd' ? 'system.slice' : '' })
  if (pod === undefined) return
  const runtime = host.containerRuntime(criSocket)
  try {
    // Of a run that was killed here.
    for (const { id, name } of await runtime.pods()) if (name === pod.name) await endPod(runtime, id)
    if (!(await hasData(options))) await startOnce(runtime, pod, options)
    await host.removeFile(podLogFile)
  } catch (error) {
    signal.throwIfAborted()
    say(`etcd gets its data when the kubelet starts it: ${messageOf(error)}`)
  }
}

async function startOnce(runtime: ContainerRuntime, pod: HostPod, options: FirstStartOptions): Promise<void> {
  await options.host.makeDirectory(path.dirname(pod.log), 0o700)
  const id = await runtime.startPod(pod)
  try {
    await untilDataIsThere(options)
  } finally {
    await endPod(runtime, id)
  }
}

async function untilDataIsThere(options: FirstStartOptions): Promise<void> {
  await waitUntil(
    {},
    {
      what: `the snapshot of etcd in ${options.dataDir}`,
      timeout: 5000,
      interval: { first: 20, most: 20 },
      signal: options.signal,
      look: async () => ((await hasData(options)) ? { kind: 'done', value: undefined } : { kind: 'not-yet', seen: 'it has not come' }),
      timedOut: () => new Error('no snapshot has come within 5 s'),
    },
  )
}

/** Received as `.snap.db`, noted in `.snap`, brought to the disk, then made the database: in this order. */
async function hasData({ host, dataDir }: FirstStartOptions): Promise<boolean> {
  const files = (await host.list(path.join(dataDir, 'member/snap'))) ?? []
  return files.some((name) => name.endsWith('.snap')) && !files.some((name) => name.endsWith('.snap.db'))
}

/** At once: it is a learner, and nobody counts on it. */
async function endPod(runtime: ContainerRuntime, id: string): Promise<void> {
  await runtime.stopPod(id)
  await runtime.removePod(id)
}

/** `undefined` when there is more in it than the program, its variables and folders of the host. */
function hostPodOf(
  manifest: JsonObject,
  { dataDir, cgroupParent }: Pick<HostPod, 'cgroupParent'> & Pick<FirstStartOptions, 'dataDir'>,
): HostPod | undefined {
  const { spec } = manifest
  const container = containerOf(manifest, 'etcd')
  if (!isObject(spec) || !hasOnly(spec, podFields) || !hasOnly(container, containerFields)) return undefined
  if (isObject(spec['securityContext']) && !hasOnly(spec['securityContext'], ['seccompProfile'])) return undefined
  const mounts = objectsAt(container, 'volumeMounts').flatMap(({ name, mountPath, readOnly }) => {
    const hostPath = hostPathOf(manifest, String(name))
    return hostPath === undefined ? [] : [{ path: String(mountPath), hostPath, readOnly: readOnly === true }]
  })
  const environment = objectsAt(container, 'env').flatMap(({ name, value }) =>
    typeof value === 'string' ? [{ name: String(name), value }] : [],
  )
  const isWhole = mounts.length === listAt(container, 'volumeMounts').length && environment.length === listAt(container, 'env').length
  if (!isWhole || listAt(spec, 'containers').length !== 1) return undefined
  return {
    name: 'etcd-first-start',
    namespace: 'kube-system',
    image: imageOf(manifest, 'etcd'),
    command: commandOf(manifest, 'etcd'),
    environment,
    mounts,
    writesTo: dataDir,
    log: podLogFile,
    cgroupParent,
  }
}

/** What makes no difference to a life of a second, and what `hostPodOf` reads. */
const podFields = words('containers volumes hostNetwork priority priorityClassName securityContext dnsPolicy')
const containerFields = words(
  'name image command env volumeMounts imagePullPolicy ports resources livenessProbe readinessProbe startupProbe',
)

function words(text: string): readonly string[] {
  return text.split(' ')
}

function hasOnly(object: JsonObject, fields: readonly string[]): boolean {
  return Object.keys(object).every((field) => fields.includes(field))
}
