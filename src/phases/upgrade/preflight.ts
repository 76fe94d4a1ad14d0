/**
 * `kadm upgrade ... phase preflight`: may this cluster go there, and does the user want it? Changes nothing but for the pull of images that
 * are not there.
 */
import { kubeletVersions, serverVersion } from '../../cluster/running-versions.ts'
import type { InitConfig } from '../../config/model.ts'
import { controlPlaneImages } from '../../manifests/images.ts'
import { controlPlaneImagePull } from '../../preflight/checks-for-init.ts'
import { upgradeApplyChecks, upgradeNodeChecks } from '../../preflight/checks-for-upgrade.ts'
import { runChecks, type RunChecksOptions } from '../../preflight/run-checks.ts'
import type { Phase, PhaseContext } from '../phase.ts'
import { enforceSkewPolicy } from './skew-policy.ts'
import type { ApplyRun, UpgradeRun } from './upgrade-run.ts'

export const preflightOfApply: Phase<ApplyRun> = {
  name: 'preflight',
  summary: 'Run preflight checks before upgrade',
  flags: [
    'allow-experimental-upgrades',
    'allow-release-candidate-upgrades',
    'config',
    'dry-run',
    'force',
    'ignore-preflight-errors',
    'kubeconfig',
    'yes',
  ],
  needs: [],
  run: async (run, context) => {
    const { upgrade, host, isResumed, source, confirm } = run
    const { say, warn, signal } = context
    say('[upgrade/preflight] Running preflight checks')
    const [config, cluster] = await Promise.all([source.config(), source.cluster()])
    const options = checkOptions(run, context)
    await runChecks(upgradeApplyChecks({ host, cluster, config, isResumed, signal }), options)
    const target = config.cluster.kubernetesVersion
    say(`[upgrade/preflight] You have chosen to upgrade the cluster version to "${target}"`)
    const current = await serverVersion(cluster)
    say(`[upgrade/versions] Cluster version: ${current}`)
    const { allowExperimentalUpgrades, allowRCUpgrades, forceUpgrade } = upgrade
    enforceSkewPolicy(
      { target, cluster: current, kubelets: await kubeletVersions(cluster), allowExperimentalUpgrades, allowRCUpgrades },
      { force: forceUpgrade, warn },
    )
    await confirm()
    await pullImages(config, run, context)
  },
}

export const preflightOfNode: Phase<UpgradeRun> = {
  name: 'preflight',
  summary: 'Run upgrade node pre-flight checks',
  flags: ['config', 'ignore-preflight-errors'],
  needs: [],
  run: async (run, context) => {
    context.say('[upgrade/preflight] Running pre-flight checks')
    const config = await run.source.config()
    await runChecks(upgradeNodeChecks({ host: run.host, config }), checkOptions(run, context))
    if (run.isControlPlane) await pullImages(config, run, context)
  },
}

async function pullImages(config: InitConfig, run: UpgradeRun, context: PhaseContext): Promise<void> {
  const { say, signal } = context
  say('[upgrade/preflight] Pulling images required for setting up a Kubernetes cluster')
  await runChecks(
    [[controlPlaneImagePull({ config, host: run.host, images: controlPlaneImages(config.cluster), say, signal })]],
    checkOptions(run, context),
  )
}

function checkOptions({ upgrade }: UpgradeRun, { warn }: PhaseContext): RunChecksOptions {
  return { ignore: new Set(upgrade.ignorePreflightErrors), warn }
}
