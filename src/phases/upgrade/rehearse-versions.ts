/** Of a rehearsal: the checks that `upgrade apply` makes, the version skew policy, nodes that are not Ready. */
import { kinds } from '../../cluster/kinds.ts'
import { conditionAt } from '../../cluster/object-fields.ts'
import { kubeletVersions, serverVersion } from '../../cluster/running-versions.ts'
import { upgradeApplyChecks } from '../../preflight/checks-for-upgrade.ts'
import { checkProblems, type CheckProblem } from '../../preflight/run-checks.ts'
import { isControlPlaneNode } from '../../manifests/node-labels.ts'
import type { Finding, RehearsalOptions } from './finding.ts'
import { skewProblems } from './skew-policy.ts'

/** All checks at once, whatever their groups: there is nothing to be hidden from who only looks. */
export async function preflightFindings({
  host,
  cluster,
  config,
  ignorePreflightErrors,
  signal,
}: RehearsalOptions): Promise<readonly Finding[]> {
  // Each node that is not Ready is a finding of its own.
  const checks = upgradeApplyChecks({ host, cluster, config, signal })
    .flat()
    .filter(({ name }) => name !== 'ControlPlaneNodesReady')
  return (await checkProblems(checks, new Set(ignorePreflightErrors))).map(preflight)
}

function preflight({ severity, name, text: why }: CheckProblem): Finding {
  const blocks = severity === 'error'
  const remedy = blocks ? `mend it, or --ignore-preflight-errors=${name} if you know that it does no harm here` : 'see what it tells'
  return { code: 'PREFLIGHT', severity: blocks ? 'blocks' : 'hurts', what: `check ${name}`, why, remedy }
}

export async function versionFindings({
  cluster,
  config,
  allowExperimentalUpgrades,
  allowRCUpgrades,
}: RehearsalOptions): Promise<readonly Finding[]> {
  const [current, kubelets, nodes] = await Promise.all([serverVersion(cluster), kubeletVersions(cluster), cluster.list(kinds.node)])
  const target = config.cluster.kubernetesVersion
  const { mandatory, skippable } = skewProblems({ target, cluster: current, kubelets, allowExperimentalUpgrades, allowRCUpgrades })
  const skew =
    (remedy: string) =>
    (why: string): Finding => ({ code: 'VERSION_SKEW', severity: 'blocks', what: `${current} to ${target}`, why, remedy })
  const lost = nodes.filter((node) => conditionAt(node, 'Ready') !== 'True')
  return [
    ...mandatory.map(skew('choose another version, see "kadm upgrade plan"')),
    ...skippable.map(skew('choose another version, or kadm upgrade apply --force')),
    ...lost.map((node): Finding => {
      const isControlPlane = isControlPlaneNode(node)
      const why = isControlPlane
        ? 'the upgrade begins only when every control plane is Ready'
        : 'its Pods are not looked after, and it may be the only place that others could go to'
      return {
        code: 'NODE_NOT_READY',
        severity: isControlPlane ? 'blocks' : 'hurts',
        what: `Node ${node.metadata.name}`,
        why,
        remedy: `kubectl describe node ${node.metadata.name}`,
      }
    }),
  ]
}
