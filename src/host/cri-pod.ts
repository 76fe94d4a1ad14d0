/** A Pod of one container, as a kubelet has it made. Field numbers: k8s.io/cri-api, pkg/apis/runtime/v1/api.proto (1.37). */
import type { HostPod } from './container-runtime.ts'
import type { CriClient } from './cri-client.ts'
import { encodeMessage } from './protobuf.ts'

/** Resolves with the sandbox's id; nothing is left of it when the container does not start. Throws CONTAINER_RUNTIME_FAILED. */
export async function startHostPod({ call }: CriClient, pod: HostPod): Promise<string> {
  const sandbox = encodeMessage([
    [
      1,
      encodeMessage([
        [1, pod.name],
        [2, pod.name],
        [3, pod.namespace],
      ]),
    ],
    [
      8,
      encodeMessage([
        [1, pod.cgroupParent],
        [2, encodeMessage([[1, onHostNetwork]])],
      ]),
    ],
  ])
  const timeout = 30_000
  const podId = (await call('runtime.v1.RuntimeService/RunPodSandbox', [[1, sandbox]], { timeout })).text(1)
  try {
    const fields = [
      [1, podId],
      [2, containerConfig(pod)],
      [3, sandbox],
    ] as const
    const containerId = (await call('runtime.v1.RuntimeService/CreateContainer', fields, { timeout })).text(1)
    await call('runtime.v1.RuntimeService/StartContainer', [[1, containerId]], { timeout })
    return podId
  } catch (error) {
    await call('runtime.v1.RuntimeService/RemovePodSandbox', [[1, podId]], { timeout }).catch(() => undefined)
    throw error
  }
}

/** NamespaceOption: the network of the node; processes each container for itself, as a kubelet says. */
const onHostNetwork = encodeMessage([
  [1, 2],
  [2, 1],
])

function containerConfig({ name, image, command, environment, mounts }: HostPod): Buffer {
  return encodeMessage([
    [1, encodeMessage([[1, name]])],
    [2, encodeMessage([[1, image]])],
    ...command.map((word) => [3, word] as const),
    ...environment.map(
      (variable) =>
        [
          6,
          encodeMessage([
            [1, variable.name],
            [2, variable.value],
          ]),
        ] as const,
    ),
    ...mounts.map(
      (mount) =>
        [
          7,
          encodeMessage([
            [1, mount.path],
            [2, mount.hostPath],
            [3, mount.readOnly],
          ]),
        ] as const,
    ),
    [15, encodeMessage([[2, encodeMessage([[3, onHostNetwork]])]])],
  ])
}
