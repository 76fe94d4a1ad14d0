/** The container runtime of a host over CRI v1, as far as kadm needs it. The form over gRPC is `cri-runtime.ts`. */
export interface ContainerRuntime {
  readonly endpoint: string
  /** Name and version of the runtime, e.g. `containerd` `2.1.9`. Throws CONTAINER_RUNTIME_FAILED when nobody answers within 2 s. */
  version(): Promise<{ readonly name: string; readonly version: string }>
  status(): Promise<RuntimeStatus>
  /** Does it implement the `RuntimeConfig` call? Containerd 1.7 does not. */
  hasRuntimeConfig(): Promise<boolean>

  hasImage(reference: string): Promise<boolean>
  /** The id of the image that a name, a digest or an id stands for here; `undefined` when there is none. */
  imageId(reference: string): Promise<string | undefined>
  pullImage(reference: string, options?: { readonly signal?: AbortSignal }): Promise<void>

  pods(): Promise<readonly PodSandbox[]>
  containers(): Promise<readonly Container[]>
  /** Yields at each change of a container (CRI events where the runtime has them, else at growing intervals from 20 ms). */
  changes(signal: AbortSignal): AsyncIterable<void>
  /** The last lines of a container's own log, oldest first, without the CRI prefix. */
  recentLog(containerId: string, lines: number): Promise<readonly string[]>
  /** What a container was started with; `undefined` when it is gone, or when the runtime does not tell. */
  process(containerId: string): Promise<ContainerProcess | undefined>
  /** Resolves with the id of the Pod. Whoever starts one ends it: a kubelet does so too with a Pod that it does not know, within seconds. */
  startPod(pod: HostPod): Promise<string>
  stopContainer(containerId: string, timeoutSeconds: number): Promise<void>
  stopPod(podId: string): Promise<void>
  removePod(podId: string): Promise<void>
  close(): Promise<void>
}

/** A Pod of one container on the network of the host. */
export interface HostPod {
  /** Of the Pod and of its container. */
  readonly name: string
  readonly namespace: string
  readonly image: string
  /** Program and arguments. */
  readonly command: readonly string[]
  readonly environment: readonly { readonly name: string; readonly value: string }[]
  readonly mounts: readonly { readonly path: string; readonly hostPath: string; readonly readOnly: boolean }[]
  /** The folder of the host that it writes to. */
  readonly writesTo: string
  /**
   * The file of the host that takes what it prints, in a folder that is there. Never none: a kubelet that finds the container removes
   * `<log>*` with it (`Clean` of pkg/kubelet/logs/container_log_manager.go, 1.37), and without a log that is `*` in its working directory,
   * `/`: the links and empty folders there, up to the first that is not empty. So `/bin` was lost.
   */
  readonly log: string
  /** As the runtime's cgroup driver wants it: `system.slice` for systemd, '' for cgroupfs. */
  readonly cgroupParent: string
}

export interface ContainerProcess {
  /** The image reference as the Pod has it; what the runtime made of it where it does not keep that. */
  readonly image: string
  /** Program and arguments. */
  readonly arguments: readonly string[]
}

export interface RuntimeStatus {
  readonly runtimeReady: boolean
  /** Message of a condition that is not met. */
  readonly message: string
  /** The sandbox (pause) image it uses, where it says so. */
  readonly sandboxImage?: string
}

export interface PodSandbox {
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly ready: boolean
}

export interface Container {
  readonly id: string
  readonly name: string
  readonly podId: string
  readonly podName: string
  readonly podNamespace: string
  readonly image: string
  readonly state: 'created' | 'running' | 'exited' | 'unknown'
  /** How often the kubelet made it anew. */
  readonly attempt: number
  readonly createdAt: Date
  readonly exitCode?: number
  readonly reason?: string
}
