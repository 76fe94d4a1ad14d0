import { paths } from '../../config/paths.ts'
import { findCniLeftovers } from '../../host/cni-leftovers.ts'
import type { Host } from '../../host/host.ts'
import { findKubeProxyRules } from '../../host/kube-proxy-rules.ts'
import type { Leftover } from './leftover.ts'
import type { ResetRun } from './reset-run.ts'

/** What stays of the cluster on the host, and of the host in the cluster; to be looked for when nothing of it runs any more. */
export async function findLeftovers({ config, host, before }: Pick<ResetRun, 'config' | 'host' | 'before'>): Promise<readonly Leftover[]> {
  const [cni, rules, data, copies] = await Promise.all([
    findCniLeftovers(host),
    findKubeProxyRules(host),
    foreignEtcdData(host, before.etcd),
    config.cleanupTmpDir ? [] : copiesIn(host, paths.temporary),
  ])
  return [
    ...[...cni, ...rules].map((one): Leftover => ({ kind: 'network', ...one })),
    ...data,
    ...copies,
    ...before.userKubeconfigs,
    ...nodeOf(before),
  ]
}

/** kubeadm empties its default folder on every host. */
async function foreignEtcdData(host: Pick<Host, 'list'>, etcd: ResetRun['before']['etcd']): Promise<readonly Leftover[]> {
  const folder = etcd === undefined || etcd === 'unreadable' ? '/var/lib/etcd' : etcd.dataDir
  const reason = etcd === undefined || etcd === 'unreadable' ? 'no manifest here says that it is of this cluster' : 'not written by etcd'
  const names = ((await host.list(folder)) ?? []).filter((name) => name !== 'member' || etcd === undefined || etcd === 'unreadable')
  return names.map((name) => ({ kind: 'other', what: `${folder}/${name} (${reason})` }))
}

/** Of upgrades and renewals. */
async function copiesIn(host: Pick<Host, 'list'>, folder: string): Promise<readonly Leftover[]> {
  const names = (await host.list(folder)) ?? []
  return names.length === 0 ? [] : [{ kind: 'other', what: `${folder} (may hold copies of keys; --cleanup-tmp-dir empties it)` }]
}

/** With the only control plane the cluster ends, as far as its host knows. */
function nodeOf({ etcd, nodeName }: ResetRun['before']): readonly Leftover[] {
  const isOnly = etcd !== undefined && etcd !== 'unreadable' && etcd.initialPeerUrls.length < 2
  return nodeName === undefined || isOnly
    ? []
    : [{ kind: 'other', what: `the Node "${nodeName}" in the cluster (kubectl delete node ${nodeName})` }]
}
