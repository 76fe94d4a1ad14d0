import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ApiError, unreachable } from '../../src/cluster/api-error.ts'
import { kubeadmDocuments } from '../../src/config/fields/cluster-file-fields.ts'
import type { ClusterFile } from '../../src/config/cluster-file.ts'
import { kubeletKind, kubeProxyKind } from '../../src/config/component-config.ts'
import { decodeObject } from '../../src/config/decode.ts'
import { configurationWarnings } from '../../src/fleet/plan/configuration-warnings.ts'
import { readStoredConfiguration } from '../../src/fleet/look/stored-cluster.ts'
import { anyComponent } from '../config/any-component.ts'
import { anyConfiguration } from '../config/any-configuration.ts'
import { answering, configMapsOf, type ConfigMaps } from './cluster-of-file.ts'
import { fileOf } from './planned.ts'
import { reachedHost } from './reached-host.ts'

/** As the fleet of the lab is written. */
const kubeadm = {
  clusterConfiguration: { networking: { podSubnet: '10.244.0.0/16' } },
  initConfiguration: { nodeRegistration: { ignorePreflightErrors: ['SystemVerification'] } },
  kubeletConfiguration: {
    failCgroupV1: false,
    evictionHard: { 'nodefs.available': '0%', 'nodefs.inodesFree': '0%', 'imagefs.available': '0%', 'imagefs.inodesFree': '0%' },
  },
  kubeProxyConfiguration: { conntrack: { maxPerCore: 0 } },
}

const file = written(kubeadm)

test('the file that the cluster was made by: nothing is told', async () => {
  expect(await told(file)).toEqual([])
})

test.each<{ readonly edited: ClusterFile; readonly path: string; readonly way: string }>([
  {
    edited: ofCluster({ apiServer: { extraArgs: [{ name: 'v', value: '4' }] } }),
    path: 'apiServer.extraArgs',
    way: 'kadm upgrade node --host USER@ADDRESS for each',
  },
  {
    edited: ofCluster({ apiServer: { certSANs: ['shop.example.com'] } }),
    path: 'apiServer.certSANs',
    way: 'kadm init phase certs apiserver --host USER@ADDRESS --config',
  },
  { edited: ofCluster({ etcd: { local: { peerCertSANs: ['e'] } } }), path: 'etcd.local.peerCertSANs', way: 'remove etcd/peer.crt' },
  { edited: ofCluster({ networking: { podSubnet: '10.245.0.0/16' } }), path: 'networking.podSubnet', way: 'was made with' },
  {
    edited: ofCluster({ certificateValidityPeriod: '720h' }),
    path: 'certificateValidityPeriod',
    way: 'kadm certs renew all --restart --host USER@ADDRESS for each',
  },
  { edited: ofCluster({ proxy: { disabled: true } }), path: 'proxy.disabled', way: 'delete daemonset kube-proxy' },
  {
    edited: ofCluster({ etcd: { external: { endpoints: ['https://10.0.0.1:2379'] } } }),
    path: 'etcd.external.endpoints',
    way: 'was made with',
  },
])('of $path is told, with what changes it', async ({ edited, path, way }) => {
  const warnings = await told(edited)
  expect(warnings).toEqual([expect.stringContaining(`spec.kubeadm.clusterConfiguration.${path} is not what the cluster has`)])
  expect(warnings[0]).toContain(way)
})

test('the endpoint, kubelets and kube-proxy', async () => {
  const edited = written(
    {
      ...kubeadm,
      kubeletConfiguration: { failCgroupV1: false, maxPods: 50, evictionHard: { 'nodefs.available': '5%' } },
      kubeProxyConfiguration: { mode: 'nftables', conntrack: { maxPerCore: 0, min: 0 } },
    },
    { controlPlaneEndpoint: 'other:6443' },
  )
  expect((await told(edited)).map((warning) => warning.slice(0, warning.indexOf(' is not')))).toEqual([
    'spec.controlPlaneEndpoint',
    'spec.kubeadm.kubeletConfiguration.maxPods',
    'spec.kubeadm.kubeletConfiguration.evictionHard',
    'spec.kubeadm.kubeProxyConfiguration.conntrack.min',
    'spec.kubeadm.kubeProxyConfiguration.mode',
  ])
})

test('a switch that is off again is told too', async () => {
  const on = written({ kubeletConfiguration: { serverTLSBootstrap: true }, kubeProxyConfiguration: { iptables: { masqueradeAll: true } } })
  const off = written({
    kubeletConfiguration: { serverTLSBootstrap: false },
    kubeProxyConfiguration: { iptables: { masqueradeAll: false } },
  })
  expect(await told(off, configMapsOf(on))).toEqual([
    expect.stringContaining('serverTLSBootstrap is not'),
    expect.stringContaining('iptables.masqueradeAll is not'),
  ])
})

const argument = (name: string, value: string): object => ({ name, value })

test.each<{ readonly name: string; readonly before: object; readonly after: object }>([
  { name: 'a duration', before: { certificateValidityPeriod: '60m' }, after: { certificateValidityPeriod: '1h0m0s' } },
  { name: 'names of certificates', before: { apiServer: { certSANs: ['a', 'b'] } }, after: { apiServer: { certSANs: ['b', 'a', 'a'] } } },
  {
    name: 'the order of flags, but for those of one name',
    before: { apiServer: { extraArgs: [argument('b', '1'), argument('a', '2'), argument('a', '1')] } },
    after: { apiServer: { extraArgs: [argument('a', '2'), argument('b', '1'), argument('a', '1')] } },
  },
  { name: 'a default that is written out', before: {}, after: { dns: { disabled: false }, certificatesDir: '/etc/kubernetes/pki' } },
  { name: 'what is no longer given', before: { imageRepository: 'registry.example' }, after: { imageRepository: '', networking: {} } },
  { name: 'another version', before: { kubernetesVersion: 'v1.37.2' }, after: { kubernetesVersion: '1.37.2' } },
])('of the cluster is the same in other words: $name', async ({ before, after }) => {
  expect(await told(written({ clusterConfiguration: after }), configMapsOf(written({ clusterConfiguration: before })))).toEqual([])
})

test('flags of the same name are in an order', async () => {
  const list = (...values: readonly string[]) => ofCluster({ scheduler: { extraArgs: values.map((value) => argument('a', value)) } })
  expect(await told(list('1', '2'), configMapsOf(list('2', '1')))).toHaveLength(1)
})

test('of a kubelet is the same in other words: amounts, durations, numbers', async () => {
  const before = {
    kubeReserved: { cpu: '100m', memory: '1Gi' },
    evictionSoftGracePeriod: { 'memory.available': '1m' },
    logging: { options: { json: { infoBufferSize: '1k' } } },
    syncFrequency: '1m',
  }
  const after = {
    kubeReserved: { memory: '1024Mi', cpu: '0.1' },
    evictionSoftGracePeriod: { 'memory.available': '60s' },
    logging: { options: { json: { infoBufferSize: 1000 } } },
    syncFrequency: '1m0s',
  }
  const maps = await configMapsOf(written({ kubeletConfiguration: before }))
  expect(await told(written({ kubeletConfiguration: after }), maps)).toEqual([])
  expect(await told(written({ kubeletConfiguration: { ...after, kubeReserved: { memory: '1G', cpu: '0.1' } } }), maps)).toHaveLength(1)
})

test('the endpoint without its port, and addons that are left out by their phase', async () => {
  const plain = written(
    {
      clusterConfiguration: { proxy: { disabled: false } },
      initConfiguration: { skipPhases: ['addon/kube-proxy'], localAPIEndpoint: { bindPort: 7443 } },
    },
    { controlPlaneEndpoint: 'lb' },
  )
  expect(await told(plain, configMapsOf(plain))).toEqual([])
  expect(await told(written(plain.kubeadm, { controlPlaneEndpoint: 'lb:7443' }), configMapsOf(plain))).toEqual([])
})

test('whatever a file gives, the cluster that is made by it is not told to differ', async () => {
  const configurations = anyConfiguration(true).filter((documents) => documents.length === 2)
  const components = fc.tuple(anyComponent(kubeletKind), anyComponent(kubeProxyKind))
  await fc.assert(
    fc.asyncProperty(configurations, components, async ([init = {}, cluster = {}], [kubelet, kubeProxy]) => {
      const { controlPlaneEndpoint: _endpoint, ...rest } = file
      const given = {
        clusterConfiguration: cluster,
        initConfiguration: init,
        joinConfiguration: {},
        kubeletConfiguration: kubelet,
        kubeProxyConfiguration: kubeProxy,
      }
      const decoded = Object.entries(kubeadmDocuments).map(([name, fields]) => [
        name,
        decodeObject(fields, given[name as keyof typeof given], ['apiVersion', 'kind']).value,
      ])
      const random = { ...rest, kubeadm: Object.fromEntries(decoded) as ClusterFile['kubeadm'] }
      expect(await told(random, configMapsOf(random))).toEqual([])
    }),
    { numRuns: 150 },
  )
})

test('nothing is told of what is not there or cannot be read, nor while an init or an upgrade is not finished', async () => {
  const edited = written({
    clusterConfiguration: { networking: { podSubnet: '10.245.0.0/16' } },
    kubeletConfiguration: { maxPods: 9 },
    kubeProxyConfiguration: { mode: 'nftables' },
  })
  const maps = await configMapsOf(file)
  const count = async (changes: ConfigMaps): Promise<number> => (await told(edited, { ...maps, ...changes })).length
  expect(await count({})).toBe(3)
  expect(await count({ 'kubeadm-config': undefined })).toBe(0)
  expect(await count({ 'kubelet-config': undefined, 'kube-proxy': {} })).toBe(1)
  expect(await count({ 'kubelet-config': { kubelet: 'a: [' }, 'kube-proxy': refusal })).toBe(1)
  const badType = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: many\n'
  expect(await count({ 'kubelet-config': { kubelet: badType } })).toBe(2)

  const stored = await readStoredConfiguration(answering(maps), edited)
  const during = (unfinished: string) => configurationWarnings(edited, new Map([['h1', reachedHost({ unfinished })]]), stored)
  expect([during('init'), during('upgrade node'), during('join').length]).toEqual([[], [], 3])
})

const refusal = new ApiError('get it', { status: 403, reason: 'Forbidden', message: '' })

test('of kube-proxy only what the file has a word on is asked for; no answer is a failure, to be tried again', async () => {
  const cluster = answering(await configMapsOf(file))
  await readStoredConfiguration(cluster, written({ clusterConfiguration: {} }))
  expect(cluster.asked).toEqual(['kubeadm-config', 'kubelet-config'])
  const away = { get: () => Promise.reject(unreachable('https://lb:6443', new Error('refused'))) }
  await expect(readStoredConfiguration(away, file)).rejects.toMatchObject({ code: 'API_UNREACHABLE' })
})

/** Of a file, where the cluster keeps this; default: what init has made of the file of the lab. */
async function told(wanted: ClusterFile, kept: ConfigMaps | Promise<ConfigMaps> = configMapsOf(file)): Promise<readonly string[]> {
  const stored = await readStoredConfiguration(answering(await kept), wanted)
  return configurationWarnings(wanted, new Map([['h1', reachedHost({ node: 'control-plane' })]]), stored)
}

/** The file of the lab with fields more in its ClusterConfiguration. */
function ofCluster(clusterConfiguration: object): ClusterFile {
  return written({ ...kubeadm, clusterConfiguration: { ...kubeadm.clusterConfiguration, ...clusterConfiguration } })
}

function written(documents: object, more: object = {}): ClusterFile {
  return fileOf({ h1: 'control-plane' }, {}, { kubeadm: documents, ...more })
}
