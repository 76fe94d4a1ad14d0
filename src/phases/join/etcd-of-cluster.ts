/** The etcd that a control plane joins, and the member that it is to become. */
import { withEtcdCluster, type EtcdCluster } from '../../cluster/etcd-cluster.ts'
import { etcdCredentials, etcdEndpoints } from '../../cluster/etcd-endpoints.ts'
import type { NewMember } from '../../cluster/etcd-new-member.ts'
import type { InitConfig, LocalEtcd } from '../../config/model.ts'
import { clientUrl, peerUrl } from '../../manifests/static-pods/etcd-urls.ts'
import { noControlPlane, type JoinRun } from './join-run.ts'

/** Why a phase of etcd has nothing to do. */
export async function noLocalEtcd(run: JoinRun): Promise<string | false> {
  const reason = noControlPlane(run)
  if (reason !== false) return reason
  return (await run.source.config()).cluster.etcd.kind === 'external' ? 'External etcd mode: Skipping' : false
}

/** Connects with the certificates of this host, and ends the connections afterwards. Throws ETCD_FAILED, CERTIFICATE_INVALID. */
export async function withEtcd<T>(
  { join, host, source }: JoinRun,
  signal: AbortSignal,
  use: (etcd: EtcdCluster) => Promise<T>,
): Promise<T> {
  const config = await source.config()
  const [endpoints, credentials] = await Promise.all([
    source.asAdministrator().then((cluster) => etcdEndpoints(cluster, { timeout: join.timeouts.kubernetesAPICall, signal })),
    etcdCredentials(host, config.cluster.certificatesDir),
  ])
  return withEtcdCluster({ endpoints, ...credentials, dial: (address) => host.dial(address) }, use)
}

/** As the static Pod of this node's etcd announces itself. */
export function newMember({ init }: InitConfig, { dataDir }: LocalEtcd): NewMember {
  const { advertiseAddress } = init.localAPIEndpoint
  return { name: init.nodeRegistration.name, peerUrl: peerUrl(advertiseAddress), clientUrl: clientUrl(advertiseAddress), dataDir }
}
