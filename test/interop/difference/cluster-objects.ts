/** All objects of a cluster, without what may differ: two clusters that are the same give the same. */
import { passedOver, type AllowedDifference } from './allowed-differences.ts'

type Json = string | number | boolean | null | readonly Json[] | JsonObject
type JsonObject = { readonly [key: string]: Json }

/**
 * `Kind namespace/name` to the object, of a List as `kubectl get -o json` prints it. Objects of one name once their random part is away are
 * counted, in the order of what they say.
 */
export function clusterObjects(listText: string): Readonly<Record<string, JsonObject>> {
  const { items } = JSON.parse(listText) as { readonly items: readonly JsonObject[] }
  const found = items
    .map(keptObject)
    .filter((object) => object !== undefined)
    .map((object) => ({ name: nameOf(object), text: JSON.stringify(object), object }))
    .toSorted((a, b) => (`${a.name} ${a.text}` < `${b.name} ${b.text}` ? -1 : 1))
  const counts = new Map<string, number>()
  return Object.fromEntries(
    found.map(({ name, object }): readonly [string, JsonObject] => {
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return [count === 1 ? name : `${name} #${count}`, object]
    }),
  )
}

function nameOf(object: JsonObject): string {
  const { name, namespace } = metadataOf(object)
  return `${String(object['kind'])} ${namespace === undefined ? '' : `${String(namespace)}/`}${String(name)}`
}

/** Kinds that are not looked at, by the row that says why. */
const leftOut: Readonly<Record<string, AllowedDifference>> = {
  Event: 'events',
  ComponentStatus: 'object-status',
  CertificateSigningRequest: 'kubelet-request',
}

function keptObject(object: JsonObject): JsonObject | undefined {
  const kind = String(object['kind'])
  const { name } = metadataOf(object)
  if (leftOut[kind] !== undefined) return undefined
  if (isEndpoint(kind) && name !== 'kubernetes') return undefined
  const { status: _, ...rest } = object
  const plain = { ...rest, metadata: keptMetadata(metadataOf(object)) }
  const spec = asObject(object['spec'])
  switch (kind) {
    case 'Lease':
      return { ...plain, spec: passedOver('leases') }
    case 'Node':
      return { ...plain, spec: keptNodeSpec(spec) }
    case 'Pod':
      return { ...plain, spec: keptPodSpec(spec) }
    case 'Secret':
      return keptSecret(plain, asObject(object['data']))
    case 'ConfigMap':
      return { ...plain, data: keptData(asObject(object['data'])) }
    case 'ClusterTrustBundle':
      return {
        ...plain,
        metadata: { ...plain.metadata, name: String(name).replace(/:[0-9a-f]{24}$/, `:${passedOver('authority-data')}`) },
        spec: { ...spec, trustBundle: passedOver('authority-data') },
      }
    default:
      return isEndpoint(kind) ? { kind, metadata: { ...plain.metadata, namespace: 'default' } } : plain
  }
}

function isEndpoint(kind: string): boolean {
  return kind === 'Endpoints' || kind === 'EndpointSlice'
}

const identityFields = new Set(['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'])

function keptMetadata(metadata: JsonObject): JsonObject {
  const { generateName, ownerReferences, annotations, ...rest } = metadata
  const kept = Object.fromEntries(Object.entries(rest).filter(([field]) => !identityFields.has(field)))
  const owners = asList(ownerReferences).map((owner) => ({ ...asObject(owner), uid: passedOver('object-identity') }))
  return {
    ...kept,
    name: typeof generateName === 'string' ? `${generateName}${passedOver('generated-names')}` : tokenName(String(metadata['name'])),
    ...(owners.length === 0
      ? {}
      : { ownerReferences: owners.map((owner) => ({ ...owner, name: tokenName(String(asObject(owner)['name'])) })) }),
    ...(annotations === undefined
      ? {}
      : { annotations: withPlaceholder(asObject(annotations), 'kubernetes.io/config.seen', passedOver('pod-times')) }),
  }
}

function keptNodeSpec(spec: JsonObject): JsonObject {
  const taints = asList(spec['taints']).filter((taint) => !String(asObject(taint)['key']).startsWith('node.kubernetes.io/'))
  return { ...spec, taints }
}

function keptPodSpec(spec: JsonObject): JsonObject {
  return JSON.parse(
    JSON.stringify(spec).replaceAll(/kube-api-access-[a-z0-9]{5}/g, `kube-api-access-${passedOver('generated-names')}`),
  ) as JsonObject
}

function keptSecret(secret: JsonObject, data: JsonObject): JsonObject {
  const plain = Object.entries(data).map(([field, value]) => [field, Buffer.from(String(value), 'base64').toString('latin1')] as const)
  if (secret['type'] !== 'bootstrap.kubernetes.io/token')
    return { ...secret, data: Object.fromEntries(plain.map(([field]) => [field, passedOver('sealed-certificates')])) }
  const kept = plain.map(([field, value]): readonly [string, Json] => {
    if (field === 'token-id' || field === 'token-secret') return [field, passedOver('token', value.length)]
    // To the second and in UTC, as Go writes it.
    if (field === 'expiration') return [field, passedOver('token-expiration', value.replaceAll(/\d/g, '9'))]
    return [field, value]
  })
  return { ...secret, data: Object.fromEntries(kept) }
}

function keptData(data: JsonObject): JsonObject {
  const entries = Object.entries(data).map(([field, value]): readonly [string, Json] => {
    const text = String(value)
    if (field.startsWith('jws-kubeconfig-'))
      return [
        'jws-kubeconfig-<id>',
        passedOver(
          'token',
          text
            .split('.')
            .map((part) => part.length)
            .join('.'),
        ),
      ]
    if (text.startsWith('-----BEGIN CERTIFICATE-----')) return [field, passedOver('authority-data')]
    return [field, text.replaceAll(/(certificate-authority-data: )\S+/g, `$1${passedOver('authority-data')}`)]
  })
  return Object.fromEntries(entries)
}

function tokenName(name: string): string {
  return name.replace(/^bootstrap-token-[a-z0-9]{6}$/, 'bootstrap-token-<id>')
}

function withPlaceholder(object: JsonObject, field: string, placeholder: string): JsonObject {
  return field in object ? { ...object, [field]: placeholder } : object
}

function metadataOf(object: JsonObject): JsonObject {
  return asObject(object['metadata'])
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}
