/** What no check on one host can see. */
import { expect, test } from 'vitest'
import { hostChecks } from '../../src/fleet/plan/fleet-checks.ts'
import { fileOf, type Hosts } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const file = fileOf(
  { h1: 'control-plane', h2: 'control-plane', h3: 'worker', h4: 'absent' },
  {},
  { kubeadm: { clusterConfiguration: { networking: { podSubnet: '10.244.0.0/16,fd00:10:244::/56' } } } },
)

test('machines that are twins of each other in the cluster: by machine id, by product id, by host name', () => {
  const all = ['h1', 'h2', 'h3']
  expect(errorsOf({ h1: { machineId: 'm' }, h2: { machineId: 'm' }, h3: { machineId: 'n' } }, all)).toEqual([
    'h1 and h2 have the same /etc/machine-id "m": give each its own: rm /etc/machine-id && systemd-machine-id-setup',
  ])
  expect(errorsOf({ h1: { productUuid: 'u' }, h2: { productUuid: 'v' }, h3: { productUuid: 'u' } }, all)).toEqual([
    'h1 and h3 have the same product_uuid "u": give each machine its own',
  ])
  expect(errorsOf({ h1: { hostname: 'h1' }, h2: { hostname: 'h1' }, h3: { hostname: 'h1' } }, all)).toEqual([
    'h1 and h2 and h3 have the same host name "h1": give each its own: hostnamectl set-hostname NAME',
  ])
  // Who is called otherwise in the cluster may be called so at home.
  expect(errorsOf({ h1: { hostname: 'n' }, h2: { hostname: 'n' } }, all)).toEqual([])
  // Who leaves is in nobody's way, and what is not known is no twin.
  const same = { machineId: 'm', productUuid: 'u', hostname: 'h1' }
  expect(errorsOf({ h1: same, h2: {}, h3: {}, h4: same }, all)).toEqual([])
})

test('twins that are members of the cluster already are a warning, and an error to one that arrives beside them', () => {
  const same = { machineId: 'm', productUuid: 'u', hostname: 'h1' }
  const member = { ...same, node: 'control-plane' } as const
  const names = ['/etc/machine-id', 'product_uuid', 'host name']
  const told = (who: string): unknown => names.map((name) => expect.stringContaining(`${who} have the same ${name}`))
  expect(hostChecks(file, states({ h1: member, h2: member }), [])).toEqual({ errors: [], warnings: told('h1 and h2') })
  const arrives = [{ host: 'h3', kind: 'join', why: '' }] as const
  expect(hostChecks(file, states({ h1: member, h2: member, h3: same }), arrives)).toEqual({
    errors: told('h1 and h2 and h3'),
    warnings: [],
  })
})

test('an address in the range of Services or of Pods is one that the host would lose; a node has one there itself', () => {
  const lost = (address: string, range: string): unknown =>
    expect.stringMatching(new RegExp(`^h3 has the address ${address}, which lies in networking.${range} .*choose another range$`))
  const addresses = ['10.96.0.9', '10.244.3.1', 'fd00:10:244::7', '10.245.0.1', '192.168.7.3']
  expect(errorsOf({ h3: { addresses } })).toEqual([
    lost('10.96.0.9', 'serviceSubnet'),
    lost('10.244.3.1', 'podSubnet'),
    lost('fd00:10:244::7', 'podSubnet'),
  ])
  expect(errorsOf({ h3: { addresses, node: 'worker' } })).toEqual([])
})

test('clocks that are apart by a minute are an error, by a second a warning', () => {
  const apart = (clockAhead: number): unknown => hostChecks(file, states({ h1: {}, h2: { clockAhead } }), [])
  const text = (seconds: string): unknown => expect.stringContaining(`the clock of h2 is ${seconds} s ahead of that of h1`)
  expect(apart(60_000)).toEqual({ errors: [text('60.0')], warnings: [] })
  expect(apart(59_000)).toEqual({ errors: [], warnings: [text('59.0')] })
  expect(apart(900)).toEqual({ errors: [], warnings: [] })
})

test('kubelets too new, too old or missing, on hosts that are about to get a node', () => {
  const kubelets = { h1: { kubelet: 'v1.38.0' }, h2: { kubelet: 'v1.33.1' }, h3: { kubelet: '' } }
  expect(errorsOf(kubelets, ['h1', 'h2', 'h3'])).toEqual([
    expect.stringContaining('h1 has kubelet v1.38.0, newer'),
    expect.stringContaining('h2 has kubelet v1.33.1, more than 3 minors'),
    expect.stringContaining('h3 has no kubelet'),
  ])
  expect(errorsOf(kubelets)).toEqual([])
})

function errorsOf(hosts: Hosts, joining: readonly string[] = []): readonly string[] {
  const actions = joining.map((host) => ({ host, kind: 'join', why: '' }) as const)
  return hostChecks(file, states(hosts), actions).errors
}

function states(hosts: Hosts) {
  return new Map(Object.entries(hosts).map(([name, state]) => [name, reachedHost(state)]))
}
