/**
 * A host with its files in a folder of their own, whose kubelet starts a container for each static Pod, each of which ends at once. What is
 * done when a new control plane does not come up needs no more than that.
 */
import { localHost } from '../../src/host/local-host.ts'
import type { Container, ContainerRuntime } from '../../src/host/cri/container-runtime.ts'
import type { Host } from '../../src/host/host.ts'
import { rootedHost } from './rooted-host.ts'

export interface StaticPodHost extends Host {
  /** Does the kubelet run? */
  readonly kubeletRuns: () => boolean
}

/** Commands are given absolute paths in `root`, and tell them without it. */
export function staticPodHost(root: string): StaticPodHost {
  const real = localHost()
  const under = (word: string): string => (word.startsWith('/') ? `${root}${word}` : word)
  let [kubeletRuns, started] = [true, 0]
  let containers: Container[] = []
  const host: Host = {
    ...rootedHost(root),
    // The disks of this machine have others to serve.
    run: ([program, ...words], options) => real.run([program === 'sync' ? 'true' : program, ...words.map(under)], options),
    query: async ([program, ...words], options) => {
      const result = await real.query([program, ...words.map(under)], options)
      return { ...result, stdout: result.stdout.replaceAll(root, '') }
    },
    dial: () => Promise.reject(new Error('nobody listens')),
    services: {
      ...real.services,
      kind: () => Promise.resolve('systemd'),
      isActive: () => Promise.resolve(kubeletRuns),
      recentLog: () => Promise.resolve([]),
      stop: async () => void (kubeletRuns = false),
      restart: async () => {
        kubeletRuns = true
        started++
        const files = (await host.list('/etc/kubernetes/manifests')) ?? []
        containers = files.map((file) => crashing(file.replace(/\.yaml$/, ''), started))
      },
    },
    containerRuntime: (endpoint) => ({ ...real.containerRuntime(endpoint), ...runtime }),
  }
  const runtime: Partial<ContainerRuntime> = {
    containers: async () => (containers = containers.map((one) => ({ ...one, attempt: one.attempt + 1 }))),
    recentLog: () => Promise.resolve([]),
    process: () => Promise.resolve(undefined),
    stopContainer: () => Promise.resolve(),
  }
  return { ...host, kubeletRuns: () => kubeletRuns }
}

function crashing(name: string, start: number): Container {
  return {
    id: `${name}-${start}`,
    name,
    podId: name,
    podName: `${name}-node1`,
    podNamespace: 'kube-system',
    image: '',
    state: 'exited',
    exitCode: 1,
    attempt: 0,
    createdAt: new Date(start * 1000),
  }
}
