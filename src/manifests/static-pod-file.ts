/** A static Pod as its manifest on the host has it. */
import { listAt, objectsAt, part, textAt } from '../config/document-fields.ts'
import { parseYaml } from '../config/yaml.ts'
import { KadmError, messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isObject, toJson, type JsonObject } from '../json.ts'
import { asManifest, type Manifest } from './manifest.ts'
import { staticPodPath, type StaticPodComponent } from './write-static-pod.ts'

/** `undefined` when there is no such file. Throws CONFIG_INVALID when it holds no Pod. */
export async function findStaticPod(host: Pick<Host, 'readText'>, component: StaticPodComponent): Promise<Manifest | undefined> {
  const file = staticPodPath(component)
  const text = await host.readText(file)
  return text === undefined ? undefined : parseStaticPod(text, file)
}

/** @param from what to call it in an error. Throws CONFIG_INVALID when it is no Pod. */
export function parseStaticPod(text: string, from: string): Manifest {
  const pod = parsed(text, from)
  if (pod?.kind !== 'Pod') throw unusable(from, 'it holds no Pod')
  return pod
}

/** The container that runs the component: the one of its name, or else the first. */
export function containerOf(pod: JsonObject, component: StaticPodComponent): JsonObject {
  const containers = objectsAt(part(pod, 'spec'), 'containers')
  return containers.find(({ name }) => name === component) ?? containers[0] ?? {}
}

/** Its image reference; '' when it has none. */
export function imageOf(pod: JsonObject, component: StaticPodComponent): string {
  return textAt(containerOf(pod, component), 'image')
}

/** What it is started with: command and arguments. */
export function commandOf(pod: JsonObject, component: StaticPodComponent): readonly string[] {
  const container = containerOf(pod, component)
  return ['command', 'args'].flatMap((field) => listAt(container, field).map(String))
}

function parsed(text: string, file: string): Manifest | undefined {
  try {
    const document = toJson(parseYaml(text))
    return isObject(document) ? asManifest(document) : undefined
  } catch (error) {
    throw unusable(file, messageOf(error))
  }
}

function unusable(file: string, why: string): KadmError {
  return new KadmError('CONFIG_INVALID', `the static Pod manifest "${file}" cannot be read: ${why}`, {
    remedy: [`put a manifest that can be read back at "${file}"`],
  })
}
