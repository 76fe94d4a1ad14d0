/** This node's member of etcd: where it is reached, and with what. */
import { etcdCredentials, type EtcdCredentials } from '../../cluster/etcd-endpoints.ts'
import { connectEtcd } from '../../cluster/etcd-members.ts'
import type { InitConfig } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'
import { clientUrl } from '../../manifests/static-pods/etcd-urls.ts'
import { readEtcdOfHost } from '../../manifests/static-pods/read-etcd.ts'

export interface OwnEtcdOptions {
  readonly host: Host
  readonly config: InitConfig
}

export interface OwnEtcd {
  /** Client URL, as the member announces it. */
  readonly server: string
  readonly credentials: EtcdCredentials
}

/** By the manifest and the files that are there now. Throws CERTIFICATE_INVALID when a file is missing. */
export async function ownEtcd({ host, config }: OwnEtcdOptions): Promise<OwnEtcd> {
  const [found, credentials] = await Promise.all([readEtcdOfHost(host), etcdCredentials(host, config.cluster.certificatesDir)])
  return { server: found?.clientUrls[0] ?? clientUrl(config.init.localAPIEndpoint.advertiseAddress), credentials }
}

/** Does it answer, with the consent of a quorum? */
export async function isEtcdHealthy({ signal, ...options }: OwnEtcdOptions & { readonly signal: AbortSignal }): Promise<boolean> {
  const { server, credentials } = await ownEtcd(options)
  const etcd = connectEtcd({ server, ...credentials, signal, dial: (address) => options.host.dial(address) })
  try {
    return await etcd.isHealthy()
  } finally {
    etcd.close()
  }
}
