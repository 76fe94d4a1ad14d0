import type { Host } from '../host/host.ts'
import { controlPlaneComponents, staticPodPath } from '../manifests/write-static-pod.ts'
import { failed, passed, type Check } from './check.ts'

export function staticPodManifests(host: Pick<Host, 'stat'>): Check {
  return {
    name: 'StaticPodManifest',
    requires: 'the manifests of the control plane on this host',
    run: async () => {
      const files = controlPlaneComponents.map(staticPodPath)
      const stats = await Promise.all(files.map((file) => host.stat(file)))
      const missing = files.filter((_, index) => stats[index] === undefined)
      return missing.length === 0 ? passed : failed(`manifest files not found: ${missing.join(', ')}`)
    },
  }
}
