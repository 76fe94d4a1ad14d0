import { findCniLeftovers } from '../../host/cni-leftovers.ts'
import type { Host } from '../../host/host.ts'
import { findKubeProxyRules } from '../../host/kube-proxy-rules.ts'
import type { ResetRun } from './reset-run.ts'
import type { Leftover } from './leftover.ts'

/** What others than kadm and kubeadm have made on the host for the cluster; to be looked for when nothing of it runs any more. */
export async function findLeftovers({ host, before }: Pick<ResetRun, 'host' | 'before'>): Promise<readonly Leftover[]> {
  const [cni, rules, data] = await Promise.all([findCniLeftovers(host), findKubeProxyRules(host), foreignEtcdData(host, before.etcd)])
  return [...[...cni, ...rules].map((one): Leftover => ({ kind: 'network', ...one })), ...data, ...before.userKubeconfigs]
}

/** kubeadm empties its default folder on every host. */
async function foreignEtcdData(host: Pick<Host, 'list'>, etcd: ResetRun['before']['etcd']): Promise<readonly Leftover[]> {
  const folder = etcd === undefined || etcd === 'unreadable' ? '/var/lib/etcd' : etcd.dataDir
  const names = (await host.list(folder)) ?? []
  if (names.length === 0) return []
  const reason = etcd === undefined || etcd === 'unreadable' ? 'no manifest here says that it is of this cluster' : 'not written by etcd'
  return names.map((name) => ({ kind: 'other', what: `${folder}/${name} (${reason})` }))
}
