/** A container runtime over CRI v1. Field numbers: k8s.io/cri-api, pkg/apis/runtime/v1/api.proto (1.37). */
import type { Container, ContainerProcess, ContainerRuntime, PodSandbox, RuntimeStatus } from './container-runtime.ts'
import { criChanges } from './cri-changes.ts'
import { type CriClient, criClient, isRefusal } from './cri-client.ts'
import { plainLogLines } from './cri-log.ts'
import { startHostPod } from './cri-pod.ts'
import type { Host } from '../host.ts'
import { linesOf } from '../lines-of.ts'
import { encodeMessage, type Message } from './protobuf.ts'
import { fieldOf, parseJson } from '../../json.ts'

/** The runtimes of a host by endpoint, each opened once. */
export function criRuntimes(host: Pick<Host, 'query' | 'dial'>): Pick<Host, 'containerRuntime' | 'close'> {
  const runtimes = new Map<string, ContainerRuntime>()
  return {
    containerRuntime: (endpoint) => {
      const runtime = runtimes.get(endpoint) ?? criRuntime(endpoint, host)
      runtimes.set(endpoint, runtime)
      return runtime
    },
    close: async () => {
      await Promise.all([...runtimes.values()].map((runtime) => runtime.close()))
      runtimes.clear()
    },
  }
}

/** `query` runs commands where the runtime is, for the logs, which CRI does not hand out. */
export function criRuntime(endpoint: string, { query, dial }: Pick<Host, 'query' | 'dial'>): ContainerRuntime {
  const client = criClient(endpoint, dial)
  const { call } = client
  return {
    endpoint,
    version: async () => {
      const answer = await call('runtime.v1.RuntimeService/Version', [[1, 'v1']], { timeout: 2000 })
      return { name: answer.text(2), version: answer.text(3) }
    },
    status: async () => runtimeStatus(await call('runtime.v1.RuntimeService/Status', [[1, true]], { timeout: 10_000 })),
    hasRuntimeConfig: async () =>
      (await unlessRefused('UNIMPLEMENTED', call('runtime.v1.RuntimeService/RuntimeConfig', [], { timeout: 10_000 }))) !== undefined,
    hasImage: async (reference) => (await imageStatus(client, reference)) !== undefined,
    imageId: async (reference) => (await imageStatus(client, reference))?.text(1),
    pullImage: async (reference, options = {}) => {
      // Half an hour: 150 MB over a line of 0.7 Mbit/s. Who has less time gives a signal.
      await call('runtime.v1.ImageService/PullImage', [[1, imageSpec(reference)]], { timeout: 1_800_000, ...options })
    },
    pods: () => listPods(client),
    containers: () => listContainers(client),
    changes: (signal) => criChanges(client, signal),
    recentLog: async (containerId, lines) => {
      const status = await containerStatus(client, containerId)
      const path = status?.text(15) ?? ''
      return path === '' ? [] : plainLogLines(await linesOf(query, ['tail', '-n', String(lines), path]))
    },
    process: async (containerId) => {
      const fields = [
        [1, containerId],
        [2, true],
      ] as const
      const answer = await unlessRefused('NOT_FOUND', call('runtime.v1.RuntimeService/ContainerStatus', fields, { timeout: 10_000 }))
      return answer && containerProcess(answer)
    },
    startPod: (pod) => startHostPod(client, pod),
    stopContainer: async (containerId, timeoutSeconds) => {
      const fields = [
        [1, containerId],
        [2, timeoutSeconds],
      ] as const
      await unlessRefused('NOT_FOUND', call('runtime.v1.RuntimeService/StopContainer', fields, { timeout: timeoutSeconds * 1000 + 30_000 }))
    },
    stopPod: async (podId) => {
      await unlessRefused('NOT_FOUND', call('runtime.v1.RuntimeService/StopPodSandbox', [[1, podId]], { timeout: 120_000 }))
    },
    removePod: async (podId) => {
      await unlessRefused('NOT_FOUND', call('runtime.v1.RuntimeService/RemovePodSandbox', [[1, podId]], { timeout: 120_000 }))
    },
    close: async () => client.close(),
  }
}

async function imageStatus({ call }: CriClient, reference: string): Promise<Message | undefined> {
  const answer = await call('runtime.v1.ImageService/ImageStatus', [[1, imageSpec(reference)]], { timeout: 10_000 })
  return answer.message(1)
}

function imageSpec(reference: string): Buffer {
  return encodeMessage([[1, reference]])
}

function runtimeStatus(answer: Message): RuntimeStatus {
  const conditions = answer.message(1)?.messages(1) ?? []
  const isReady = (type: string): boolean => conditions.some((condition) => condition.text(1) === type && condition.flag(2))
  const unmet = conditions.find((condition) => !condition.flag(2))
  const sandboxImage = sandboxImageOf(answer.map(2).get('config'))
  return {
    runtimeReady: isReady('RuntimeReady'),
    message: unmet?.text(4) ?? '',
    ...(sandboxImage === undefined ? {} : { sandboxImage }),
  }
}

/** Both containerd and CRI-O put it into the verbose information as JSON. */
function sandboxImageOf(config: string | undefined): string | undefined {
  const found = fieldOf(parseJson(config ?? ''), 'sandboxImage')
  return typeof found === 'string' && found !== '' ? found : undefined
}

async function listPods({ call }: CriClient): Promise<readonly PodSandbox[]> {
  const answer = await call('runtime.v1.RuntimeService/ListPodSandbox', [], { timeout: 30_000 })
  return answer.messages(1).map((pod) => {
    const metadata = pod.message(2)
    return { id: pod.text(1), name: metadata?.text(1) ?? '', namespace: metadata?.text(3) ?? '', ready: pod.integer(3) === 0n }
  })
}

async function listContainers(client: CriClient): Promise<readonly Container[]> {
  const [answer, pods] = await Promise.all([
    client.call('runtime.v1.RuntimeService/ListContainers', [], { timeout: 30_000 }),
    listPods(client),
  ])
  return Promise.all(
    answer.messages(1).map(async (found) => {
      const container = containerOf(found, pods)
      return container.state === 'exited' ? { ...container, ...exitOf(await containerStatus(client, container.id)) } : container
    }),
  )
}

/** Both containerd and CRI-O put the OCI runtime's configuration into the verbose information. */
function containerProcess(answer: Message): ContainerProcess | undefined {
  const info = parseJson(answer.map(2).get('info') ?? '')
  const list = fieldOf(fieldOf(fieldOf(info, 'runtimeSpec'), 'process'), 'args')
  const image = answer.message(1)?.message(8)
  if (!Array.isArray(list)) return undefined
  return { image: image?.text(18) || image?.text(1) || '', arguments: list.map(String) }
}

const containerStates: readonly Container['state'][] = ['created', 'running', 'exited', 'unknown']

function containerOf(found: Message, pods: readonly PodSandbox[]): Container {
  const pod = pods.find(({ id }) => id === found.text(2))
  return {
    id: found.text(1),
    name: found.message(3)?.text(1) ?? '',
    podId: found.text(2),
    podName: pod?.name ?? '',
    podNamespace: pod?.namespace ?? '',
    image: found.message(4)?.text(1) ?? '',
    state: containerStates[Number(found.integer(6))] ?? 'unknown',
    attempt: Number(found.message(3)?.integer(2) ?? 0n),
    createdAt: new Date(Number(found.integer(7) / 1_000_000n)), // CRI has nanoseconds
  }
}

function exitOf(status: Message | undefined): Pick<Container, 'exitCode' | 'reason'> {
  return status === undefined ? {} : { exitCode: Number(status.integer(7)), reason: status.text(10) }
}

/** `undefined` when the container is gone by now. */
async function containerStatus({ call }: CriClient, containerId: string): Promise<Message | undefined> {
  const answer = await unlessRefused(
    'NOT_FOUND',
    call('runtime.v1.RuntimeService/ContainerStatus', [[1, containerId]], { timeout: 10_000 }),
  )
  return answer?.message(1)
}

async function unlessRefused(status: 'UNIMPLEMENTED' | 'NOT_FOUND', answer: Promise<Message>): Promise<Message | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isRefusal(error, status)) return undefined
    throw error
  }
}
