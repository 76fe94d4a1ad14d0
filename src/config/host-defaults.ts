/** Defaults that are found out on the host: node name, address, socket of the container runtime. */
import type { Host, HostFacts } from '../host/host.ts'
import { isGlobalUnicast, isLoopback, isUnspecified, formatIp, parseIp } from './ip-address.ts'

export interface Found {
  readonly value: string
  readonly warnings: readonly string[]
  readonly problems: readonly string[]
}

/** Sockets that kubeadm looks for, in its order. */
const knownSockets = [
  'unix:///var/run/containerd/containerd.sock',
  'unix:///var/run/crio/crio.sock',
  'unix:///var/run/cri-dockerd.sock',
] as const

export const defaultCriSocket = knownSockets[0]

/** The given name or the host's, in lower case without blanks at its ends. */
export function nodeName(given: string, facts: HostFacts): string {
  return (given === '' ? facts.hostname : given).trim().toLowerCase()
}

/** The address that the API server announces: the given one, or that of the interface with the default route. */
export function advertiseAddress(given: string, facts: HostFacts): Found {
  const ip = parseIp(given)
  if (ip === undefined && given !== '') return { value: given, warnings: [], problems: [`"${given}" is not an IP address`] }
  if (ip !== undefined && isLoopback(ip)) {
    const address = globalAddress(facts, 'lo', 4) ?? globalAddress(facts, 'lo', 6)
    return address === undefined
      ? { value: given, warnings: [], problems: [`"${given}" is a loopback address, and the loopback interface has no other one`] }
      : found(address)
  }
  if (ip !== undefined && !isUnspecified(ip)) return found(formatIp(ip))
  const families = ip?.family === 6 ? ([6, 4] as const) : ([4, 6] as const)
  // As kubeadm: in the kernel's order, and an IPv6 default route counts only with a gateway.
  const routes = facts.routes.filter(
    ({ destination, gateway }) => destination === '0.0.0.0/0' || (destination === '::/0' && gateway !== undefined),
  )
  if (routes.length === 0) {
    return {
      value: '0.0.0.0',
      warnings: ['no address for the API server was found as there is no default route: using 0.0.0.0'],
      problems: [],
    }
  }
  for (const family of families) {
    for (const { device } of routes.filter((route) => route.family === family)) {
      const address = globalAddress(facts, device, family) ?? globalLoopback(facts, family)
      if (address !== undefined) return found(address)
    }
  }
  return { value: given, warnings: [], problems: ['no interface with a default route has an address that others can reach: set it'] }
}

/** The given socket as a URL, or the one that answers. `detect` false: containerd's, unseen. */
export async function criSocket(given: string, host: Host, detect: boolean): Promise<Found> {
  if (given.startsWith('unix')) return found(given)
  if (given !== '') {
    const value = `unix://${given}`
    return { value, warnings: [`the CRI socket "${given}" should be written as a URL: using "${value}"`], problems: [] }
  }
  if (!detect) return found(defaultCriSocket)
  const answers = await Promise.all(knownSockets.map((socket) => answersOn(host, socket)))
  const sockets = knownSockets.filter((_, index) => answers[index] === true)
  if (sockets.length > 1)
    return {
      value: sockets[0] ?? '',
      warnings: [],
      problems: [`there are several container runtimes on the host: choose one of ${sockets.join(', ')}`],
    }
  return found(sockets[0] ?? defaultCriSocket)
}

async function answersOn(host: Host, socket: string): Promise<boolean> {
  try {
    const stream = await host.dial({ kind: 'unix', path: socket.slice('unix://'.length) }, { signal: AbortSignal.timeout(2000) })
    stream.destroy()
    return true
  } catch {
    return false
  }
}

function found(value: string): Found {
  return { value, warnings: [], problems: [] }
}

function globalAddress(facts: HostFacts, device: string, family: 4 | 6): string | undefined {
  return facts.addresses.find((address) => address.device === device && address.family === family && isGlobal(address.address))?.address
}

function globalLoopback(facts: HostFacts, family: 4 | 6): string | undefined {
  return facts.addresses.find((address) => address.loopback && address.family === family && isGlobal(address.address))?.address
}

function isGlobal(text: string): boolean {
  const ip = parseIp(text)
  return ip !== undefined && isGlobalUnicast(ip)
}
