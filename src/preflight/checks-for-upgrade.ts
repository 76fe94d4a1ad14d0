/**
 * What `kadm upgrade` asks before it changes anything: kubeadm's checks in kubeadm's groups. After `upgradeApplyChecks` come the skew
 * policy and the question to the user, then `controlPlaneImagePull` (checks-for-init.ts); on a node that is a control plane it follows
 * `upgradeNodeChecks`.
 */
import type { Cluster } from '../cluster/cluster.ts'
import type { InitConfig } from '../config/model.ts'
import { parseVersion } from '../config/versions.ts'
import type { Host } from '../host/host.ts'
import { pauseImage } from '../manifests/images.ts'
import type { Check, CheckGroups } from './check.ts'
import { containerRuntimeVersion } from './container-runtime-version.ts'
import { controlPlaneNodesReady } from './control-plane-nodes-ready.ts'
import { coreDnsChecks } from './core-dns-migration.ts'
import { createJob } from './create-job.ts'
import { installedKubelet, type InstalledKubelet } from './installed-kubelet.ts'
import { privilegedUser } from './privileged-user.ts'
import { staticPodManifests } from './static-pod-manifests.ts'
import { systemVerification } from './system-verification.ts'

export interface UpgradeChecksInput {
  readonly host: Host
  readonly cluster: Cluster
  /** What the cluster keeps, with this node's part. */
  readonly config: InitConfig
  /** Of an upgrade that was cut off: it may have stopped the API, and controllers need a while to come back. */
  readonly isResumed?: boolean
  readonly signal: AbortSignal
}

export function upgradeApplyChecks(input: UpgradeChecksInput): CheckGroups {
  return [...upgradeNodeChecks(input), ...clusterChecks(input)]
}

export function upgradeNodeChecks({ host, config }: Pick<UpgradeChecksInput, 'host' | 'config'>): CheckGroups {
  const runtime = host.containerRuntime(config.init.nodeRegistration.criSocket)
  return [[privilegedUser(host)], [systemVerification(host, nextMinor(installedKubelet(host))), containerRuntimeVersion(runtime)]]
}

export function upgradePlanChecks(input: UpgradeChecksInput): CheckGroups {
  return [[privilegedUser(input.host)], ...clusterChecks(input)]
}

function clusterChecks({ host, cluster, config, isResumed = false, signal }: UpgradeChecksInput): readonly (readonly Check[])[] {
  return [
    coreDnsChecks(cluster, config.cluster.dns.disabled),
    [
      createJob({
        cluster,
        image: pauseImage(config.cluster),
        now: () => host.now(),
        patience: isResumed ? patienceAfterOutage : undefined,
        signal,
      }),
      controlPlaneNodesReady(cluster),
      staticPodManifests(host),
    ],
  ]
}

/** Milliseconds. A controller-manager that has lost its API leads again after some 30 s, and a Node is Ready again after some 40. */
const patienceAfterOutage = 180_000

/** The kubelet that is to come decides what is needed: the installed one's next minor. */
function nextMinor(installed: InstalledKubelet): InstalledKubelet {
  return async () => {
    const version = await installed()
    const parsed = parseVersion(version)
    return parsed === undefined ? version : `${parsed.major}.${parsed.minor + 1}.${parsed.patch}`
  }
}
