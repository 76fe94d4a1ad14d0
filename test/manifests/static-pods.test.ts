import { randomInt } from 'node:crypto'
import { test } from 'vitest'
import type { Argument, HostPathMount, LocalEtcd } from '../../src/config/model.ts'
import { initConfig } from '../support/init-config.ts'
import { besideKubeadm } from './beside-kubeadm.ts'

const n = (): number => randomInt(10, 99)
const component = { extraArgs: [], extraVolumes: [], extraEnvs: [] }
const localEtcd: LocalEtcd = { kind: 'local', dataDir: '/var/lib/etcd', extraArgs: [], extraEnvs: [], serverCertSANs: [], peerCertSANs: [] }
const advertise = { localAPIEndpoint: { advertiseAddress: '192.168.77.10' } }

test('a default configuration', async (context) => {
  await besideKubeadm(context, { config: initConfig() })
})

test('subnets, domain, cluster name, certificates, port, node name, timeout', async (context) => {
  const [second, port] = [n(), 7000 + n()]
  const networking = { serviceSubnet: `10.${second}.0.0/16`, podSubnet: `172.16.${second}.0/24`, dnsDomain: `d${second}.local` }
  const clusterDNS = [`10.${second}.0.10`]
  const timeout = 60 + n()
  const certificatesDir = `/etc/kubernetes/pki${second}`
  const config = initConfig({
    init: {
      localAPIEndpoint: { advertiseAddress: '192.168.77.10', bindPort: port },
      timeouts: { ...initConfig().init.timeouts, controlPlaneComponentHealthCheck: timeout * 1000 },
    },
    nodeRegistration: { name: `n${second}` },
    cluster: { networking, clusterName: `c${second}`, certificatesDir, controlPlaneEndpoint: `api.${second}.example:${port}` },
    kubelet: {
      clusterDNS,
      clusterDomain: networking.dnsDomain,
      authentication: { ...authentication, x509: { clientCAFile: `${certificatesDir}/ca.crt` } },
    },
    kubeProxy: { clusterCIDR: networking.podSubnet },
  })
  await besideKubeadm(context, {
    config,
    init: {
      localAPIEndpoint: { ...advertise.localAPIEndpoint, bindPort: port },
      nodeRegistration: { name: `n${second}` },
      timeouts: { controlPlaneComponentHealthCheck: `${timeout}s` },
    },
    cluster: { networking, clusterName: `c${second}`, certificatesDir, controlPlaneEndpoint: `api.${second}.example` },
  })
})

const authentication = { anonymous: { enabled: false }, webhook: { cacheTTL: '0s', enabled: true } }

test('two families of addresses', async (context) => {
  const networking = { serviceSubnet: `10.${n()}.0.0/16,fd00:${n()}::/112`, podSubnet: `10.1${n()}.0.0/16,fd01:${n()}::/56` }
  const dns = `${networking.serviceSubnet.split('.0.0/')[0]}.0.10`
  const extraArgs = [{ name: 'node-cidr-mask-size-ipv6', value: '72' }]
  await besideKubeadm(context, {
    config: initConfig({
      cluster: { networking: { ...networking, dnsDomain: 'cluster.local' }, controllerManager: { ...component, extraArgs } },
      kubelet: { clusterDNS: [dns] },
      kubeProxy: { clusterCIDR: networking.podSubnet },
    }),
    cluster: { networking, controllerManager: { extraArgs } },
  })
})

test('IPv6 only', async (context) => {
  const advertiseAddress = `fd00:77::${n()}`
  const networking = { serviceSubnet: `fd00:${n()}::/112`, podSubnet: `fd01:${n()}::/56` }
  await besideKubeadm(context, {
    config: initConfig({
      init: { localAPIEndpoint: { advertiseAddress, bindPort: 6443 } },
      cluster: { networking: { ...networking, dnsDomain: 'cluster.local' } },
      kubelet: { clusterDNS: [`${networking.serviceSubnet.split('/')[0]}a`] },
      kubeProxy: { clusterCIDR: networking.podSubnet, bindAddress: '::' },
    }),
    init: { localAPIEndpoint: { advertiseAddress } },
    cluster: { networking },
    jail: { address: null, address6: `${advertiseAddress}/64` },
  })
})

test('external etcd', async (context) => {
  const endpoints = [`https://10.0.0.${n()}:2379`, 'https://10.0.0.9:2379']
  const files = { caFile: `/e${n()}/ca.pem`, certFile: '/opt/etcd/tls/c.pem', keyFile: '/opt/etcd/tls/keys/c.key' }
  await besideKubeadm(context, {
    config: initConfig({ cluster: { etcd: { kind: 'external', endpoints, httpEndpoints: [], ...files } } }),
    cluster: { etcd: { external: { endpoints, ...files } } },
  })
})

test('external etcd whose files lie where certificates are mounted anyway', async (context) => {
  const files = {
    caFile: '/etc/kubernetes/pki/etcd/ca.crt',
    certFile: '/etc/ssl/certs/c.pem',
    keyFile: '/usr/share/ca-certificates/x/c.key',
  }
  const endpoints = [`https://e${n()}.example:2379`]
  await besideKubeadm(context, {
    config: initConfig({ cluster: { etcd: { kind: 'external', endpoints, httpEndpoints: [], ...files } } }),
    cluster: { etcd: { external: { endpoints, ...files } } },
  })
})

test('extra arguments: overrides, repeats, empty values, addresses that the probes follow', async (context) => {
  const apiServer: Argument[] = [
    { name: 'v', value: String(n()) },
    { name: 'authorization-mode', value: 'Node,Foo' },
    { name: 'feature-gates', value: 'A=true' },
    { name: 'feature-gates', value: 'B=false' },
    { name: 'insecure', value: '' },
    { name: 'secure-port', value: '7443' },
  ]
  const controllerManager = [
    { name: 'bind-address', value: '0.0.0.0' },
    { name: 'cluster-name', value: `x${n()}` },
  ]
  const scheduler = [
    { name: 'bind-address', value: '1.1.1.1' },
    { name: 'bind-address', value: `10.0.0.${n()}` },
  ]
  const withArgs = (extraArgs: readonly Argument[]) => ({ ...component, extraArgs })
  await besideKubeadm(context, {
    config: initConfig({
      cluster: {
        apiServer: { ...withArgs(apiServer), certSANs: [] },
        controllerManager: withArgs(controllerManager),
        scheduler: withArgs(scheduler),
      },
    }),
    cluster: {
      apiServer: { extraArgs: apiServer },
      controllerManager: { extraArgs: controllerManager },
      scheduler: { extraArgs: scheduler },
    },
  })
})

test('a file of structured authorization, and an address for all', async (context) => {
  const extraArgs = [{ name: 'authorization-config', value: `/etc/kubernetes/a${n()}.yaml` }]
  await besideKubeadm(context, {
    config: initConfig({
      cluster: {
        apiServer: { ...component, extraArgs, certSANs: [] },
        scheduler: { ...component, extraArgs: [{ name: 'bind-address', value: '::' }] },
      },
    }),
    cluster: { apiServer: { extraArgs }, scheduler: { extraArgs: [{ name: 'bind-address', value: '::' }] } },
  })
})

test('extra volumes and variables, proxies in the environment', async (context) => {
  const volume = (name: string, readOnly: boolean, pathType: string): HostPathMount => ({
    name,
    hostPath: `/h/${name}`,
    mountPath: `/m/${n()}`,
    readOnly,
    pathType,
  })
  const extraVolumes = [
    volume('z1', true, 'File'),
    volume('a1', false, 'DirectoryOrCreate'),
    volume('k8s-certs', false, ''),
    volume('m1', true, ''),
  ]
  const extraEnvs = [
    { name: 'ZED', value: `z ${n()}` },
    { name: 'NODE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } },
    { name: 'no_proxy', value: 'mine' },
    { name: 'EMPTY', value: '' },
  ]
  const withBoth = { extraArgs: [], extraVolumes, extraEnvs }
  const theirs = { extraVolumes: extraVolumes.map(({ pathType, ...rest }) => (pathType === '' ? rest : { ...rest, pathType })), extraEnvs }
  await besideKubeadm(context, {
    config: initConfig({
      cluster: {
        apiServer: { ...withBoth, certSANs: [] },
        controllerManager: withBoth,
        scheduler: withBoth,
        etcd: { ...localEtcd, extraEnvs },
      },
    }),
    cluster: { apiServer: theirs, controllerManager: theirs, scheduler: theirs, etcd: { local: { dataDir: '/var/lib/etcd', extraEnvs } } },
    jail: { environment: { HTTPS_PROXY: `http://p${n()}.example:3128`, no_proxy: '10.0.0.0/8', FTP_PROXY: '', some_Proxy: 'x' } },
  })
})

test('local etcd: directory, image, arguments', async (context) => {
  const dataDir = `/var/lib/e${n()}`
  const extraArgs = [
    { name: 'listen-metrics-urls', value: `https://10.0.0.1:23${n()},http://127.0.0.1:2381` },
    { name: 'advertise-client-urls', value: `https://10.0.0.${n()}:2379` },
    { name: 'quota-backend-bytes', value: '8589934592' },
  ]
  const image = { imageRepository: `registry.example:5000/e${n()}`, imageTag: '3.6.0-1' }
  await besideKubeadm(context, {
    config: initConfig({ cluster: { etcd: { ...localEtcd, ...image, dataDir, extraArgs } } }),
    cluster: { etcd: { local: { ...image, dataDir, extraArgs } } },
  })
})

for (const value of ['http://[::]', 'https://host.example/x', '127.0.0.1:2500', 'HTTPS://a:0']) {
  test(`metrics of etcd at "${value}"`, async (context) => {
    const extraArgs = [{ name: 'listen-metrics-urls', value }]
    await besideKubeadm(context, {
      config: initConfig({ cluster: { etcd: { ...localEtcd, extraArgs } } }),
      cluster: { etcd: { local: { dataDir: localEtcd.dataDir, extraArgs } } },
    })
  })
}

test("images of a repository of one's own, addons left out", async (context) => {
  const imageRepository = `registry.example:${5000 + n()}/k8s/mirror`
  await besideKubeadm(context, {
    config: initConfig({ cluster: { imageRepository, dns: { disabled: true, imageTag: 'v1.0' }, proxy: { disabled: true } } }),
    cluster: { imageRepository, dns: { disabled: true, imageTag: 'v1.0' }, proxy: { disabled: true } },
  })
})

test('another repository for DNS, keys of another algorithm, a pre-release', async (context) => {
  const dns = { imageRepository: `dns.example/x${n()}`, imageTag: `v9.${n()}` }
  await besideKubeadm(context, {
    config: initConfig({
      cluster: { kubernetesVersion: 'v1.37.0-rc.1', dns: { ...dns, disabled: false }, encryptionAlgorithm: 'ECDSA-P256' },
    }),
    cluster: { kubernetesVersion: 'v1.37.0-rc.1', dns, encryptionAlgorithm: 'ECDSA-P256' },
  })
})

test('Kubernetes 1.36', async (context) => {
  const kubernetesVersion = `v1.36.${n()}`
  await besideKubeadm(context, { config: initConfig({ cluster: { kubernetesVersion } }) })
})

test('the key of the CA is kept elsewhere', async (context) => {
  const encryptionAlgorithm = 'ECDSA-P256'
  await besideKubeadm(context, {
    config: initConfig({ cluster: { encryptionAlgorithm } }),
    cluster: { encryptionAlgorithm },
    before: [
      ['kubeadm', 'init', 'phase', 'certs', 'all'],
      ['kubeadm', 'init', 'phase', 'kubeconfig', 'all'],
      ['rm', '/etc/kubernetes/pki/ca.key'],
    ],
  })
})
