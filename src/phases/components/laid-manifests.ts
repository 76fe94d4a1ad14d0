/** Static Pods that the user has laid on a host before it becomes a control plane, such as kube-vip. */
import path from 'node:path/posix'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import { staticPodComponents, staticPodPath } from '../../manifests/write-static-pod.ts'
import type { Phase } from '../phase.ts'

export interface KubeletStart {
  /** Full name of the phase that starts the kubelet. */
  readonly phase: string
  /** Full names of what is to be done before it, where such Pods are there. */
  readonly after: readonly string[]
}

/**
 * The workflow in which the kubelet starts behind the kubeconfigs too, where such Pods are there: it begins them at once, and for a file
 * that they mount and that is not there yet the runtime makes a folder of its name. Else the workflow as it is, which is quicker.
 */
export async function mindingLaidManifests<Run>(
  phases: readonly Phase<Run>[],
  { phase, after }: KubeletStart,
  host: Pick<Host, 'list'>,
): Promise<readonly Phase<Run>[]> {
  // Who may not look there changes nothing either.
  const names = (await host.list(paths.manifests).catch(() => undefined)) ?? []
  const isLaid = names.some((name) => !name.startsWith('.') && !own.has(name))
  return isLaid ? withNeeds(phases, phase.split('/'), after) : phases
}

const own = new Set(staticPodComponents.map((one) => path.basename(staticPodPath(one))))

function withNeeds<Run>(
  phases: readonly Phase<Run>[],
  [name, ...rest]: readonly string[],
  needs: readonly string[],
): readonly Phase<Run>[] {
  return phases.map((phase) => {
    if (phase.name !== name) return phase
    return rest.length === 0
      ? { ...phase, needs: [...(phase.needs ?? []), ...needs] }
      : { ...phase, phases: withNeeds(phase.phases ?? [], rest, needs) }
  })
}
