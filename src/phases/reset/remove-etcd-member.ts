/** `kadm reset phase remove-etcd-member`: this host leaves etcd, and its copy of the data goes. */
import { emptyDirectory } from '../../host/empty-directory.ts'
import type { Phase } from '../phase.ts'
import { leaveEtcdOfHost } from './leave-etcd-of-host.ts'
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
      // In a whole run: when no etcd is there any more to write it anew.
      needs: ['remove-etcd-member/member', 'cleanup-node/containers'],
      run: removeData,
    },
  ],
}

async function removeData(
  { host, before: { etcdData } }: Pick<ResetRun, 'host' | 'before'>,
  { say, warn }: { say: (line: string) => void; warn: (line: string) => void },
): Promise<void> {
  if (etcdData === undefined) return
  // All that etcd itself puts there; what others have laid beside it (a snapshot, `lost+found` of a disk) is theirs.
  const kept = await emptyDirectory(host, etcdData, { only: ['member'] })
  say(`[reset] Deleted contents of the etcd data directory: ${etcdData}`)
  kept.forEach((point) => warn(`"${point}" is a mount point: it is left as it is`))
}
