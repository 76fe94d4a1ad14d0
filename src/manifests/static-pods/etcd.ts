import path from 'node:path/posix'
import type { InitialClusterMember } from '../../cluster/etcd-new-member.ts'
import { ipFamily } from '../../config/ip-address.ts'
import type { InitConfig, LocalEtcd } from '../../config/model.ts'
import { ports } from '../../config/ports.ts'
import { hostAndPort } from '../../config/server-url.ts'
import { mergeVariables } from '../environment.ts'
import { etcdImage } from '../images.ts'
import type { Manifest } from '../manifest.ts'
import { type BaseArguments, componentArguments, lastArgument } from './arguments.ts'
import { clientUrl, peerUrl } from './etcd-urls.ts'
import { livenessProbe, type ProbeTarget, readinessProbe, startupProbe } from './probes.ts'
import { startupTimeout, staticPod } from './static-pod.ts'
import { samePath } from './volumes.ts'

/** Annotation by which kubeadm finds the client URL of this member again. */
const clientUrlsAnnotation = 'kubeadm.kubernetes.io/etcd.advertise-client-urls'

/**
 * The static Pod of a local etcd member. `initialCluster`: all members with the new one, when it joins a cluster that is there; empty for
 * the first member (and for an upgrade, where etcd does not look at the flag).
 */
export function etcd(config: InitConfig, local: LocalEtcd, initialCluster: readonly InitialClusterMember[] = []): Manifest {
  const { certificatesDir } = config.cluster
  const { advertiseAddress } = config.init.localAPIEndpoint
  const { port, ...target } = metricsEndpoint(local, localhostBeside(advertiseAddress))
  return staticPod({
    name: 'etcd',
    image: etcdImage(config.cluster),
    arguments: componentArguments(baseArguments(config, local, initialCluster), local.extraArgs),
    environment: mergeVariables(local.extraEnvs),
    mounts: [
      samePath('etcd-data', local.dataDir, 'DirectoryOrCreate', false),
      samePath('etcd-certs', `${certificatesDir}/etcd`, 'DirectoryOrCreate', false),
    ],
    port,
    requests: { cpu: '100m', memory: '100Mi' },
    probes: {
      livenessProbe: livenessProbe(target, '/livez'),
      readinessProbe: readinessProbe(target, '/readyz'),
      startupProbe: startupProbe(target, '/readyz', startupTimeout(config)),
    },
    annotations: { [clientUrlsAnnotation]: clientUrl(advertiseAddress) },
  })
}

function baseArguments({ cluster, init }: InitConfig, local: LocalEtcd, initialCluster: readonly InitialClusterMember[]): BaseArguments {
  const pki = (name: string) => path.join(cluster.certificatesDir, 'etcd', name)
  const { name } = init.nodeRegistration
  const { advertiseAddress: address } = init.localAPIEndpoint
  const localhost = localhostBeside(address)
  const members = initialCluster.length === 0 ? [{ name, peerUrl: peerUrl(address) }] : initialCluster
  return {
    'advertise-client-urls': clientUrl(address),
    'cert-file': pki('server.crt'),
    'client-cert-auth': 'true',
    'data-dir': local.dataDir,
    'feature-gates': 'InitialCorruptCheck=true',
    'initial-advertise-peer-urls': peerUrl(address),
    'initial-cluster': members.map((member) => `${member.name}=${member.peerUrl}`).join(','),
    'initial-cluster-state': initialCluster.length === 0 ? undefined : 'existing',
    'key-file': pki('server.key'),
    'listen-client-urls': `${clientUrl(localhost)},${clientUrl(address)}`,
    'listen-metrics-urls': `http://${hostAndPort(localhost, ports.etcdMetrics)}`,
    'listen-peer-urls': peerUrl(address),
    name,
    'peer-cert-file': pki('peer.crt'),
    'peer-client-cert-auth': 'true',
    'peer-key-file': pki('peer.key'),
    'peer-trusted-ca-file': pki('ca.crt'),
    'snapshot-count': '10000',
    'trusted-ca-file': pki('ca.crt'),
    'watch-progress-notify-interval': '5s',
  }
}

/** Where the probes look: the first URL of the last `listen-metrics-urls`. What it leaves open is kubeadm's default. */
function metricsEndpoint(local: LocalEtcd, localhost: string): ProbeTarget & { readonly port: number } {
  const first = lastArgument(local.extraArgs, 'listen-metrics-urls')?.split(',')[0] ?? ''
  const url = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?:\[(?<ipv6>[^\]]*)\]|(?<name>[^:/?#]*))(?::(?<port>\d*))?(?:[/?#]|$)/i.exec(
    first,
  )?.groups
  const port = Number(url?.['port'])
  return {
    host: url?.['ipv6'] || url?.['name'] || localhost,
    port: port >= 1 && port <= 65_535 ? port : ports.etcdMetrics,
    scheme: url?.['scheme']?.toLowerCase() === 'https' ? 'HTTPS' : 'HTTP',
  }
}

function localhostBeside(address: string): string {
  return ipFamily(address) === 6 ? '::1' : '127.0.0.1'
}
