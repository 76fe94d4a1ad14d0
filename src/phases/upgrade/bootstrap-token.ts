/**
 * `kadm upgrade apply phase bootstrap-token`: what the holders of bootstrap tokens may do, as this version has it. The tokens and
 * cluster-info stay.
 */
import { ensureObjects } from '../../cluster/apply-object.ts'
import { accessObjects, accessRules, bootstrapAccessObjects } from '../../manifests/access-rules.ts'
import type { Phase } from '../phase.ts'
import type { UpgradeRun } from './upgrade-run.ts'

export const bootstrapToken: Phase<UpgradeRun> = {
  name: 'bootstrap-token',
  summary: 'Configures bootstrap token and cluster-info RBAC rules',
  flags: ['config', 'dry-run', 'kubeconfig'],
  needs: ['control-plane'],
  run: async ({ upgrade, source }, { say, signal }) => {
    say('[upgrade/bootstrap-token] Configuring bootstrap token and cluster-info RBAC rules')
    const objects = [...bootstrapAccessObjects(), ...accessObjects(accessRules.clusterInfo)]
    await ensureObjects(await source.cluster(), objects, { timeout: upgrade.timeouts.kubernetesAPICall, signal })
  },
}
