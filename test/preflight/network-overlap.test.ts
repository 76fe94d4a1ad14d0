import { expect, test } from 'vitest'
import type { InterfaceAddress, Route } from '../../src/host/host.ts'
import { overlapsOf, sharedRanges } from '../../src/preflight/network-overlap.ts'

const ranges = { serviceSubnet: '10.96.0.0/12,fd00:96::/112', podSubnet: '10.244.0.0/16' }

test.each([
  { podSubnet: '10.244.0.0/16', shared: [] },
  { podSubnet: '', shared: [] },
  { podSubnet: '10.96.0.0/16', shared: ['10.96.0.0/12 and the Pod range 10.96.0.0/16'] },
  {
    podSubnet: '10.0.0.0/8,fd00:96::/48',
    shared: ['10.96.0.0/12 and the Pod range 10.0.0.0/8', 'fd00:96::/112 and the Pod range fd00:96::/48'],
  },
])('ranges that have addresses in common: Pods in "$podSubnet"', ({ podSubnet, shared }) => {
  expect(sharedRanges({ ...ranges, podSubnet })).toEqual(shared.map((text) => expect.stringContaining(text)))
})

test('a host in its own network', () => {
  expect(
    overlapsOf(
      {
        addresses: [address('192.168.1.5', 'eth0'), address('fe80::1', 'eth0')],
        routes: [route('0.0.0.0/0', 'eth0', '192.168.1.1'), route('::/0', 'eth0', 'fe80::2'), route('192.168.1.0/24', 'eth0')],
      },
      ranges,
    ),
  ).toEqual({ warnings: [], errors: [] })
})

test('an address in the Service range is told once, not again for its route', () => {
  const { errors, warnings } = overlapsOf(
    { addresses: [address('10.99.0.5', 'eth0')], routes: [route('10.99.0.0/24', 'eth0'), route('0.0.0.0/0', 'eth0', '10.99.0.1')] },
    ranges,
  )
  expect(warnings).toEqual([])
  expect(errors).toHaveLength(1)
  expect(errors[0]).toMatch(/address 10\.99\.0\.5 of eth0 .* Service range 10\.96\.0\.0\/12.*networking\.serviceSubnet/)
})

test('IPv6, and addresses in the Pod range', () => {
  const { errors } = overlapsOf({ addresses: [address('fd00:96::7', 'eth0'), address('10.244.9.9', 'eth1')], routes: [] }, ranges)
  expect(errors.map((text) => /^address (\S+) of/.exec(text)?.[1])).toEqual(['fd00:96::7', '10.244.9.9'])
})

test('a route to elsewhere inside the Service range; a larger one around it is none of our business', () => {
  const { errors } = overlapsOf(
    { addresses: [], routes: [route('10.100.0.0/16', 'eth0', '192.168.1.9'), route('10.0.0.0/8', 'tun9', '192.168.1.9')] },
    ranges,
  )
  expect(errors).toHaveLength(1)
  expect(errors[0]).toContain('the route to 10.100.0.0/16 via 192.168.1.9 on eth0 lies in the Service range 10.96.0.0/12')
  expect(overlapsOf({ addresses: [], routes: [route('10.0.0.0/8', 'tun9')] }, { serviceSubnet: '10.0.0.0/16' }).errors).toEqual([])
})

test('routes by way of other nodes inside the Pod range may be Pods: a warning', () => {
  const { errors, warnings } = overlapsOf(
    { addresses: [], routes: [route('10.244.1.0/24', 'eth0', '192.168.1.9'), route('10.244.2.0/24', 'eth1')] },
    ranges,
  )
  expect(warnings).toHaveLength(1)
  expect(errors).toEqual([expect.stringContaining('10.244.2.0/24 on eth1')])
})

test('what kube-proxy and Pod networks have left', () => {
  const addresses = [
    address('10.96.0.1', 'kube-ipvs0'),
    address('10.244.0.1', 'cni0'),
    address('10.244.0.0', 'flannel.1'),
    address('10.244.0.7', 'cilium_host'),
  ]
  const routes = [
    route('10.244.0.0/24', 'cni0'),
    route('10.244.1.0/24', 'flannel.1', '10.244.1.0'),
    route('10.244.3.3/32', 'cali123'),
    route('10.244.4.4/32', 'veth99'),
  ]
  expect(overlapsOf({ addresses, routes }, ranges)).toEqual({ warnings: [], errors: [] })
})

test('without a Pod range only Services count', () => {
  expect(overlapsOf({ addresses: [address('10.244.0.9', 'eth0')], routes: [] }, { serviceSubnet: '10.96.0.0/12' }).errors).toEqual([])
})

function address(text: string, device: string): InterfaceAddress {
  const family = text.includes(':') ? 6 : 4
  return { device, address: text, family, prefixLength: 24, loopback: false }
}

function route(destination: string, device: string, gateway?: string): Route {
  return { device, family: destination.includes(':') ? 6 : 4, destination, metric: 0, ...(gateway === undefined ? {} : { gateway }) }
}
