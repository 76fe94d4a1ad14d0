/** What the tables know of a field: `config explain`. */
import type { Json } from '../json.ts'
import { componentKinds } from './component-config.ts'
import { invalid } from './documents.ts'
import type { Field } from './fields/field.ts'
import { fieldRows, typeText, type FieldRow } from './fields/field-rows.ts'
import { kinds } from './kinds.ts'
import { nearestName } from './nearest-name.ts'

export interface ExplainedField {
  /** `ClusterConfiguration` */
  readonly kind: string
  /** `networking.podSubnet`, `bootstrapTokens[].ttl`; '' for the document itself. */
  readonly path: string
  /** `list of string`, `object`. */
  readonly type: string
  /** As it is written in JSON. */
  readonly default?: Json
  /** Where the default comes from, when it is found out at run time. */
  readonly defaultNote?: string
  /** Without dashes. */
  readonly flag?: string
  /** The first kubeadm that reads it: `v1.35`, `before v1.31`; absent for a component. */
  readonly since?: string
  readonly doc: string
}

/** What has no version in the tables came with v1beta3 or before. */
const v1beta3 = 'before v1.31'

const kindTables: readonly { readonly kind: string; readonly fields: readonly Field[]; readonly doc: string; readonly since?: string }[] = [
  { kind: 'InitConfiguration', fields: kinds.InitConfiguration, doc: 'What "kadm init" makes of this node.', since: v1beta3 },
  {
    kind: 'ClusterConfiguration',
    fields: kinds.ClusterConfiguration,
    doc: 'What the cluster is: the same on all of its nodes.',
    since: v1beta3,
  },
  { kind: 'JoinConfiguration', fields: kinds.JoinConfiguration, doc: 'How "kadm join" brings this node into a cluster.', since: v1beta3 },
  { kind: 'ResetConfiguration', fields: kinds.ResetConfiguration, doc: 'What "kadm reset" takes away from this node.', since: 'v1.31' },
  { kind: 'UpgradeConfiguration', fields: kinds.UpgradeConfiguration, doc: 'How "kadm upgrade" goes about it.', since: 'v1.31' },
  ...componentKinds.map(({ kind, group, version, fields }) => ({
    kind,
    fields,
    doc: `Configuration of the component, ${group}/${version}; see its own documentation.`,
  })),
]

/**
 * All fields that are meant by `ClusterConfiguration.networking.podSubnet`, `networking.podSubnet`, `podSubnet` or the flag
 * `pod-network-cidr`, in whatever case. Of one that holds others these come too. Without words: the kinds.
 *
 * @throws KadmError CONFIG_INVALID with the nearest name when there is none
 */
export function explainField(words: string | undefined): readonly ExplainedField[] {
  const all = kindTables.flatMap(({ kind, fields, doc, since }) => [
    { kind, path: '', type: 'object', doc, ...(since !== undefined && { since }) },
    ...fieldRows(fields).map((row) => explained(kind, row, since)),
  ])
  if (words === undefined) return all.filter(({ path }) => path === '')
  const ofFlag = all.filter(({ flag }) => flag === words)
  const found = ofFlag.length > 0 ? ofFlag : matching(all, words)
  if (found.length === 0) throw unknown(words, all)
  const only = found.length === 1 ? found[0] : undefined
  return only === undefined ? found : [only, ...childrenOf(only, all)]
}

function explained(kind: string, { path, field }: FieldRow, kindSince: string | undefined): ExplainedField {
  const { type, default: value, defaultNote, flag, doc } = field
  const since = field.since ?? kindSince
  return {
    kind,
    path,
    type: typeText(type),
    ...(value !== undefined && type.kind !== 'object' && { default: value }),
    ...(defaultNote !== undefined && { defaultNote }),
    ...(flag !== undefined && { flag }),
    ...(since !== undefined && { since }),
    doc,
  }
}

function matching(all: readonly ExplainedField[], words: string): readonly ExplainedField[] {
  const wanted = comparable(words)
  return all.filter(({ kind, path }) => {
    const whole = comparable(path === '' ? kind : `${kind}.${path}`)
    return whole === wanted || whole.endsWith(`.${wanted}`)
  })
}

/** `bootstrapTokens[0].ttl`, `bootstrapTokens.0.ttl` and `bootstrapTokens[].ttl` are one, in whatever case. */
function comparable(path: string): string {
  return path.toLowerCase().replaceAll(/\[\d*\]|\.\d+(?=\.|$)/g, '')
}

/** One level down. */
function childrenOf({ kind, path }: ExplainedField, all: readonly ExplainedField[]): readonly ExplainedField[] {
  const start = path === '' ? '' : `${path}.`
  return all.filter((other) => {
    if (other.kind !== kind || other.path === '') return false
    const rest = other.path.startsWith(start)
      ? other.path.slice(start.length)
      : other.path.startsWith(`${path}[].`)
        ? other.path.slice(path.length + 3)
        : ''
    return rest !== '' && !rest.includes('.')
  })
}

function unknown(words: string, all: readonly ExplainedField[]): Error {
  const names = all.flatMap(({ kind, path, flag = kind }) => [kind, path, `${kind}.${path}`, path.split('.').at(-1) ?? '', flag])
  const near = nearestName(words, [...new Set(names)])
  const meant = near === undefined ? '' : `; is "${near}" meant?`
  return invalid(`there is no field or flag "${words}"${meant}`, [`kadm config explain ${near ?? 'ClusterConfiguration'}`])
}
