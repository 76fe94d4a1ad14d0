/** `kadm upgrade ... phase post-upgrade`: what one release asks for beside all the rest. 1.36 and 1.37 ask for nothing. */
import type { Phase } from '../phase.ts'
import type { UpgradeRun } from './upgrade-run.ts'

/** @param needs the phases before it */
export function postUpgrade(needs: readonly string[]): Phase<UpgradeRun> {
  return { name: 'post-upgrade', summary: 'Run post upgrade tasks', flags: ['config', 'dry-run', 'kubeconfig'], needs, run: async () => {} }
}
