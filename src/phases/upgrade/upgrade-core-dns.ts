/** CoreDNS and its Corefile in an upgrade: one that an installer wrote is replaced, anybody's own work is kept. */
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts'
import { ensureExists, ensureObjects } from '../../cluster/apply-object.ts'
import { kinds } from '../../cluster/kinds.ts'
import { numberAt, textAt, valueAt } from '../../cluster/object-fields.ts'
import { coreDnsVersion } from '../../cluster/running-versions.ts'
import { versionTable } from '../../config/versions.ts'
import { coreDnsParts } from '../../manifests/addons/core-dns.ts'
import { migrationProblem } from '../../manifests/addons/corefile-migration.ts'
import { isDefaultCorefile } from '../../manifests/addons/known-corefiles.ts'
import type { AddonUpgrade } from './addon.ts'

/**
 * The number of replicas stays. Between the versions of CoreDNS that kadm knows no Corefile has to change (corefile-migration.ts); with one
 * that it does not know, which preflight refuses unless it is told not to, ConfigMap and Deployment stay as they are.
 */
export async function upgradeCoreDns({ host, timeout, config, cluster, context: { say, warn, signal } }: AddonUpgrade): Promise<void> {
  const wait = { timeout, signal }
  const [configMap, deployment, version] = await Promise.all([
    find(cluster, kinds.configMap),
    find(cluster, kinds.deployment),
    coreDnsVersion(cluster),
  ])
  const parts = await coreDnsParts({ config, host, say, warn }, numberAt(deployment, 'spec.replicas'))
  const problem =
    version === undefined || configMap === undefined
      ? undefined
      : migrationProblem(version, config.cluster.dns.imageTag || versionTable.coredns)
  if (problem !== undefined)
    warn(`the CoreDNS Configuration was not migrated: ${problem}. The existing CoreDNS Corefile configuration has been retained`)
  const isOurs =
    configMap === undefined || valueAt(configMap, 'data.Corefile') === undefined || isDefaultCorefile(textAt(configMap, 'data.Corefile'))
  const keeps = { configMap: !isOurs || problem !== undefined, deployment: problem !== undefined }
  await Promise.all([
    ...(keeps.configMap ? [ensureExists(cluster, parts.configMap, wait)] : []),
    ...(keeps.deployment ? [ensureExists(cluster, parts.deployment, wait)] : []),
    ensureObjects(
      cluster,
      [
        ...(keeps.configMap ? [] : [parts.configMap]),
        ...parts.access,
        parts.serviceAccount,
        ...(keeps.deployment ? [] : [parts.deployment]),
        parts.service,
      ],
      wait,
    ),
  ])
}

function find(cluster: Cluster, kind: { readonly apiVersion: string; readonly kind: string }): Promise<KubernetesObject | undefined> {
  return cluster.get({ ...kind, namespace: 'kube-system', name: 'coredns' })
}
