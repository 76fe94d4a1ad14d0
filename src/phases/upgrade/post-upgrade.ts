/** `kadm upgrade ... phase post-upgrade`: what one release asks for beside all the rest. 1.35 asked for it, of nodes that come from before. */
import { dropRemovedFlags } from '../../manifests/kubelet-files.ts'
import type { Phase } from '../phase.ts'
import type { UpgradeRun } from './upgrade-run.ts'

/** @param needs the phases before it */
export function postUpgrade(needs: readonly string[]): Phase<UpgradeRun> {
  return {
    name: 'post-upgrade',
    summary: 'Run post upgrade tasks',
    flags: ['config', 'dry-run', 'kubeconfig'],
    needs,
    run: ({ host }, { say }) => dropRemovedFlags({ host, say }),
  }
}
