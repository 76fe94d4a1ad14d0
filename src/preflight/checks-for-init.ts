/** What `kadm init` asks of a host before it changes anything: kubeadm's checks in kubeadm's order, and one of kadm's own. */
import { ipFamily } from '../config/ip-address.ts'
import type { InitConfig } from '../config/model.ts'
import type { Host } from '../host/host.ts'
import { pauseImage } from '../manifests/images.ts'
import type { Check, CheckGroups, OwnedByUnfinishedRun } from './check.ts'
import { controlPlaneChecks, externalEtcdFiles, localEtcdChecks, networkRanges } from './checks-for-control-plane.ts'
import { nodeChecks } from './checks-for-node.ts'
import { externalEtcdVersion } from './external-etcd-version.ts'
import { forwardingEnabled } from './file-content.ts'
import { imagePull } from './image-pull.ts'
import { networkOverlap, rangesApart } from './network-overlap.ts'
import { privilegedUser } from './privileged-user.ts'

export interface InitChecksInput {
  readonly config: InitConfig
  readonly host: Host
  /** To pull, in this order. */
  readonly images: readonly string[]
  readonly own: OwnedByUnfinishedRun
  readonly say: (line: string) => void
  readonly signal?: AbortSignal
}

export function initChecks(input: InitChecksInput): CheckGroups {
  const { config, host, own, signal } = input
  const { init, cluster } = config
  const addresses = networkRanges(cluster.networking).map((range) => range.split('/')[0] ?? '')
  const families = new Set([...addresses, init.localAPIEndpoint.advertiseAddress].map(ipFamily))
  return [
    [privilegedUser(host)],
    [
      ...controlPlaneChecks({ config, host, own }),
      ...nodeChecks({ host, nodeRegistration: init.nodeRegistration, kubernetesVersion: cluster.kubernetesVersion, own, signal }),
      ...(families.has(4) ? [forwardingEnabled(host, 4)] : []),
      ...(families.has(6) ? [forwardingEnabled(host, 6)] : []),
      ...(cluster.etcd.kind === 'external' ? [externalEtcdVersion(host, cluster.etcd, { signal })] : []),
      ...localEtcdChecks({ config, host, own }),
      ...externalEtcdFiles(cluster, host),
      networkOverlap(host, cluster.networking),
      rangesApart(cluster.networking),
    ],
    [controlPlaneImagePull(input)],
  ]
}

/** The images of the control plane, for init and join. */
export function controlPlaneImagePull({ config, host, images, say, signal }: Omit<InitChecksInput, 'own'>): Check {
  const { nodeRegistration } = config.init
  return imagePull(host.containerRuntime(nodeRegistration.criSocket), {
    images,
    pauseImage: pauseImage(config.cluster),
    policy: nodeRegistration.imagePullPolicy,
    serial: nodeRegistration.imagePullSerial,
    say,
    signal,
  })
}
