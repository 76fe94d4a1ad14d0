import { newestKubernetes } from '../config/own-version.ts'
import { parseVersion } from '../config/versions.ts'
import { failed, passed, warned, type Check } from './check.ts'

/** Only a warning, as with kubeadm: a newer minor often works, and nobody has tried it. */
export function kubernetesVersion(target: string): Check {
  return {
    name: 'KubernetesVersion',
    requires: 'a Kubernetes of no newer minor than kadm knows (a warning)',
    run: async () => {
      const [own, wanted] = [parseVersion(newestKubernetes), parseVersion(target)]
      if (own === undefined || wanted === undefined) return failed(`"${target}" is not a Kubernetes version`)
      const newer = wanted.major > own.major || (wanted.major === own.major && wanted.minor > own.minor)
      return newer
        ? warned(`Kubernetes ${target} is newer than ${own.major}.${own.minor}.x, the newest that this kadm knows: upgrade kadm first`)
        : passed
    },
  }
}
