/** What probes say, and what is made of it. The probes themselves run on this machine. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseClusterFile } from '../../src/config/cluster-file.ts'
import { measureWrites, parseProbe, probeHost, type Disk } from '../../src/fleet/look/host-probe.ts'
import { measureFleet } from '../../src/fleet/look/measure-fleet.ts'
import { neededPorts } from '../../src/fleet/look/needed-ports.ts'
import { probeFindings, writeWarnings, type ProbedHost } from '../../src/fleet/look/probe-findings.ts'
import type { Argv, Host } from '../../src/host/host.ts'
import { localHost } from '../../src/host/local-host.ts'
import { reachedHost } from './reached-host.ts'

const { signal } = new AbortController()

test('this machine: loopback, the disk of a folder that is not there yet', async () => {
  const { links, disks, cgroup } = await probeHost(
    localHost(),
    { directories: ['/var/lib/none/of/these'], presentDirectories: ['/var/lib/none/either'] },
    signal,
  )
  expect(links.find(({ device }) => device === 'lo')).toMatchObject({ mtu: 65_536, mac: '00:00:00:00:00:00' })
  expect(disks).toHaveLength(1)
  expect(disks[0]?.directory).toBe('/var/lib/none/of/these')
  expect(disks[0]?.size).toBeGreaterThan(disks[0]?.free ?? Infinity)
  expect(cgroup).not.toBe('')
})

test('version 2 of control groups is known by its files: stat of busybox has no name for it', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kadm-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const elsewhere: Pick<Host, 'query'> = {
    query: ([program, ...words], options) =>
      localHost().query(
        [program, ...words.map((word) => word.replaceAll('/sys/fs/cgroup', folder).replaceAll('stat -fc %T', 'echo UNKNOWN'))],
        options,
      ),
  }
  const cgroup = async (): Promise<string> => (await probeHost(elsewhere, { directories: [] }, signal)).cgroup
  expect(await cgroup()).toBe('UNKNOWN')
  await writeFile(path.join(folder, 'cgroup.controllers'), '')
  expect(await cgroup()).toBe('cgroup2fs')
})

test('this machine: names that it does not know, programs that it does not have, whatever is in them', async () => {
  const { unknownNames, missingPrograms } = await probeHost(
    localHost(),
    { directories: [], names: ['localhost', 'none.invalid'], programs: ['sh', 'no-such-program', '$(touch never)'] },
    signal,
  )
  expect(unknownNames).toEqual(['none.invalid'])
  expect(missingPrograms).toEqual(['no-such-program', '$(touch'])
})

test('writes are measured one by one, in about a second at most, and leave no file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kadm-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const seconds = await measureWrites(localHost(), path.join(folder, 'var/etcd'), signal)
  expect(seconds.length).toBeGreaterThan(0)
  expect(seconds.length).toBeLessThanOrEqual(225)
  for (const one of seconds) expect(one).toBeGreaterThan(0)
  expect(await readdir(folder)).toEqual([])
})

test('names of file systems may have spaces; a link without an address, and what is no size, are borne', () => {
  const probe = parseProbe(
    'link tun0 1420 \nlink eth0 9000 02:AB:00:00:00:01\ndisk /x //srv/my share 1000 400 600 40% /mnt/a b\ndisk /y none 0 0 0 -  /y\ncgroup \n',
  )
  expect(probe.links).toEqual([
    { device: 'tun0', mtu: 1420, mac: '' },
    { device: 'eth0', mtu: 9000, mac: '02:ab:00:00:00:01' },
  ])
  expect(probe.disks).toEqual([{ directory: '/x', free: 614_400, size: 1_024_000 }])
  expect(probe.cgroup).toBe('')
})

test('writes: 10 ms at the 99th percentile, to the second worst of 200', () => {
  const quick = Array.from({ length: 198 }, () => 0.002)
  expect(writeWarnings('h1', '/var/lib/etcd', [...quick, 0.0099, 5])).toEqual([])
  expect(writeWarnings('h1', '/var/lib/etcd', [...quick, 0.0123, 5])).toEqual([])
  expect(writeWarnings('h1', '/var/lib/etcd', [...quick.slice(1), 0.0123, 5, 5])).toEqual([
    expect.stringContaining('h1: a write to the disk of /var/lib/etcd takes 12.3 ms (99th percentile of 200;'),
  ])
  expect(writeWarnings('h1', '/var/lib/etcd', [])).toEqual([])
})

test('MAC twins, links of different size, old control groups and kernels, full disks: each names its hosts', () => {
  const hosts = [
    probed('h1', { mac: '02:00:00:00:00:01', cgroup: 'tmpfs', kernel: '3.10.0-1160', free: 9 }),
    probed('h2', { mac: '02:00:00:00:00:01', mtu: 1400 }),
    // Bonds and tunnels without an address of their own are no twins.
    probed('h3', { mac: '00:00:00:00:00:00' }),
    probed('h4', { mac: '00:00:00:00:00:00' }),
  ]
  const { errors, warnings } = probeFindings(file(), hosts)
  expect(errors).toEqual([
    expect.stringContaining('h1 (eth0) and h2 (eth0) have the same MAC address "02:00:00:00:00:01"'),
    expect.stringContaining('h1 has cgroups v1, which its kubelet v1.37.2 refuses'),
  ])
  expect(warnings).toEqual([
    expect.stringContaining('1400 on h2 (eth0); 1500 on h1 (eth0), h3 (eth0), h4 (eth0)'),
    expect.stringContaining('h1: kernel release 3.10.0-1160 is unsupported'),
    expect.stringContaining('h1: 9.0 % (0.0 GiB) free where /var/lib/kubelet is, and below 10 %'),
  ])
  const members = hosts.map((host) => ({ ...host, arrives: false }))
  const { errors: none, warnings: twins } = probeFindings(file(), members)
  expect(none).toEqual([])
  expect(twins).toEqual([expect.stringContaining('have the same MAC'), expect.stringContaining('1400 on h2')])
  const settled = file({ kubeletConfiguration: { failCgroupV1: false, evictionHard: {} } })
  expect(probeFindings(settled, hosts).errors).toHaveLength(1)
  expect(probeFindings(settled, hosts).warnings).toHaveLength(2)
})

test('ports: between control planes, to them, from them, none between workers; as the file moves them', () => {
  const numbers = (of: ReturnType<typeof file>, from: 'control-plane' | 'worker', to: 'control-plane' | 'worker'): readonly number[] =>
    neededPorts(of, { role: from }, { role: to }).map(({ port }) => port)
  expect(numbers(file(), 'control-plane', 'control-plane')).toEqual([6443, 2379, 2380, 10250])
  expect(numbers(file(), 'worker', 'control-plane')).toEqual([6443])
  expect(numbers(file(), 'control-plane', 'worker')).toEqual([10250])
  expect(numbers(file(), 'worker', 'worker')).toEqual([])
  const moved = file({
    clusterConfiguration: { etcd: { external: { endpoints: ['https://192.0.2.9:2379'] } } },
    initConfiguration: { localAPIEndpoint: { bindPort: 8443 } },
    kubeletConfiguration: { port: 11_250 },
  })
  expect(numbers(moved, 'control-plane', 'control-plane')).toEqual([8443, 11_250])
  expect(numbers(moved, 'worker', 'control-plane')).toEqual([8443])
  // An API server that is there already has the port that it was made with.
  const api = neededPorts(file(), { role: 'worker' }, { role: 'control-plane', apiPort: 7443 })
  expect(api.map(({ port }) => port)).toEqual([7443])
})

test('a host that does not know the name of the API, one without kubectl, and disks of etcd: full, nearly full, and enough', () => {
  const [full, nearly, enough] = [100, 1000, 5000].map((free) => ({ directory: '/var/lib/etcd', free: free * 1024 ** 2, size: 1e12 }))
  const hosts = [
    probed('h1', { unknownNames: ['api.shop'], missingPrograms: ['kubectl'], etcd: enough }),
    probed('h2', { etcd: nearly }),
    probed('h3', { etcd: full }),
  ]
  const { errors, warnings } = probeFindings(file(), hosts)
  expect(errors).toEqual([
    expect.stringContaining('h1 does not know the name "api.shop" of controlPlaneEndpoint'),
    expect.stringContaining('h1 has no kubectl, which lays network.manifest there'),
    expect.stringContaining('h3: 100 MiB free where etcd is to have its data (/var/lib/etcd), and it does not start with less than 200'),
  ])
  expect(warnings).toEqual([expect.stringContaining('h2: 1000 MiB free where etcd is to have its data')])
  const cutOff = hosts.slice(1).map((host) => ({ ...host, state: { ...host.state, unfinished: 'join' } }))
  expect(probeFindings(file(), cutOff)).toEqual({ errors: [], warnings: [] })
  const settled = hosts.map((host) => ({ ...host, arrives: false }))
  expect(probeFindings(file(), settled)).toEqual({ errors: [], warnings: [] })
})

test('what a host is asked: the name of the API where it gets a node, kubectl where the network is laid, the disk of etcd on control planes', async () => {
  const wanted = parseClusterFile(
    JSON.stringify({
      apiVersion: 'kadm.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'shop' },
      spec: {
        controlPlaneEndpoint: 'api.shop.example:6443',
        network: { manifest: 'net.yaml' },
        kubeadm: { clusterConfiguration: { etcd: { local: { dataDir: '/data/etcd' } } } },
        hosts: ['control-plane', 'control-plane', 'worker', 'worker'].map((role, index) => ({
          name: `h${index + 1}`,
          address: `192.0.2.${index + 1}`,
          role,
        })),
      },
    }),
    'cluster.yaml',
  )
  const asked = new Map<string, readonly string[]>()
  const host = (name: string): Host =>
    ({
      facts: async () => ({ addresses: [] }),
      canListen: async () => false,
      dial: () => Promise.reject(new Error('refused')),
      query: async (argv: Argv) => {
        const words = argv.filter((word) => /^(?:name|program|disk):/.test(word))
        if (words.length > 0) asked.set(name, words)
        return { exitCode: 0, stdout: '', stderr: '' }
      },
    }) as unknown as Host
  const names = wanted.hosts.map(({ name }) => name)
  const states = new Map(names.map((name) => [name, reachedHost({ hostname: name })]))
  const arriving = [
    { host: 'h1', kind: 'init', why: '' },
    { host: 'h2', kind: 'join', why: '' },
    { host: 'h3', kind: 'join', why: '' },
  ] as const
  await measureFleet(wanted, { hosts: new Map(names.map((name) => [name, host(name)])), states }, arriving, signal)
  const kubelet = ['disk:/var/lib/kubelet', 'disk:/var/lib/containerd']
  const api = 'name:api.shop.example'
  expect(Object.fromEntries(asked)).toEqual({
    h1: [...kubelet, 'disk:/data/etcd', api, 'program:kubectl'],
    h2: [...kubelet, 'disk:/data/etcd', api],
    h3: [...kubelet, api],
    h4: kubelet,
  })
})

function file(kubeadm: object = {}) {
  const hosts = [{ name: 'h1', address: '192.0.2.1', role: 'control-plane' }]
  return parseClusterFile(
    JSON.stringify({ apiVersion: 'kadm.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'shop' }, spec: { hosts, kubeadm } }),
    'cluster.yaml',
  )
}

interface Changes {
  readonly mac?: string
  readonly mtu?: number
  readonly cgroup?: string
  readonly kernel?: string
  /** Percent. */
  readonly free?: number
  readonly etcd?: Disk | undefined
  readonly unknownNames?: readonly string[]
  readonly missingPrograms?: readonly string[]
}

function probed(name: string, changes: Changes): ProbedHost {
  const { mac = `02:00:00:00:01:0${name.slice(1)}`, mtu = 1500, cgroup = 'cgroup2fs', kernel = '6.12.1', free = 50, etcd } = changes
  const { unknownNames = [], missingPrograms = [] } = changes
  const link = { device: 'eth0', mtu, mac }
  const disks = [{ directory: '/var/lib/kubelet', free, size: 100 }, ...(etcd === undefined ? [] : [etcd])]
  return {
    name,
    state: reachedHost({ hostname: name, kernel, hasWantedKubelet: true }),
    link,
    arrives: true,
    etcdDirectory: etcd?.directory,
    probe: { links: [link], disks, cgroup, unknownNames, missingPrograms },
  }
}
