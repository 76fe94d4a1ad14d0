import type { Host } from '../host/host.ts'
import { passed, warned, type Check } from './check.ts'

export const noInitSystem = 'no supported init system detected, skipping checking for services'

/** Not whether it runs: the kubelet is started when its configuration is there. */
export function kubeletService({ services }: Pick<Host, 'services'>): Check {
  return {
    name: 'Service-kubelet',
    requires: 'a service "kubelet" that is enabled; it need not run (a warning)',
    run: async () => {
      const kind = await services.kind()
      if (kind === 'none') return warned(noInitSystem)
      if (await services.isEnabled('kubelet')) return passed
      if (!(await services.exists('kubelet'))) return warned('kubelet service does not exist')
      const command = kind === 'systemd' ? 'systemctl enable kubelet.service' : 'rc-update add kubelet default'
      return warned(`kubelet service is not enabled, please run '${command}'`)
    },
  }
}
