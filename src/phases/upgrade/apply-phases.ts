/**
 * What `kadm upgrade apply` does: the phases and names of kubeadm 1.37, in its order. The cluster hears of the new version when the control
 * plane of this node runs it; what does not need each other then goes side by side.
 */
import type { Phase } from '../phase.ts'
import { addon } from './addon.ts'
import { bootstrapToken } from './bootstrap-token.ts'
import { controlPlane } from './control-plane.ts'
import { kubeconfig } from './kubeconfig.ts'
import { kubeletConfig } from './kubelet-config.ts'
import { postUpgrade } from './post-upgrade.ts'
import { preflightOfApply } from './preflight.ts'
import { uploadConfig } from './upload-config.ts'
import type { ApplyRun } from './upgrade-run.ts'

export const applyPhases: readonly Phase<ApplyRun>[] = takingVersion([
  preflightOfApply,
  controlPlane('Upgrade the control plane'),
  uploadConfig,
  kubeconfig(['control-plane']),
  kubeletConfig(['control-plane']),
  bootstrapToken,
  addon(['control-plane']),
  postUpgrade(['upload-config', 'kubeconfig', 'kubelet-config', 'bootstrap-token', 'addon']),
])

/** The version is the argument of each of them as a command too. */
function takingVersion(phases: readonly Phase<ApplyRun>[]): readonly Phase<ApplyRun>[] {
  return phases.map((phase) => ({ ...phase, argument: '[version]', ...(phase.phases && { phases: takingVersion(phase.phases) }) }))
}
