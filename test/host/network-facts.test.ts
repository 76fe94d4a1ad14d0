import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import type { InterfaceAddress, Route } from '../../src/host/host.ts'
import { interfaceAddresses, parseIpv4Routes, parseIpv6Routes, routes } from '../../src/host/network-facts.ts'
import { runJailed } from '../support/jail.ts'

test('addresses and IPv4 routes of this machine are those that ip(8) tells', async () => {
  const told: { ifname: string; addr_info: { local: string; prefixlen: number }[]; flags: string[] }[] = JSON.parse(
    execFileSync('ip', ['-j', 'address'], { encoding: 'utf8' }),
  )
  const up = told.filter(({ flags }) => flags.includes('UP') && flags.includes('LOWER_UP'))
  const expected = up.flatMap(({ ifname, addr_info }) => addr_info.map(({ local, prefixlen }) => `${ifname} ${local}/${prefixlen}`))
  expect(
    interfaceAddresses()
      .map(({ device, address, prefixLength }) => `${device} ${address}/${prefixLength}`)
      .sort(),
  ).toEqual(expected.sort())
  const toldRoutes: { dst: string; gateway?: string; dev: string; metric?: number }[] = JSON.parse(
    execFileSync('ip', ['-j', '-4', 'route'], { encoding: 'utf8' }),
  )
  const found = (await routes()).filter(({ family }) => family === 4)
  const network = (dst: string): string => (dst === 'default' ? '0.0.0.0/0' : dst.includes('/') ? dst : `${dst}/32`)
  expect(found).toEqual(
    toldRoutes.map(({ dst, gateway, dev, metric = 0 }) => ({
      device: dev,
      family: 4,
      destination: network(dst),
      metric,
      ...(gateway === undefined ? {} : { gateway }),
    })),
  )
})

test('a host with two families, and one without any address', async () => {
  const both = await factsIn({ address: '10.20.30.40/20', address6: 'fd12::1:2/64' })
  expect(both.addresses.filter(({ device, address }) => device === 'eth0' && !address.startsWith('fe80'))).toEqual([
    { device: 'eth0', address: '10.20.30.40', family: 4, prefixLength: 20, loopback: false },
    { device: 'eth0', address: 'fd12::1:2', family: 6, prefixLength: 64, loopback: false },
  ])
  expect(both.routes).toEqual(
    expect.arrayContaining([
      { device: 'eth0', family: 4, destination: '0.0.0.0/0', metric: 0 },
      { device: 'eth0', family: 4, destination: '10.20.16.0/20', metric: 0 },
      { device: 'eth0', family: 6, destination: '::/0', metric: 1024 },
    ]),
  )
  const none = await factsIn({ address: null })
  expect(none.addresses.map(({ address, loopback }) => [address, loopback])).toEqual([
    ['127.0.0.1', true],
    ['::1', true],
  ])
  expect(none.routes.filter(({ destination }) => ['0.0.0.0/0', '::/0'].includes(destination))).toEqual([])
})

test('gateways and metrics are read, routes that are down or only refuse are left out', () => {
  const heading = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n'
  const rows = [
    'eth1\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
    'eth1\t0000000A\t00000000\t0000\t0\t0\t0\t000000FF\t0\t0\t0',
    '*\t0000000A\t00000000\t0201\t0\t0\t0\t000000FF\t0\t0\t0',
    '*\t4001F40A\t00000000\t0001\t0\t0\t0\tC0FFFFFF\t0\t0\t0', // a blackhole
  ]
  expect(parseIpv4Routes(`${heading}${rows.join('\n')}\n`)).toEqual([
    { device: 'eth1', family: 4, destination: '0.0.0.0/0', gateway: '192.168.1.1', metric: 100 },
  ])
  const zero = '0'.repeat(32)
  const six = [
    `${zero} 00 ${zero} 00 fd000000000000000000000000000001 00000400 00000001 00000000 00000003     eth1`,
    `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo`,
  ]
  expect(parseIpv6Routes(`${six.join('\n')}\n`)).toEqual([
    { device: 'eth1', family: 6, destination: '::/0', gateway: 'fd00::1', metric: 1024 },
  ])
})

async function factsIn(options: {
  address?: string | null
  address6?: string
}): Promise<{ addresses: readonly InterfaceAddress[]; routes: readonly Route[] }> {
  const module = pathToFileURL(path.resolve(import.meta.dirname, '../../src/host/network-facts.ts')).href
  const script = `const f = await import(${JSON.stringify(module)}); console.log(JSON.stringify({ addresses: f.interfaceAddresses(), routes: await f.routes() }))`
  const result = await runJailed([[process.execPath, '--input-type=module', '-e', script]], options)
  return JSON.parse(result.stdout)
}
