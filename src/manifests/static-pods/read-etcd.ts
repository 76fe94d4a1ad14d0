/** The etcd of a host, as the manifest of its static Pod tells: kadm's, kubeadm's, or one that the user has changed. */
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { commandFlag } from '../command-flag.ts'
import { hostPathOf } from '../host-path-of.ts'
import { commandOf, findStaticPod } from '../static-pod-file.ts'
import { staticPodPath } from '../write-static-pod.ts'

export interface EtcdOfHost {
  readonly dataDir: string
  /** Folder of etcd's certificates. */
  readonly certificates: string | undefined
  /** As its own flag has it. */
  readonly name: string | undefined
  /** Where the member announces itself. Those of peers count at its first start alone. */
  readonly peerUrls: readonly string[]
  readonly clientUrls: readonly string[]
  /** Where nobody but this etcd answers, as the host sees it. */
  readonly ownClientUrls: readonly string[]
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
  const listOf = (flag: string): readonly string[] => commandFlag(words, flag)?.split(',') ?? []
  const clientUrls = listOf('advertise-client-urls')
  const listenUrls = listOf('listen-client-urls').map(onLoopback)
  return {
    dataDir,
    certificates: hostPathOf(pod, 'etcd-certs'),
    name: commandFlag(words, 'name'),
    peerUrls: listOf('initial-advertise-peer-urls'),
    clientUrls,
    ownClientUrls: listenUrls.length > 0 ? listenUrls : clientUrls,
    initialPeerUrls: listOf('initial-cluster').map((member) => member.slice(member.indexOf('=') + 1)),
  }
}

/** Who listens at all addresses is asked at one that its certificate has. */
function onLoopback(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}
