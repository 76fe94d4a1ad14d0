/** The etcd of a host, as the manifest of its static Pod tells: kadm's, kubeadm's, or one that the user has changed. */
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { hostPathOf } from '../host-path-of.ts'
import { commandOf, findStaticPod } from '../static-pod-file.ts'
import { staticPodPath } from '../write-static-pod.ts'

export interface EtcdOfHost {
  readonly dataDir: string
  /** Folder of etcd's certificates. */
  readonly certificates: string | undefined
  /** Where the member announces itself. */
  readonly peerUrls: readonly string[]
  readonly clientUrls: readonly string[]
  /** Of all members that there were when this one began. */
  readonly initialPeerUrls: readonly string[]
}

/** `undefined` when there is no such Pod. Throws CONFIG_INVALID for a manifest that does not say where the data is. */
export async function readEtcdOfHost(host: Pick<Host, 'readText'>): Promise<EtcdOfHost | undefined> {
  const pod = await findStaticPod(host, 'etcd')
  if (pod === undefined) return undefined
  const dataDir = hostPathOf(pod, 'etcd-data')
  if (dataDir === undefined) {
    throw new KadmError('CONFIG_INVALID', `"${staticPodPath('etcd')}" has no volume "etcd-data": where etcd keeps its data is not known`, {
      remedy: [`grep -A3 volumes: ${staticPodPath('etcd')}`],
    })
  }
  const words = commandOf(pod, 'etcd')
  const listOf = (flag: string): readonly string[] => {
    const value = words.findLast((word) => word.startsWith(`--${flag}=`))?.slice(flag.length + 3)
    return value === undefined || value === '' ? [] : value.split(',')
  }
  return {
    dataDir,
    certificates: hostPathOf(pod, 'etcd-certs'),
    peerUrls: listOf('initial-advertise-peer-urls'),
    clientUrls: listOf('advertise-client-urls'),
    initialPeerUrls: listOf('initial-cluster').map((member) => member.slice(member.indexOf('=') + 1)),
  }
}
