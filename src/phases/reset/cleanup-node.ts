/** `kadm reset phase cleanup-node`: the kubelet, what it runs and mounts, and the files of the cluster. */
import { removeJournal } from '../../host/journal/remove-journal.ts'
import { stopKubelet } from '../kubelet-service.ts'
import type { Phase } from '../phase.ts'
import { noteBegun } from './begun-reset.ts'
import { removeClusterFiles } from './remove-cluster-files.ts'
import { removePodsOrWarn } from './remove-pods-or-warn.ts'
import type { ResetRun } from './reset-run.ts'
import { unmountKubelet } from './unmount-kubelet.ts'

export const cleanupNode: Phase<ResetRun> = {
  name: 'cleanup-node',
  aliases: ['cleanupnode'],
  summary: 'Run cleanup node',
  flags: ['cert-dir', 'cleanup-tmp-dir', 'cri-socket', 'dry-run'],
  needs: ['remove-etcd-member/member'],
  run: noteBegun,
  phases: [
    {
      name: 'kubelet',
      summary: 'Stop the kubelet',
      hidden: true,
      needs: [],
      run: async ({ host }, { say, warn }) => {
        say('[reset] Stopping the kubelet service')
        await stopKubelet(host, warn)
      },
    },
    {
      name: 'containers',
      summary: 'Remove all Pods',
      hidden: true,
      // A kubelet would start them again.
      needs: ['cleanup-node/kubelet'],
      run: async (run, context) => {
        context.say('[reset] Removing Kubernetes-managed containers')
        await removePodsOrWarn(run, context)
      },
    },
    {
      name: 'mounts',
      summary: 'Unmount what the kubelet has mounted',
      hidden: true,
      // Who uses a volume goes before it.
      needs: ['cleanup-node/containers'],
      run: unmountKubelet,
    },
    {
      name: 'files',
      summary: 'Remove the files of the cluster',
      hidden: true,
      needs: ['cleanup-node/mounts', 'remove-etcd-member/data'],
      run: removeClusterFiles,
    },
    {
      name: 'journal',
      summary: "Remove kadm's own notes of the cluster",
      hidden: true,
      needs: ['cleanup-node/files'],
      run: async ({ host }) => removeJournal(host),
    },
  ],
}
