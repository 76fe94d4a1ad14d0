/** The members of a sandbox's etcd, as etcdctl on one of them tells. */
import type { Sandbox } from '../../src/sandbox/sandbox.ts'

export interface EtcdMember {
  readonly name: string
  readonly isLearner: boolean
  readonly isHealthy: boolean
}

const pki = '/etc/kubernetes/pki/etcd'
const access = [
  '--endpoints=https://127.0.0.1:2379',
  `--cacert=${pki}/ca.crt`,
  `--cert=${pki}/healthcheck-client.crt`,
  `--key=${pki}/healthcheck-client.key`,
]

interface ListedMember {
  readonly name: string
  readonly isLearner?: boolean
  readonly clientURLs?: readonly string[]
}

/** As etcdctl on the host lists them. Throws SANDBOX_FAILED when its etcd does not answer. */
export async function listedMembers(sandbox: Sandbox, host: string): Promise<readonly ListedMember[]> {
  const text = await sandbox.run(host, ['etcdctl', ...access, 'member', 'list', '-w', 'json'])
  return (JSON.parse(text) as { readonly members: readonly ListedMember[] }).members
}

/** Sorted by name. Throws SANDBOX_FAILED when the etcd of this host does not answer. */
export async function etcdMembers(sandbox: Sandbox, host: string): Promise<readonly EtcdMember[]> {
  const members = await listedMembers(sandbox, host)
  // It exits with 1 when one is not healthy.
  const { stdout } = await sandbox.exec(host, ['etcdctl', ...access, 'endpoint', 'health', '--cluster', '-w', 'json'])
  const health = JSON.parse(stdout) as readonly { readonly endpoint: string; readonly health: boolean }[]
  const healthy = new Set(health.flatMap((one) => (one.health ? [one.endpoint] : [])))
  return members
    .map(({ name, isLearner = false, clientURLs = [] }) => ({ name, isLearner, isHealthy: clientURLs.some((url) => healthy.has(url)) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
