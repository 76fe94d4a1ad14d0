import type { Host } from '../host/host.ts'
import { passed, warned, type Check } from './check.ts'
import { noInitSystem } from './kubelet-service.ts'

/** `ports`: those that other hosts must reach. */
export function firewalld({ services }: Pick<Host, 'services'>, ports: readonly number[]): Check {
  return {
    name: 'Firewalld',
    requires: 'no firewalld that may close the ports of the API server and the kubelet (a warning)',
    run: async () => {
      if ((await services.kind()) === 'none') return warned(noInitSystem)
      if (!(await services.exists('firewalld')) || !(await services.isActive('firewalld'))) return passed
      const commands = ports.map((port) => `firewall-cmd --permanent --add-port=${port}/tcp`)
      return warned(
        `firewalld is active, please ensure ports ${ports.join(' ')} are open or your cluster may not function correctly: ${commands.join('; ')}`,
      )
    },
  }
}
