/**
 * The network of a sandbox: one bridge in a namespace of its own (the switch), and a cable from it to the controller, to the balancer and
 * to each host. Nothing of it is in the machine's own network, and no packet leaves it: the controller answers what is for elsewhere with
 * "unreachable", at once.
 */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { controllerAddresses, type Addresses } from './addresses.ts'
import { mustRun, runProgram } from './run-program.ts'

/** Name of the network namespace of a member: `switch`, `controller`, `balancer` or a host. */
export function namespaceName(sandbox: string, member: string): string {
  return `kadm-${sandbox}-${member}`
}

/** The namespaces of this sandbox that there are. Names of hosts hold no "-", so `a` never takes those of `a-b`. */
export async function existingNamespaces(sandbox: string): Promise<readonly string[]> {
  const prefix = namespaceName(sandbox, '')
  const names = await readdir('/run/netns').catch(() => [])
  return names.filter((name) => name.startsWith(prefix) && /^(h\d+|switch|controller|balancer)$/.test(name.slice(prefix.length)))
}

/** The switch and the controller. */
export async function makeNetwork(sandbox: string, subnet: number): Promise<void> {
  const switchName = namespaceName(sandbox, 'switch')
  await batch(undefined, [`netns add ${switchName}`, `netns add ${namespaceName(sandbox, 'controller')}`])
  await batch(switchName, ['link add br0 type bridge', 'link set br0 up'])
  await connect(sandbox, 'controller', controllerAddresses(subnet))
  const controller = namespaceName(sandbox, 'controller')
  await batch(controller, ['route add unreachable default', ...(haveIpv6() ? ['route add unreachable ::/0'] : [])])
  const forward = 'echo 1 >/proc/sys/net/ipv4/ip_forward; [ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
  await mustRun(['nsenter', `--net=/run/netns/${controller}`, 'sh', '-c', forward])
}

/** A member's namespace and its cable. The gateway makes default routes of both families, which kubeadm and the kubelet look for. */
export async function plugIn(sandbox: string, member: string, own: Addresses, subnet: number): Promise<void> {
  await batch(undefined, [`netns add ${namespaceName(sandbox, member)}`])
  await connect(sandbox, member, own)
  const gateway = controllerAddresses(subnet)
  const routes = [`route add default via ${gateway.address}`, ...(haveIpv6() ? [`route add ::/0 via ${gateway.address6}`] : [])]
  await batch(namespaceName(sandbox, member), routes)
}

/** Takes a member's cable and namespace away. The cable by itself: the namespace lives on for as long as any process is in it. */
export async function unplug(sandbox: string, member: string): Promise<void> {
  await runProgram(['ip', '-n', namespaceName(sandbox, 'switch'), 'link', 'delete', portName(member)])
  await runProgram(['ip', 'netns', 'delete', namespaceName(sandbox, member)])
}

/** The member's cable, at the switch's end: out, or in again. */
export async function setLink(sandbox: string, member: string, state: 'up' | 'down'): Promise<void> {
  await batch(namespaceName(sandbox, 'switch'), [`link set ${portName(member)} ${state}`])
}

/** Whether each member's cable is in, by name of the member. */
export async function linkStates(sandbox: string): Promise<ReadonlyMap<string, boolean>> {
  const { stdout } = await runProgram(['ip', '-n', namespaceName(sandbox, 'switch'), '-o', 'link', 'show'])
  const links = [...stdout.matchAll(/^\d+: port-([^@:]+)\S* <([^>]*)>/gm)]
  return new Map(links.map(([, member = '', flags = '']) => [member, flags.split(',').includes('UP')]))
}

/** Runs lines of `ip` in a namespace, or on the machine. */
export async function batch(namespace: string | undefined, lines: readonly string[]): Promise<void> {
  const where = namespace === undefined ? [] : ['-n', namespace]
  await mustRun(['ip', ...where, '-batch', '-'], { input: `${lines.join('\n')}\n` })
}

export function haveIpv6(): boolean {
  return existsSync('/proc/net/if_inet6')
}

/** Of a member's cable at the switch's end. Names of devices end at 15 characters. */
function portName(member: string): string {
  return `port-${member.slice(0, 10)}`
}

async function connect(sandbox: string, member: string, own: Addresses): Promise<void> {
  const name = namespaceName(sandbox, member)
  const port = portName(member)
  await batch(namespaceName(sandbox, 'switch'), [
    `link add ${port} type veth peer name eth0 netns ${name}`,
    `link set ${port} master br0 up`,
  ])
  // The same card again after a renewal: neighbours keep a card's address for a while.
  const card = `02:6b:61:64:${own.address
    .split('.')
    .slice(2)
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join(':')}`
  const six = haveIpv6() ? [`address add ${own.address6}/64 dev eth0 nodad`] : []
  await batch(name, [
    'link set lo up',
    `link set eth0 address ${card}`,
    `address add ${own.address}/24 dev eth0`,
    ...six,
    'link set eth0 up',
  ])
}
