/**
 * From what the user asked to an upgrade plan: configuration, checks of the cluster, versions. Nothing is changed but for the Job of a
 * check.
 */
import type { Cluster } from '../../cluster/cluster.ts'
import { invalid } from '../../config/documents.ts'
import { lookUpVersion, requireVersion, type FetchVersion } from '../../config/kubernetes-version.ts'
import { loadUpgradeConfig } from '../../config/load/load-upgrade.ts'
import type { InitConfig } from '../../config/model.ts'
import { newestKubernetes } from '../../config/own-version.ts'
import { releaseServer } from '../../config/release-server.ts'
import type { UpgradePlanConfig } from '../../config/upgrade-config.ts'
import type { Host } from '../../host/host.ts'
import { upgradePlanChecks } from '../../preflight/checks-for-upgrade.ts'
import { runChecks } from '../../preflight/run-checks.ts'
import type { Finding } from './finding.ts'
import { atVersion, lookAtCluster, type LookRequest } from './look-at-cluster.ts'
import { rehearse } from './rehearsal.ts'
import { makeUpgradePlan, type UpgradePlan } from './upgrade-plan.ts'

export interface PlanRequest extends LookRequest {
  /** Hears of the cluster's configuration where the user wants to see it. */
  readonly printConfig: (config: InitConfig) => void
}

/** Throws KUBECONFIG_INVALID, PREFLIGHT_FAILED, CONFIG_INVALID, API_REFUSED, API_UNREACHABLE, USAGE. */
export function startPlan(host: Host, request: PlanRequest): Promise<UpgradePlan> {
  return withCluster(host, request, async ({ cluster, plan, config }) => {
    const { signal, say, warn, printConfig } = request
    say('[upgrade] Running cluster health checks')
    await runChecks(upgradePlanChecks({ host, cluster, config, signal }), { ignore: new Set(plan.ignorePreflightErrors), warn })
    if (plan.printConfig) printConfig(config)
    return makeUpgradePlan({ cluster, ...plan, lookUp: lookUp(plan.kubernetesVersion, releaseServer(host, { signal }), warn), say, warn })
  })
}

export interface Rehearsal {
  /** The version that was rehearsed: the given one, or the newest that kadm knows. */
  readonly target: string
  readonly findings: readonly Finding[]
}

/**
 * What an upgrade will run into. A check that fails is a finding, not an error. Throws KUBECONFIG_INVALID, CONFIG_INVALID, API_REFUSED,
 * API_UNREACHABLE, USAGE.
 */
export function startRehearsal(host: Host, request: PlanRequest): Promise<Rehearsal> {
  return withCluster(host, request, async ({ cluster, plan, config }) => {
    const { kubernetesVersion = newestKubernetes } = plan
    const after = atVersion(config, kubernetesVersion)
    const target = after.cluster.kubernetesVersion
    request.say(`[upgrade/rehearse] Looking for what an upgrade to ${target} will run into`)
    return { target, findings: await rehearse({ host, cluster, ...plan, config: after, signal: request.signal }) }
  })
}

interface OpenCluster {
  readonly cluster: Cluster
  readonly plan: UpgradePlanConfig
  readonly config: InitConfig
}

/** Closed after `work`. */
async function withCluster<T>(host: Host, request: PlanRequest, work: (open: OpenCluster) => Promise<T>): Promise<T> {
  const { config: plan, warnings } = await loadUpgradeConfig({ ...request, action: 'plan', host })
  warnings.forEach(request.warn)
  const { kubernetesVersion: target } = plan
  // Before anything else: kubeadm plans with its own version then.
  if (target !== undefined) requireVersion(target, `give a version such as ${newestKubernetes}, or none`)
  const saysFirst = [
    '[preflight] Running pre-flight checks.',
    '[upgrade/config] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...',
  ]
  return lookAtCluster(host, request, { ...plan, saysFirst }, (cluster, config) => work({ cluster, plan, config }))
}

/** A given version stands for every label; for one that cannot be looked up, the own one does, with a warning. */
function lookUp(given: string | undefined, fetchVersion: FetchVersion, warn: (line: string) => void): (label: string) => Promise<string> {
  return async (label) => {
    if (given !== undefined) return given
    const { version, warnings } = await lookUpVersion(label, fetchVersion)
    warnings.forEach(warn)
    if (version !== undefined) return version
    throw invalid(`what the release server says of "${label}" is not a version`, [`kadm upgrade plan ${newestKubernetes}`])
  }
}
