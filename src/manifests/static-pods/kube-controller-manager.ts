import path from 'node:path/posix'
import type { InitConfig } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import { ports } from '../../config/ports.ts'
import { mergeVariables } from '../environment.ts'
import { kubernetesImage } from '../images.ts'
import type { Manifest } from '../manifest.ts'
import { type BaseArguments, componentArguments, lastArgument } from './arguments.ts'
import { livenessProbe, probeHost, startupProbe } from './probes.ts'
import { type HostEnvironment, startupTimeout, staticPod } from './static-pod.ts'
import { caMounts, distinctMounts, samePath } from './volumes.ts'

/** The static Pod of the controller manager. */
export function kubeControllerManager(config: InitConfig, environment: HostEnvironment): Manifest {
  const { cluster } = config
  const { extraArgs, extraEnvs, extraVolumes } = cluster.controllerManager
  const target = { host: probeHost(lastArgument(extraArgs, 'bind-address') ?? '127.0.0.1'), scheme: 'HTTPS' } as const
  return staticPod({
    name: 'kube-controller-manager',
    image: kubernetesImage('kube-controller-manager', cluster),
    arguments: componentArguments(baseArguments(config, environment), extraArgs),
    environment: mergeVariables(environment.proxyVariables, extraEnvs),
    mounts: distinctMounts([
      samePath('k8s-certs', cluster.certificatesDir, 'DirectoryOrCreate'),
      ...caMounts(environment.caDirectories),
      samePath('kubeconfig', paths.controllerManagerConf, 'FileOrCreate'),
      ...extraVolumes,
    ]),
    port: ports['kube-controller-manager'],
    requests: { cpu: '200m' },
    // It has no readiness of its own: whoever is not the leader is fine too.
    probes: {
      livenessProbe: livenessProbe(target, '/healthz'),
      startupProbe: startupProbe(target, '/healthz', startupTimeout(config)),
    },
  })
}

function baseArguments({ cluster }: InitConfig, { externalCa }: HostEnvironment): BaseArguments {
  const { podSubnet, serviceSubnet } = cluster.networking
  const pki = (name: string) => path.join(cluster.certificatesDir, name)
  return {
    ...(podSubnet === undefined || podSubnet === ''
      ? {}
      : { 'allocate-node-cidrs': 'true', 'cluster-cidr': podSubnet, 'service-cluster-ip-range': serviceSubnet }),
    'authentication-kubeconfig': paths.controllerManagerConf,
    'authorization-kubeconfig': paths.controllerManagerConf,
    'bind-address': '127.0.0.1',
    'client-ca-file': pki('ca.crt'),
    'cluster-name': cluster.clusterName,
    // Empty, so that the controller that signs does not start: it has no key.
    'cluster-signing-cert-file': externalCa ? '' : pki('ca.crt'),
    'cluster-signing-key-file': externalCa ? '' : pki('ca.key'),
    controllers: '*,bootstrapsigner,tokencleaner',
    kubeconfig: paths.controllerManagerConf,
    'leader-elect': 'true',
    'requestheader-client-ca-file': pki('front-proxy-ca.crt'),
    'root-ca-file': pki('ca.crt'),
    'service-account-private-key-file': pki('sa.key'),
    'use-service-account-credentials': 'true',
  }
}
