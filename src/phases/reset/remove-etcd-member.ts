/** `kadm reset phase remove-etcd-member`: this host leaves etcd, and its copy of the data goes. */
import type { Phase, PhaseContext } from '../phase.ts'
import { leaveEtcdOfHost } from './leave-etcd-of-host.ts'
import { removeEtcdData } from './remove-etcd-data.ts'
import type { ResetRun } from './reset-run.ts'

export const removeEtcdMember: Phase<ResetRun> = {
  name: 'remove-etcd-member',
  summary: 'Remove a local etcd member',
  flags: ['dry-run', 'force', 'kubeconfig'],
  needs: ['preflight'],
  phases: [
    {
      name: 'member',
      summary: 'Take this host out of etcd',
      hidden: true,
      needs: [],
      run: leaveEtcdOfHost,
    },
    {
      name: 'data',
      summary: 'Remove the data of etcd',
      hidden: true,
      // In a whole run: when no etcd is there any more to write it anew, and what may fail is behind.
      needs: ['remove-etcd-member/member', 'cleanup-node/mounts'],
      run: removeData,
    },
  ],
}

async function removeData({ host, before }: Pick<ResetRun, 'host' | 'before'>, context: PhaseContext): Promise<void> {
  const { etcdData } = before
  if (etcdData === undefined) return
  const kept = await removeEtcdData(host, before, context)
  context.say(`[reset] Deleted contents of the etcd data directory: ${etcdData}`)
  kept.forEach((point) => context.warn(`"${point}" is a mount point: it is left as it is`))
}
