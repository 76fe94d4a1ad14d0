import path from 'node:path/posix'
import { parseYamlDocuments } from '../config/yaml.ts'
import { KadmError, messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { toJson, type Json } from '../json.ts'

/** What a user may patch; the name of a file begins with it. */
export const patchTargets = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubeletconfiguration',
  'corednsdeployment',
  'kubeproxydaemonset',
] as const
export type PatchTarget = (typeof patchTargets)[number]

export const patchTypes = ['json', 'merge', 'strategic'] as const
export type PatchKind = (typeof patchTypes)[number]

export interface PatchFile {
  readonly file: string
  readonly target: PatchTarget
  readonly type: PatchKind
  /** One for each document of the file. */
  readonly patches: readonly Json[]
}

export interface PatchFiles {
  readonly found: readonly PatchFile[]
  readonly ignored: readonly { readonly file: string; readonly reason: string }[]
}

/** Reads all patches below a directory in the order in which they apply. Throws PATCH_INVALID, FILE_FAILED. */
export async function readPatchFiles(directory: string, host: Host): Promise<PatchFiles> {
  const root = await host.stat(directory)
  if (root?.kind !== 'directory') {
    const what = root === undefined ? 'does not exist' : 'is not a directory'
    throw new KadmError('PATCH_INVALID', `the directory of patches "${directory}" ${what}`, {
      remedy: ['correct patches.directory of the configuration, or --patches'],
    })
  }
  const read = await Promise.all((await filesBelow(directory, host)).map((file) => readPatchFile(file, host)))
  return {
    found: read.filter((entry): entry is PatchFile => 'target' in entry),
    ignored: read.filter((entry) => 'reason' in entry),
  }
}

async function filesBelow(directory: string, host: Host): Promise<string[]> {
  const names = (await host.list(directory)) ?? []
  const nested = names.map(async (name) => {
    const entry = path.join(directory, name)
    return (await host.stat(entry))?.kind === 'directory' ? filesBelow(entry, host) : [entry]
  })
  return (await Promise.all(nested)).flat()
}

async function readPatchFile(file: string, host: Host): Promise<PatchFile | PatchFiles['ignored'][number]> {
  const name = path.basename(file)
  if (!/.\.(?:json|yaml)$/.test(name)) return { file: name, reason: 'its extension is neither json nor yaml' }
  const parts = nameParts.exec(name)?.groups
  const target = patchTargets.find((known) => known === parts?.['target'])
  if (target === undefined) return { file: name, reason: `its name does not begin with one of ${patchTargets.join(', ')}` }
  const given = patchTypes.find((known) => known === parts?.['type'])
  if (parts?.['plus'] !== undefined && given === undefined) {
    throw new KadmError('PATCH_INVALID', `the name of patch file "${file}" has no type of patch after its "+"`, {
      remedy: [`name it after the form ${target}[suffix][+${patchTypes.join('|')}].yaml`],
    })
  }
  const text = await host.readText(file)
  if (text === undefined || text === '') return { file: name, reason: 'it is empty' }
  return { file: name, target, type: given ?? 'strategic', patches: documents(file, text) }
}

// The type need not be followed by the extension at once: kubeadm looks no further than this.
const nameParts = new RegExp(`^(?<target>${patchTargets.join('|')})[^.+\\n]*(?<plus>\\+)?(?<type>${patchTypes.join('|')})?`)

function documents(file: string, text: string): Json[] {
  try {
    return parseYamlDocuments(text)
      .map(toJson)
      .filter((patch) => patch !== null)
  } catch (error) {
    throw new KadmError('PATCH_INVALID', `patch file "${file}": ${messageOf(error)}`, { remedy: [`correct ${file}`], cause: error })
  }
}
