/** OpenRC as the `Services` of a host. */
import type { Host, Services } from './host.ts'
import { linesOf } from './lines-of.ts'

export function openrc({ query, run }: Pick<Host, 'query' | 'run'>): Services {
  return {
    kind: async () => 'openrc',
    exists: async (name) => (await query(['rc-service', '--exists', name])).exitCode === 0,
    // One line a service: ` kubelet | default`.
    isEnabled: async (name) => {
      const { stdout } = await query(['rc-update', 'show', 'default'])
      return stdout.split('\n').some((line) => line.split('|')[0]?.trim() === name)
    },
    isActive: async (name) => /status: (?:started|starting)/.test((await query(['rc-service', '--nocolor', name, 'status'])).stdout),
    restart: async (name) => {
      await run(['rc-service', name, 'restart'])
    },
    stop: async (name) => {
      await run(['rc-service', name, 'stop'])
    },
    // Alpine's kubelet package logs to the first, plain `output_log` scripts to the second.
    recentLog: async (name, lines) => {
      for (const file of [`/var/log/${name}/${name}.log`, `/var/log/${name}.log`]) {
        const found = await linesOf(query, ['tail', '-n', String(lines), file])
        if (found.length > 0) return found
      }
      return []
    },
  }
}
