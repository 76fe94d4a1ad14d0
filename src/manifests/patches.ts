import { KadmError, messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isJsonArray, isObject, withoutNulls, type Json, type JsonObject } from '../json.ts'
import { jsonPatch } from './json-patch.ts'
import { asManifest, type Manifest } from './manifest.ts'
import { mergePatch } from './merge-patch.ts'
import { mergeKeys } from './merge-keys.ts'
import { type PatchFile, type PatchKind, type PatchTarget, readPatchFiles } from './patch-files.ts'
import { strategicMerge } from './strategic-merge.ts'

export interface PatchWork {
  readonly directory: string
  readonly host: Host
  readonly say: (line: string) => void
}

/**
 * The object after the user's patches for it, file by file in the order of their paths. Throws PATCH_INVALID with the file at fault, also
 * when files for other targets cannot be read.
 */
export async function applyPatches(target: ObjectTarget, object: Manifest, work: PatchWork): Promise<Manifest> {
  const { patched, files } = await patchedObject(target, object, work)
  return files.length === 0 ? object : manifest(patched, target, object, files)
}

/** The same for the configuration of the kubelet, which is no object of the API. */
export async function patchKubeletConfiguration(document: JsonObject, work: PatchWork): Promise<JsonObject> {
  return (await patchedObject('kubeletconfiguration', document, work)).patched
}

/** The line that tells of an applied patch. */
export function patchLine(type: PatchKind, target: PatchTarget): string {
  return `[patches] Applied patch of type "application/${type === 'strategic' ? 'strategic-merge-patch' : `${type}-patch`}+json" to target "${target}"`
}

/** Targets that are objects of the API. */
export type ObjectTarget = Exclude<PatchTarget, 'kubeletconfiguration'>

interface Patched {
  readonly patched: JsonObject
  /** The files that had something for the target. */
  readonly files: readonly PatchFile[]
}

async function patchedObject(target: PatchTarget, object: JsonObject, { directory, host, say }: PatchWork): Promise<Patched> {
  say(`[patches] Reading patches from path "${directory}"`)
  const { found, ignored } = await readPatchFiles(directory, host)
  for (const { file, reason } of ignored) say(`[patches] Ignoring file "${file}": ${reason}`)
  const files = found.filter((file) => file.target === target)
  let patched = object
  for (const file of files) {
    for (const patch of file.patches) {
      patched = applyPatch(patched, patch, file)
      say(patchLine(file.type, target))
    }
  }
  return { patched, files }
}

const kinds = {
  etcd: 'Pod',
  'kube-apiserver': 'Pod',
  'kube-controller-manager': 'Pod',
  'kube-scheduler': 'Pod',
  kubeletconfiguration: 'KubeletConfiguration',
  corednsdeployment: 'Deployment',
  kubeproxydaemonset: 'DaemonSet',
} as const satisfies Record<PatchTarget, keyof typeof mergeKeys>

function applyPatch(object: JsonObject, patch: Json, { file, target, type }: PatchFile): JsonObject {
  try {
    const result = patchResult(object, patch, type, target)
    if (!isObject(result)) throw new Error('the result is not an object')
    return result
  } catch (error) {
    throw new KadmError('PATCH_INVALID', `the ${type} patch of "${target}" in "${file}" cannot be applied: ${messageOf(error)}`, {
      remedy: [`correct ${file}`],
      cause: error,
    })
  }
}

function patchResult(object: JsonObject, patch: Json, type: PatchKind, target: PatchTarget): Json {
  if (type === 'json') return jsonPatch(object, patch)
  if (!isObject(patch)) throw new Error('the patch is not an object')
  return type === 'merge' ? mergePatch(object, patch) : strategicMerge(object, patch, mergeKeys[kinds[target]])
}

function manifest(patched: JsonObject, target: PatchTarget, before: Manifest, files: readonly PatchFile[]): Manifest {
  const clean = withoutLeftovers(withoutNulls(patched), before.kind)
  const result = isObject(clean) ? asManifest(clean) : undefined
  if (result !== undefined && result.kind === before.kind && result.apiVersion === before.apiVersion) return result
  const names = files.map(({ file }) => `"${file}"`).join(', ')
  throw new KadmError('PATCH_INVALID', `after the patches of ${names} "${target}" is no ${before.kind} any more`, {
    remedy: ['leave apiVersion, kind and metadata.name as they are'],
  })
}

// The API knows no members that are null, and none whose name begins as those of directives do (left where they had nothing to act on).
function withoutLeftovers(value: Json, kind: string): Json {
  if (isJsonArray(value)) return value.map((item) => withoutLeftovers(item, kind))
  if (!isObject(value)) return value
  const members = Object.entries(value).filter(([name]) => !name.startsWith('$'))
  const clean = members.map(([name, child]) => [name, withoutLeftovers(child, kind)] as const)
  return Object.fromEntries(clean.map(([name, child]) => [name, kind === 'Pod' && name === 'containers' ? withResources(child) : child]))
}

// kubeadm writes them in a Pod even when there are none.
function withResources(containers: Json): Json {
  if (!isJsonArray(containers)) return containers
  return containers.map((container) => (isObject(container) ? { resources: {}, ...container } : container))
}
