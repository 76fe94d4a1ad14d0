/** `kadm upgrade plan` and `kadm upgrade diff`: what would come, before it comes. */
import type { Command } from '../command.ts'
import { hostFlags } from '../flags/host-flags.ts'
import { kubeadmFlags } from '../flags/kubeadm-flags.ts'
import { outputFlags } from '../text/output.ts'

export const upgradePlanCommand: Command = {
  name: 'plan',
  summary: 'Check which versions are available to upgrade to and validate whether your current cluster is upgradeable',
  positional: '[version]',
  maxArguments: 1,
  flags: [
    ...kubeadmFlags(
      'allow-experimental-upgrades',
      'allow-release-candidate-upgrades',
      'config',
      'etcd-upgrade',
      'ignore-preflight-errors',
      'kubeconfig',
      'print-config',
      'rehearse',
    ),
    ...outputFlags,
    ...hostFlags,
  ],
  run: async (input) => (await import('../run/run-upgrade-plan.ts')).runUpgradePlan(input),
}

export const diffCommand: Command = {
  name: 'diff',
  summary: 'Show what differences would be applied to existing static pod manifests',
  positional: '[version]',
  maxArguments: 1,
  flags: [...kubeadmFlags('config', 'context-lines', 'kubeconfig'), ...hostFlags],
  run: async (input) => (await import('../run/run-upgrade-diff.ts')).runUpgradeDiff(input),
}
