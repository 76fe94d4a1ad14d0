/** Finds the init system of a host, in kubeadm's order: systemd, OpenRC, none. */
import { KadmError, hasCode } from '../errors.ts'
import type { Host, Services } from './host.ts'
import { openrc } from './openrc.ts'
import { systemd } from './systemd.ts'

/**
 * The init system is looked for at the first call, once. Failures to stop or start throw COMMAND_FAILED; whether that is a warning
 * is the caller's to say.
 */
export function servicesOf(commands: Pick<Host, 'query' | 'run'>): Services {
  let found: Promise<Services> | undefined
  const services = (): Promise<Services> => (found ??= detect(commands))
  return {
    kind: async () => (await services()).kind(),
    exists: async (name) => (await services()).exists(name),
    isEnabled: async (name) => (await services()).isEnabled(name),
    isActive: async (name) => (await services()).isActive(name),
    restart: async (name) => (await services()).restart(name),
    stop: async (name) => (await services()).stop(name),
    recentLog: async (name, lines) => (await services()).recentLog(name, lines),
  }
}

async function detect(commands: Pick<Host, 'query' | 'run'>): Promise<Services> {
  if (await has(commands, 'systemctl')) return systemd(commands)
  if (!(await has(commands, 'openrc'))) return noServices
  for (const program of ['rc-service', 'rc-update'] as const) {
    if (!(await has(commands, program)))
      throw new KadmError('COMMAND_MISSING', `openrc is on this host, but "${program}" is not`, {
        remedy: [`install ${program} (package openrc) or add its directory to PATH`],
      })
  }
  return openrc(commands)
}

async function has({ query }: Pick<Host, 'query'>, program: string): Promise<boolean> {
  try {
    await query([program, '--version'], { timeout: 10_000 })
    return true
  } catch (error) {
    if (hasCode(error, 'COMMAND_MISSING')) return false
    throw error
  }
}

const noServices: Services = {
  kind: async () => 'none',
  exists: async () => false,
  isEnabled: async () => false,
  isActive: async () => false,
  restart: async () => undefined,
  stop: async () => undefined,
  recentLog: async () => [],
}
