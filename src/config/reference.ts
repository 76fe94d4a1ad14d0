/** The tables of fields as a page for people (docs/config.md) and as a JSON Schema for editors. */
import type { Json, JsonObject } from '../json.ts'
import { componentKinds } from './component-config.ts'
import type { Field, ValueType } from './fields/field.ts'
import { fieldRows, typeText } from './fields/field-rows.ts'
import { kinds, kubeadmApiVersion } from './kinds.ts'

/** Markdown: a table for each kind. */
export function configReference(): string {
  const sections = Object.entries(kinds).map(([kind, fields]) => {
    const rows = fieldRows(fields).map(
      ({ path, field }) =>
        `| \`${path}\` | ${typeText(field.type)} | ${defaultText(field)} | ${flagText(field)} | ${cell(field.doc)}${sinceText(field)} |`,
    )
    return [`## ${kind}`, '', '| field | type | default | flag | meaning |', '| --- | --- | --- | --- | --- |', ...rows, ''].join('\n')
  })
  return [
    '# Configuration',
    '',
    'Made from the tables in `src/config`. Do not edit by hand.',
    '',
    `A file holds one or more YAML documents of \`apiVersion: ${kubeadmApiVersion}\`, separated by \`---\`, and may hold a \`KubeletConfiguration\` (\`kubelet.config.k8s.io/v1beta1\`)`,
    'and a `KubeProxyConfiguration` (`kubeproxy.config.k8s.io/v1alpha1`) beside them. YAML is read as Kubernetes reads it: `yes` is true, `0644` is 420.',
    'Durations are written as in Go: `4m0s`, `8760h`.',
    '',
    ...sections,
  ].join('\n')
}

/** JSON Schema (draft 2020-12) of one document of any kind, those of the components included. */
export function configSchema(): JsonObject {
  const all = [
    ...Object.entries(kinds).map(([kind, fields]) => ({ kind, apiVersion: kubeadmApiVersion, fields })),
    ...componentKinds.map(({ kind, group, version, fields }) => ({ kind, apiVersion: `${group}/${version}`, fields })),
  ]
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Documents of ${kubeadmApiVersion}, and what may stand beside them`,
    oneOf: all.map(({ kind }) => ({ $ref: `#/$defs/${kind}` })),
    $defs: Object.fromEntries(all.map((document) => [document.kind, kindSchema(document)])),
  }
}

function kindSchema({
  kind,
  apiVersion,
  fields,
}: {
  readonly kind: string
  readonly apiVersion: string
  readonly fields: readonly Field[]
}): JsonObject {
  return {
    type: 'object',
    properties: { apiVersion: { const: apiVersion }, kind: { const: kind }, ...properties(fields) },
    required: ['apiVersion', 'kind'],
    additionalProperties: false,
  }
}

function properties(fields: readonly Field[]): JsonObject {
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      {
        ...typeSchema(field.type),
        ...(field.doc !== '' && { description: field.doc }),
        ...(field.default !== undefined && field.type.kind !== 'object' && { default: field.default }),
      },
    ]),
  )
}

function typeSchema(type: ValueType): JsonObject {
  switch (type.kind) {
    case 'object':
      return { type: ['object', 'null'], properties: properties(type.fields), additionalProperties: false }
    case 'list':
      return { type: ['array', 'null'], items: typeSchema(type.of) }
    case 'map':
      return { type: ['object', 'null'], additionalProperties: typeSchema(type.of) }
    case 'json':
      return {}
    case 'boolean':
    case 'integer':
    case 'number':
      return { type: [type.kind, 'null'] }
    default:
      return { type: ['string', 'null'] }
  }
}

function defaultText({ default: value, defaultNote, type }: Field): string {
  if (defaultNote !== undefined) return cell(defaultNote)
  if (value === undefined || type.kind === 'object' || isEmptyListOfObjects(value)) return ''
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

/** `[{}]`: one entry with defaults, told in the rows below it. */
function isEmptyListOfObjects(value: Json): boolean {
  return JSON.stringify(value) === '[{}]'
}

function flagText({ flag }: Field): string {
  return flag === undefined ? '' : `\`--${flag}\``
}

function sinceText({ since }: Field): string {
  return since === undefined ? '' : ` Since ${since}.`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
