/** The objects of a cluster by what they mean: two clusters that were set up alike have the same. */
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl } from './cluster.ts'
import { meaningOfText } from './host-files.ts'

/** By `Kind namespace/name`. What the cluster makes up itself (uids, times, hashes, keys, token ids, the state of things) is taken out. */
export async function meaningOfObjects(sandbox: Sandbox, host: string): Promise<Record<string, string>> {
  const text = await kubectl(sandbox, host, ['get', kinds, '--all-namespaces', '-o', 'json'])
  const { items } = JSON.parse(text) as { items: readonly ClusterObject[] }
  // Those whose names are random go by what they say.
  const named = items.map((item) => [nameOf(item), meaningOf(item)] as const).toSorted((a, b) => (String(a) < String(b) ? -1 : 1))
  return Object.fromEntries(named.map(([name, meaning], index) => [name.includes('<id>') ? `${name} ${index}` : name, meaning]))
}

const kinds =
  'namespaces,nodes,configmaps,secrets,serviceaccounts,services,daemonsets,deployments,roles,rolebindings,clusterroles,clusterrolebindings,priorityclasses'

interface ClusterObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: unknown; readonly annotations?: unknown }
  readonly [field: string]: unknown
}

function nameOf({ kind, metadata }: ClusterObject): string {
  return withoutTokens(`${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
}

function meaningOf({ kind, metadata: { labels, annotations }, status: _status, ...rest }: ClusterObject): string {
  if (kind === 'Secret') return JSON.stringify({ labels, type: rest['type'], keys: Object.keys(rest['data'] ?? {}).toSorted() })
  const { metadata: _metadata, ...body } = rest as Record<string, unknown>
  return withoutTokens(
    meaningOfText(
      JSON.stringify(kind === 'Node' ? { labels, annotations, spec: body['spec'] } : { labels, annotations, body }, sortedKeys),
    ),
  )
}

function withoutTokens(text: string): string {
  return (
    text
      .replace(/bootstrap-token-[a-z0-9]{6}/g, 'bootstrap-token-<id>')
      .replace(/jws-kubeconfig-[a-z0-9]{6}":"[^"]+/g, 'jws-kubeconfig-<id>":"<signature>')
      // Added by the node lifecycle controller when it comes to it.
      .replace(/,?\{"effect":"NoExecute","key":"node.kubernetes.io\/not-ready"[^}]*\}/g, '')
      .replace(/"(clusterIPs?|podCIDRs?)":("[^"]*"|\[[^\]]*\])/g, '"$1":…')
  )
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
