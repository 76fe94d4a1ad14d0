/**
 * kubeadm.k8s.io/v1beta3, which kubeadm 1.36 was the last to read: what it has otherwise than v1beta4, and how it becomes that.
 * Only `config migrate` and `config validate --allow-deprecated-api` read it.
 */
import { fieldOf, isObject, type Json, type JsonObject } from '../json.ts'
import { part } from './document-fields.ts'
import type { ConfigDocument } from './documents.ts'
import { durationNanoseconds, formatNanoseconds } from './durations.ts'
import { durationField, type Field } from './fields/field.ts'
import { kinds, kubeadmGroup, type KindName } from './kinds.ts'

export const v1beta3Kinds: readonly KindName[] = ['InitConfiguration', 'ClusterConfiguration', 'JoinConfiguration']

/** Fields that v1beta4 has elsewhere, by the path of their parent. */
const moved: Readonly<Record<string, Field>> = {
  apiServer: durationField('timeoutForControlPlane', 'Now timeouts.controlPlaneComponentHealthCheck of the Init and JoinConfiguration.'),
  discovery: durationField('timeout', 'Now timeouts.discovery.'),
}

export function v1beta3Fields(kind: KindName): readonly Field[] {
  return olderFields(kinds[kind], '')
}

function olderFields(fields: readonly Field[], parent: string): readonly Field[] {
  return fields.flatMap((field): readonly Field[] => {
    const path = parent + field.name
    if (field.since !== undefined) return [] // a field of v1beta4
    if (isArguments(field.name)) return [{ name: field.name, type: { kind: 'map', of: { kind: 'string' } }, doc: field.doc }]
    if (field.type.kind !== 'object') return [field]
    const added = moved[path]
    return [
      {
        ...field,
        type: { kind: 'object', fields: [...olderFields(field.type.fields, `${path}.`), ...(added === undefined ? [] : [added])] },
      },
    ]
  })
}

/**
 * A decoded v1beta3 document in the words of v1beta4. `documents`: all of the file, as the ClusterConfiguration has a timeout that is now
 * elsewhere.
 */
export function fromV1beta3(
  kind: KindName,
  document: JsonObject,
  documents: readonly ConfigDocument[],
): { readonly value: JsonObject; readonly warnings: readonly string[] } {
  const value = withArgumentLists(document)
  if (kind === 'ClusterConfiguration') {
    const { timeoutForControlPlane: _moved, ...apiServer } = part(value, 'apiServer')
    return withoutOldGates({ ...value, apiServer })
  }
  const { timeout, ...discovery } = part(value, 'discovery')
  const healthCheck = controlPlaneTimeout(documents)
  // kubeadm 1.36 takes a zero over into the InitConfiguration only.
  const said = healthCheck !== undefined && (kind === 'InitConfiguration' || healthCheck !== '0s')
  const timeouts = { ...(said && { controlPlaneComponentHealthCheck: healthCheck }), ...(timeout !== undefined && { discovery: timeout }) }
  return { value: { ...value, ...(value['discovery'] !== undefined && { discovery }), timeouts }, warnings: [] }
}

/** Feature gates of those days whose subject is a field now, or always on. */
function withoutOldGates(document: JsonObject): { readonly value: JsonObject; readonly warnings: readonly string[] } {
  const { PublicKeysECDSA: ecdsa, NodeLocalCRISocket: localSocket, ...featureGates } = part(document, 'featureGates')
  const said = [
    ...(ecdsa === undefined
      ? []
      : [
          `featureGates.PublicKeysECDSA is no more: ${ecdsa === true ? 'encryptionAlgorithm is ECDSA-P256 in its place' : 'it is left out'}`,
        ]),
    ...(localSocket === undefined ? [] : ['featureGates.NodeLocalCRISocket is no more: it is always on']),
  ]
  if (said.length === 0) return { value: document, warnings: [] }
  return {
    value: { ...document, featureGates, ...(ecdsa === true && { encryptionAlgorithm: 'ECDSA-P256' }) },
    warnings: said.map((line) => `ClusterConfiguration: ${line}`),
  }
}

/** `{b: "1", a: "2"}` of each `extraArgs` into a list by name. */
function withArgumentLists(document: JsonObject): JsonObject {
  const entries = Object.entries(document).map(([name, value]): readonly [string, Json] => {
    if (!isObject(value)) return [name, value]
    return [name, isArguments(name) ? argumentList(value) : withArgumentLists(value)]
  })
  return Object.fromEntries(entries)
}

function argumentList(pairs: JsonObject): Json {
  return Object.entries(pairs)
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, value]) => ({ name, value }))
}

/** What a v1beta3 ClusterConfiguration says. That it is a duration is checked with its document. */
function controlPlaneTimeout(documents: readonly ConfigDocument[]): string | undefined {
  const cluster = documents.find(
    ({ group, version, kind }) => group === kubeadmGroup && version === 'v1beta3' && kind === 'ClusterConfiguration',
  )
  const given = fieldOf(cluster?.content['apiServer'], 'timeoutForControlPlane')
  const nanoseconds = typeof given === 'string' ? durationNanoseconds(given) : undefined
  return nanoseconds === undefined ? undefined : formatNanoseconds(nanoseconds)
}

function isArguments(name: string): boolean {
  return name === 'extraArgs' || name === 'kubeletExtraArgs'
}
