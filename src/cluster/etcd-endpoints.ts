/** Where the members of a cluster's own etcd are reached, and with what. */
import path from 'node:path/posix'
import { KadmError, hasCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Cluster } from './cluster.ts'
import { isTransient } from './api-error.ts'
import { kinds } from './kinds.ts'
import { retryUntil, type TimeLimit } from './wait.ts'

/** PEM texts. */
export interface EtcdCredentials {
  readonly ca: string
  readonly clientCertificate: string
  readonly clientKey: string
}

/** Annotation of the static Pods of kubeadm and kadm. */
const clientUrlsAnnotation = 'kubeadm.kubernetes.io/etcd.advertise-client-urls'

/**
 * Client URLs of the etcd static Pods, in the order of the API: where to begin, since the members know each other. Pods without the
 * annotation are left out. Throws ETCD_FAILED when there is none within `timeout` milliseconds.
 */
export async function etcdEndpoints(cluster: Pick<Cluster, 'list'>, { timeout, signal }: TimeLimit): Promise<readonly string[]> {
  return await retryUntil(
    async () => {
      const pods = await cluster.list({ ...kinds.pod, namespace: 'kube-system' }, { labelSelector: 'component=etcd,tier=control-plane' })
      const urls = pods
        .flatMap(({ metadata }) => (metadata.annotations?.[clientUrlsAnnotation] ?? '').split(','))
        .filter((url) => url !== '')
      if (urls.length > 0) return [...new Set(urls)]
      throw new KadmError('ETCD_FAILED', `no Pod of the cluster says where its etcd is (annotation "${clientUrlsAnnotation}")`, {
        remedy: ['kubectl -n kube-system get pods -l component=etcd,tier=control-plane -o yaml'],
      })
    },
    {
      timeout,
      signal,
      describe: 'the etcd Pods of the cluster',
      giveUp: (error) => !isTransient(error) && !hasCode(error, 'ETCD_FAILED'),
    },
  )
}

/** The client pair that every control plane has for the health of etcd. Throws CERTIFICATE_INVALID when a file is missing. */
export async function etcdCredentials(host: Pick<Host, 'readText'>, certificatesDir: string): Promise<EtcdCredentials> {
  const read = async (name: keyof typeof remedies): Promise<string> => {
    const file = path.join(certificatesDir, 'etcd', name)
    const text = await host.readText(file)
    if (text !== undefined) return text
    throw new KadmError('CERTIFICATE_INVALID', `"${file}" is not there: etcd cannot be asked without it`, {
      remedy: [remedies[name]],
    })
  }
  const [ca, clientCertificate, clientKey] = await Promise.all([
    read('ca.crt'),
    read('healthcheck-client.crt'),
    read('healthcheck-client.key'),
  ])
  return { ca, clientCertificate, clientKey }
}

/** A CA is never made anew; of a pair that is there in part, `init phase` makes no other. */
const remedies = {
  'ca.crt': 'put it back from another control plane: each has it',
  'healthcheck-client.crt': 'kadm init phase certs etcd-healthcheck-client',
  'healthcheck-client.key': 'kadm certs renew etcd-healthcheck-client',
} as const
