import { isIP } from 'node:net'
import { qualifiedNameProblem } from '../config/label-checks.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { warned, type Check } from './check.ts'

type Resolver = Pick<Host, 'query' | 'readText'>

/** Of the node's name: is it one that labels can hold, and does it resolve? Only warnings, as with kubeadm. */
export function hostname(host: Resolver, nodeName: string, signal?: AbortSignal): Check {
  return {
    name: 'Hostname',
    requires: 'a node name that labels can hold and that resolves (a warning)',
    run: async () => {
      const problem = qualifiedNameProblem(nodeName)
      return warned(
        ...(problem === undefined ? [] : [`invalid node name format "${nodeName}": ${problem}`]),
        ...((await resolves(host, nodeName, signal)) ? [] : [`hostname "${nodeName}" could not be reached: no entry in /etc/hosts or DNS`]),
      )
    },
  }
}

async function resolves(host: Resolver, name: string, signal: AbortSignal | undefined): Promise<boolean> {
  if (isIP(name) !== 0 || isListed(name, (await host.readText('/etc/hosts')) ?? '')) return true
  try {
    // The host's own resolver, with whatever nsswitch.conf adds. 20 s: two servers that do not answer take 5 s twice.
    return (await host.query(['getent', 'ahosts', name], { timeout: 20_000, ...(signal && { signal }) })).exitCode === 0
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof KadmError) return false
    throw error
  }
}

/** In hosts(5), which every resolver reads first: that saves a program's start. */
function isListed(name: string, hosts: string): boolean {
  const words = hosts.split('\n').flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1))
  return words.some((word) => word.toLowerCase() === name.toLowerCase())
}
