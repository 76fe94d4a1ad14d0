/** A Pod of one container, as a kubelet has it made. Field numbers: k8s.io/cri-api, pkg/apis/runtime/v1/api.proto (1.37). */
import path from 'node:path/posix'
import type { HostPod } from './container-runtime.ts'
import type { CriClient } from './cri-client.ts'
import { encodeMessage, type WireValue } from './protobuf.ts'

/** Resolves with the sandbox's id; nothing is left of it when the container does not start. Throws CONTAINER_RUNTIME_FAILED. */
export async function startHostPod({ call }: CriClient, pod: HostPod): Promise<string> {
  const metadata = message({ 1: pod.name, 2: pod.name, 3: pod.namespace })
  const linux = message({ 1: pod.cgroupParent, 2: message({ 1: onHostNetwork }) })
  const sandbox = message({ 1: metadata, 3: path.dirname(pod.log), 8: linux })
  const timeout = 30_000
  const podId = (await call('runtime.v1.RuntimeService/RunPodSandbox', fields({ 1: sandbox }), { timeout })).text(1)
  try {
    const request = fields({ 1: podId, 2: containerConfig(pod), 3: sandbox })
    const containerId = (await call('runtime.v1.RuntimeService/CreateContainer', request, { timeout })).text(1)
    await call('runtime.v1.RuntimeService/StartContainer', fields({ 1: containerId }), { timeout })
    return podId
  } catch (error) {
    await call('runtime.v1.RuntimeService/RemovePodSandbox', fields({ 1: podId }), { timeout }).catch(() => undefined)
    throw error
  }
}

type Field = readonly [number, WireValue]

/** By field number. */
function fields(values: Readonly<Record<number, WireValue>>): readonly Field[] {
  return Object.entries(values).map(([number, value]) => [Number(number), value])
}

function message(values: Readonly<Record<number, WireValue>>): Buffer {
  return encodeMessage(fields(values))
}

/** NamespaceOption: the network of the node; processes each container for itself, as a kubelet says. */
const onHostNetwork = message({ 1: 2, 2: 1 })

function containerConfig({ name, image, command, environment, mounts, log }: HostPod): Buffer {
  return encodeMessage([
    ...fields({
      1: message({ 1: name }),
      2: message({ 1: image }),
      11: path.basename(log),
      15: message({ 2: message({ 3: onHostNetwork }) }),
    }),
    ...command.map((word): Field => [3, word]),
    ...environment.map((variable): Field => [6, message({ 1: variable.name, 2: variable.value })]),
    ...mounts.map((mount): Field => [7, message({ 1: mount.path, 2: mount.hostPath, 3: mount.readOnly })]),
  ])
}
