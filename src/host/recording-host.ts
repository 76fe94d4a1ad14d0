/** A host that reads for real and changes nothing: changes are noted, and later reads see what they would have made. */
import type { ContainerRuntime } from './cri/container-runtime.ts'
import { fileOverlay, type PlannedFile } from './file-overlay.ts'
import type { Host, Services } from './host.ts'
import type { PlannedChange } from './planned-change.ts'

export interface RecordingHost extends Host {
  /** All changes so far, in order. */
  plan(): readonly PlannedChange[]
  /** A file as the run would leave it, if the run writes it. Content of secrets is left out. */
  file(path: string): PlannedFile | undefined
}

/** `query`, `dial`, `canListen` and `facts` are the real host's. Closing it closes the real one. */
export function recordingHost(real: Host): RecordingHost {
  const changes: PlannedChange[] = []
  const note = (change: PlannedChange): void => void changes.push(change)
  const runtimes = new Map<string, ContainerRuntime>()
  return {
    name: real.name,
    operator: real.operator,
    recording: { wouldWaitFor: (what) => note({ kind: 'wait', for: what }) },
    ...fileOverlay(real, note),
    query: (argv, options) => real.query(argv, options),
    run: async (argv) => {
      note({ kind: 'run-command', argv })
      return { argv, exitCode: 0, stdout: '', stderr: '' }
    },
    services: recordingServices(real.services, note),
    containerRuntime: (endpoint) => {
      const runtime = runtimes.get(endpoint) ?? recordingRuntime(real.containerRuntime(endpoint), note)
      runtimes.set(endpoint, runtime)
      return runtime
    },
    dial: (address, options) => real.dial(address, options),
    canListen: (port, address) => real.canListen(port, address),
    // Two that change nothing are not in each other's way.
    lock: async () => async () => undefined,
    facts: () => real.facts(),
    now: () => real.now(),
    close: () => real.close(),
    plan: () => [...changes],
  }
}

function recordingServices(real: Services, note: (change: PlannedChange) => void): Services {
  const active = new Map<string, boolean>()
  const change =
    (kind: 'restart-service' | 'stop-service') =>
    async (service: string): Promise<void> => {
      active.set(service, kind === 'restart-service')
      note({ kind, service })
    }
  return {
    kind: () => real.kind(),
    exists: (name) => real.exists(name),
    isEnabled: (name) => real.isEnabled(name),
    isActive: async (name) => active.get(name) ?? real.isActive(name),
    restart: change('restart-service'),
    stop: change('stop-service'),
    recentLog: (name, lines) => real.recentLog(name, lines),
  }
}

function recordingRuntime(real: ContainerRuntime, note: (change: PlannedChange) => void): ContainerRuntime {
  const pulled = new Set<string>()
  const removedPods = new Set<string>()
  const stoppedPods = new Set<string>()
  const stoppedContainers = new Set<string>()
  const pods: ContainerRuntime['pods'] = async () =>
    (await real.pods()).filter(({ id }) => !removedPods.has(id)).map((pod) => (stoppedPods.has(pod.id) ? { ...pod, ready: false } : pod))
  const containers: ContainerRuntime['containers'] = async () =>
    (await real.containers())
      .filter(({ podId }) => !removedPods.has(podId))
      .map((one) => (stoppedContainers.has(one.id) || stoppedPods.has(one.podId) ? { ...one, state: 'exited' as const } : one))
  const podName = async (id: string): Promise<string> => (await pods()).find((pod) => pod.id === id)?.name ?? ''
  return {
    endpoint: real.endpoint,
    version: () => real.version(),
    status: () => real.status(),
    hasRuntimeConfig: () => real.hasRuntimeConfig(),
    hasImage: async (reference) => pulled.has(reference) || real.hasImage(reference),
    imageId: (reference) => real.imageId(reference),
    pullImage: async (image) => {
      pulled.add(image)
      note({ kind: 'pull-image', image })
    },
    pods,
    containers,
    // One look; nothing will ever change here.
    changes: async function* () {
      yield
    },
    recentLog: (id, lines) => real.recentLog(id, lines),
    process: (id) => real.process(id),
    startPod: async ({ name }) => {
      note({ kind: 'start-pod', name })
      return ''
    },
    stopContainer: async (id) => {
      const name = (await containers()).find((one) => one.id === id)?.name ?? ''
      stoppedContainers.add(id)
      note({ kind: 'stop-container', id, name })
    },
    stopPod: async (id) => {
      const name = await podName(id)
      stoppedPods.add(id)
      note({ kind: 'stop-pod', id, name })
    },
    removePod: async (id) => {
      const name = await podName(id)
      removedPods.add(id)
      note({ kind: 'remove-pod', id, name })
    },
    close: async () => undefined,
  }
}
