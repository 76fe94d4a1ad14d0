import type { InitConfig } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import { ports } from '../../config/ports.ts'
import { mergeVariables } from '../environment.ts'
import { kubernetesImage } from '../images.ts'
import type { Manifest } from '../manifest.ts'
import { componentArguments, lastArgument } from './arguments.ts'
import { livenessProbe, probeHost, readinessProbe, startupProbe } from './probes.ts'
import { type HostEnvironment, startupTimeout, staticPod } from './static-pod.ts'
import { distinctMounts, samePath } from './volumes.ts'

/** The static Pod of the scheduler. */
export function kubeScheduler(config: InitConfig, environment: HostEnvironment): Manifest {
  const { extraArgs, extraEnvs, extraVolumes } = config.cluster.scheduler
  const target = { host: probeHost(lastArgument(extraArgs, 'bind-address') ?? '127.0.0.1'), scheme: 'HTTPS' } as const
  return staticPod({
    name: 'kube-scheduler',
    image: kubernetesImage('kube-scheduler', config.cluster),
    arguments: componentArguments(
      {
        'authentication-kubeconfig': paths.schedulerConf,
        'authorization-kubeconfig': paths.schedulerConf,
        'bind-address': '127.0.0.1',
        kubeconfig: paths.schedulerConf,
        'leader-elect': 'true',
      },
      extraArgs,
    ),
    environment: mergeVariables(environment.proxyVariables, extraEnvs),
    mounts: distinctMounts([samePath('kubeconfig', paths.schedulerConf, 'FileOrCreate'), ...extraVolumes]),
    port: ports['kube-scheduler'],
    requests: { cpu: '100m' },
    probes: {
      livenessProbe: livenessProbe(target, '/livez'),
      readinessProbe: readinessProbe(target, '/readyz'),
      startupProbe: startupProbe(target, '/livez', startupTimeout(config)),
    },
  })
}
