import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { freeSubnet, hostAddresses, hostsFile } from '../../src/sandbox/addresses.ts'
import { cgroupHierarchies } from '../../src/sandbox/cgroups.ts'
import { cniConfig } from '../../src/sandbox/cluster-network.ts'
import { haproxyConfig } from '../../src/sandbox/load-balancer.ts'
import { parseProcessStat } from '../../src/sandbox/processes.ts'
import { sandboxDirectory } from '../../src/sandbox/state.ts'

test('the first sandbox has 192.168.99.0/24, the next the next that is free of sandboxes and of the machine', () => {
  expect(freeSubnet([], ['192.0.2.2', '::1'])).toBe(99)
  expect(freeSubnet([99], ['192.168.100.7', '10.96.0.1'])).toBe(101)
  expect(
    freeSubnet(
      Array.from({ length: 256 }, (_, n) => n),
      [],
    ),
  ).toBeUndefined()
})

test('hosts know each other and the balancer by both families', () => {
  expect(hostAddresses(99, 2)).toEqual({ address: '192.168.99.12', address6: 'fd00:192:168:99::12' })
  expect(hostsFile(99, ['h1'], 'lb')).toBe(
    '127.0.0.1 localhost\n::1 localhost ip6-localhost\n192.168.99.11 h1\nfd00:192:168:99::11 h1\n192.168.99.2 lb\nfd00:192:168:99::2 lb\n',
  )
})

test('control groups: beneath the own ones on v1, joint hierarchies whole, at the top on v2', () => {
  const line = (mountPoint: string, type: string, options: string) => `30 23 0:28 / ${mountPoint} rw - ${type} ${type} ${options}`
  const own = '4:memory:/session/7\n2:cpu,cpuacct:/\n0::/x\n'
  const legacy = [
    line('/c/memory', 'cgroup', 'rw,memory'),
    line('/c/cpu,cpuacct', 'cgroup', 'rw,cpu,cpuacct'),
    line('/c/net_cls', 'cgroup', 'rw,net_cls'),
    line('/c/unified', 'cgroup2', 'rw'),
  ]
  expect(cgroupHierarchies('a', own, legacy.join('\n'))).toEqual([
    { options: 'memory', folder: '/c/memory/session/7/kadm-sandbox/a' },
    { options: 'cpu,cpuacct', folder: '/c/cpu,cpuacct/kadm-sandbox/a' },
    { options: 'unified', folder: '/c/unified/kadm-sandbox/a' },
  ])
  expect(cgroupHierarchies('a', '0::/x\n', line('/c', 'cgroup2', 'rw,nsdelegate'))).toEqual([
    { options: 'v2', folder: '/c/kadm-sandbox/a' },
  ])
})

test('a process is known by its number and its start, whatever it calls itself', () => {
  const own = parseProcessStat(readFileSync('/proc/self/stat', 'utf8'))
  expect(own?.pid).toBe(process.pid)
  expect(parseProcessStat(`7 (a) b ( S) S ${Array.from({ length: 30 }, (_, n) => n + 4).join(' ')}`)).toEqual({
    pid: 7,
    state: 'S',
    startTime: '22',
  })
  expect(parseProcessStat('')).toBeUndefined()
})

test('names that could leave the folder of sandboxes are refused', () => {
  for (const name of ['../x', '', 'A', '-a', 'a-', 'a/b', 'x'.repeat(23)])
    expect(() => sandboxDirectory(name), name).toThrow(/cannot be the name of a sandbox/)
})

test('the pod network of a dual-stack node has a range and a default route for each family', () => {
  const { plugins } = JSON.parse(cniConfig(['10.244.0.0/24', 'fd10::/64']))
  expect(plugins[0].ipam).toEqual({
    type: 'host-local',
    ranges: [[{ subnet: '10.244.0.0/24' }], [{ subnet: 'fd10::/64' }]],
    routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
  })
})

test('every host is a server of the balancer', () => {
  const config = haproxyConfig({ subnet: 99, hosts: ['h1', 'h2'] }, true)
  expect(config.match(/^ {2}server .*$/gm)).toEqual([
    '  server h1 192.168.99.11:6443 check check-ssl verify none',
    '  server h2 192.168.99.12:6443 check check-ssl verify none',
  ])
})
