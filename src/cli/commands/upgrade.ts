/** `kadm upgrade`: from flags to a run, and what the user sees of it. */
import { applyPhases } from '../../phases/upgrade/apply-phases.ts'
import { nodePhases } from '../../phases/upgrade/node-phases.ts'
import type { Command, CommandBody, CommandInput } from '../command.ts'
import { hostFlags } from '../flags/host-flags.ts'
import { kubeadmFlags } from '../flags/kubeadm-flags.ts'
import { upgradeKubeletFlags } from '../flags/kubelet-flags.ts'
import { phasesOf } from '../phase-commands.ts'
import { runFlags } from '../flags/run-flags.ts'
import { diffCommand, upgradePlanCommand } from './upgrade-plan.ts'

const both = ['certificate-renewal', 'config', 'dry-run', 'etcd-upgrade', 'ignore-preflight-errors', 'kubeconfig', 'patches', 'skip-phases']
const ofApply = ['allow-experimental-upgrades', 'allow-release-candidate-upgrades', 'force', 'print-config', 'yes']

const apply: Command = {
  name: 'apply',
  summary: 'Upgrade your Kubernetes cluster to the specified version',
  positional: '[version]',
  maxArguments: 1,
  flags: [...kubeadmFlags(...[...both, ...ofApply].toSorted()), ...hostFlags, ...runFlags],
  run: (input) => startApply(input, undefined),
  ...phasesOf('apply', applyPhases, startApplyPhases),
}

const node: Command = {
  name: 'node',
  summary: 'Upgrade commands for a node in the cluster',
  maxArguments: 0,
  flags: [...kubeadmFlags(...[...both, ...upgradeKubeletFlags].toSorted()), ...hostFlags, ...runFlags],
  run: (input) => startNode(input, undefined),
  ...phasesOf('node', nodePhases, (names, input) => startNode(input, names)),
}

export const upgradeCommand: CommandBody = {
  commands: [apply, diffCommand, node, upgradePlanCommand],
}

function startApplyPhases(names: readonly string[], input: CommandInput): Promise<void> {
  return startApply(input, names)
}

async function startApply(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { runUpgradeApply } = await import('../run/run-upgrade.ts')
  await runUpgradeApply(input, only)
}

async function startNode(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { runUpgradeNode } = await import('../run/run-upgrade.ts')
  await runUpgradeNode(input, only)
}
