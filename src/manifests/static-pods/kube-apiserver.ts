import path from 'node:path/posix'
import { ipFamily } from '../../config/ip-address.ts'
import type { ExternalEtcd, HostPathMount, InitConfig } from '../../config/model.ts'
import { hostAndPort } from '../../config/server-url.ts'
import { mergeVariables } from '../environment.ts'
import { kubernetesImage } from '../images.ts'
import type { Manifest } from '../manifest.ts'
import { type BaseArguments, byCodeUnit, componentArguments, lastArgument } from './arguments.ts'
import { clientUrl } from './etcd-urls.ts'
import { livenessProbe, probeHost, readinessProbe, startupProbe } from './probes.ts'
import { type HostEnvironment, startupTimeout, staticPod } from './static-pod.ts'
import { caMounts, distinctMounts, extraCaDirectories, samePath, systemCaDirectory } from './volumes.ts'

/** Annotation by which kubeadm finds the address of this API server again. */
export const advertiseAddressAnnotation = 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint'

/** The static Pod of the API server. */
export function kubeApiserver(config: InitConfig, environment: HostEnvironment): Manifest {
  const { cluster } = config
  const { advertiseAddress, bindPort } = config.init.localAPIEndpoint
  const { extraArgs, extraEnvs, extraVolumes } = cluster.apiServer
  const target = { host: probeHost(advertiseAddress), scheme: 'HTTPS' } as const
  return staticPod({
    name: 'kube-apiserver',
    image: kubernetesImage('kube-apiserver', cluster),
    arguments: componentArguments(baseArguments(config), extraArgs),
    environment: mergeVariables(environment.proxyVariables, extraEnvs),
    mounts: distinctMounts([
      samePath('k8s-certs', cluster.certificatesDir, 'DirectoryOrCreate'),
      ...caMounts(environment.caDirectories),
      ...(cluster.etcd.kind === 'external' ? externalEtcdMounts(cluster.etcd, cluster.certificatesDir) : []),
      ...extraVolumes,
    ]),
    port: bindPort,
    requests: { cpu: '250m' },
    probes: {
      livenessProbe: livenessProbe(target, '/livez'),
      readinessProbe: readinessProbe(target, '/readyz'),
      startupProbe: startupProbe(target, '/livez', startupTimeout(config)),
    },
    annotations: { [advertiseAddressAnnotation]: hostAndPort(advertiseAddress, bindPort) },
  })
}

function baseArguments(config: InitConfig): BaseArguments {
  const { cluster, init } = config
  const pki = (name: string) => path.join(cluster.certificatesDir, name)
  return {
    'advertise-address': init.localAPIEndpoint.advertiseAddress,
    'allow-privileged': 'true',
    'authorization-mode': authorizationMode(config),
    'client-ca-file': pki('ca.crt'),
    'enable-admission-plugins': 'NodeRestriction',
    'enable-bootstrap-token-auth': 'true',
    'kubelet-client-certificate': pki('apiserver-kubelet-client.crt'),
    'kubelet-client-key': pki('apiserver-kubelet-client.key'),
    'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
    'proxy-client-cert-file': pki('front-proxy-client.crt'),
    'proxy-client-key-file': pki('front-proxy-client.key'),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-client-ca-file': pki('front-proxy-ca.crt'),
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-username-headers': 'X-Remote-User',
    'secure-port': String(init.localAPIEndpoint.bindPort),
    'service-account-issuer': `https://kubernetes.default.svc.${cluster.networking.dnsDomain}`,
    'service-account-key-file': pki('sa.pub'),
    'service-account-signing-key-file': pki('sa.key'),
    'service-cluster-ip-range': cluster.networking.serviceSubnet,
    'tls-cert-file': pki('apiserver.crt'),
    'tls-private-key-file': pki('apiserver.key'),
    ...etcdArguments(config),
  }
}

// The API server refuses the flag beside a file of structured authorization.
function authorizationMode({ cluster }: InitConfig): string | undefined {
  return lastArgument(cluster.apiServer.extraArgs, 'authorization-config') === undefined ? 'Node,RBAC' : undefined
}

function etcdArguments({ cluster, init }: InitConfig): BaseArguments {
  const { etcd } = cluster
  if (etcd.kind === 'external') {
    const keyPair = etcd.certFile !== '' && etcd.keyFile !== ''
    return {
      'etcd-servers': etcd.endpoints.join(','),
      'etcd-cafile': etcd.caFile === '' ? undefined : etcd.caFile,
      'etcd-certfile': keyPair ? etcd.certFile : undefined,
      'etcd-keyfile': keyPair ? etcd.keyFile : undefined,
    }
  }
  const localhost = ipFamily(init.localAPIEndpoint.advertiseAddress) === 6 ? '::1' : '127.0.0.1'
  return {
    'etcd-servers': lastArgument(etcd.extraArgs, 'advertise-client-urls') ?? clientUrl(localhost),
    'etcd-cafile': path.join(cluster.certificatesDir, 'etcd/ca.crt'),
    'etcd-certfile': path.join(cluster.certificatesDir, 'apiserver-etcd-client.crt'),
    'etcd-keyfile': path.join(cluster.certificatesDir, 'apiserver-etcd-client.key'),
  }
}

/** The directories of the etcd client's files, unless they, or a directory whose path theirs begins with, are mounted anyway. */
function externalEtcdMounts(etcd: ExternalEtcd, certificatesDir: string): HostPathMount[] {
  const mounted = [...extraCaDirectories, systemCaDirectory, certificatesDir]
  let directories: string[] = []
  for (const file of [etcd.caFile, etcd.certFile, etcd.keyFile]) {
    const directory = path.dirname(file)
    if (directory === '.' || mounted.some((other) => directory.startsWith(other))) continue
    if (directories.some((other) => directory.startsWith(other))) continue
    directories = [...directories.filter((other) => !other.startsWith(directory)), directory]
  }
  return directories.toSorted(byCodeUnit).map((directory, index) => samePath(`etcd-certs-${index}`, directory, 'DirectoryOrCreate'))
}
