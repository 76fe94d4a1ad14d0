/**
 * phases/controlplane, phases/etcd, util/staticpod, and util as far as it makes arguments, endpoints and variables: the manifests of the
 * control plane.
 */
import { document, type TableCase } from './table-case.ts'

type Fields = Readonly<Record<string, unknown>>

interface Scene {
  readonly init?: Fields
  readonly cluster?: Fields
  /** Below `DIR`, or absolute. */
  readonly files?: Readonly<Record<string, string>>
  readonly words?: readonly string[]
}

const phaseOf: Readonly<Record<string, readonly string[]>> = { etcd: ['etcd', 'local'] }

/** The manifest of a component, or of `all` but etcd. */
function manifest(
  from: string,
  component: string,
  name: string,
  { init = {}, cluster = {}, files = {}, words = [] }: Scene = {},
): TableCase {
  const text = `${document('InitConfiguration', { 'localAPIEndpoint.advertiseAddress': '192.168.77.10', ...init })}---\n${document('ClusterConfiguration', { certificatesDir: '/etc/kubernetes/other', ...cluster })}`
  return {
    from,
    name: `${component}: ${name}`,
    words: ['init', 'phase', ...(phaseOf[component] ?? ['control-plane', component]), '--config', 'DIR/config.yaml', ...words],
    files: { 'DIR/config.yaml': text, ...files },
    same: 'files',
  }
}

const controlPlane = 'phases/controlplane'
const etcd = 'phases/etcd'
const staticPod = 'util/staticpod'
const util = 'util'

const args = (...pairs: readonly (readonly [string, string])[]): readonly Fields[] => pairs.map(([name, value]) => ({ name, value }))
const components = ['apiserver', 'controller-manager', 'scheduler', 'etcd']
const sectionOf: Readonly<Record<string, string>> = {
  apiserver: 'apiServer',
  'controller-manager': 'controllerManager',
  scheduler: 'scheduler',
  etcd: 'etcd.local',
}
const fromOf = (component: string): string => (component === 'etcd' ? etcd : controlPlane)
const section = (component: string, field: string, value: unknown): Fields => ({ [`${sectionOf[component] ?? ''}.${field}`]: value })

const networks: Readonly<Record<string, Scene>> = {
  'as it is by default': {},
  'an IPv6 address': {
    init: { 'localAPIEndpoint.advertiseAddress': 'fd00::10' },
    cluster: { 'networking.serviceSubnet': 'fd00:96::/112' },
  },
  'an IPv4 address in IPv6 form': { init: { 'localAPIEndpoint.advertiseAddress': '::ffff:192.168.77.10' } },
  'an IPv4 address with leading zeros': { init: { 'localAPIEndpoint.advertiseAddress': '192.168.077.010' } },
  'another port': { init: { 'localAPIEndpoint.bindPort': 7443 } },
  'a range for Pods': { cluster: { 'networking.podSubnet': '10.70.0.0/16' } },
  'two ranges for Pods': {
    cluster: { 'networking.podSubnet': '10.70.0.0/16,fd00:70::/48', 'networking.serviceSubnet': '10.71.0.0/16,fd00:71::/112' },
  },
  'two ranges for Pods, IPv6 first': {
    cluster: { 'networking.podSubnet': 'fd00:70::/48,10.70.0.0/16', 'networking.serviceSubnet': 'fd00:71::/112,10.71.0.0/16' },
  },
  'another domain and name': { cluster: { 'networking.dnsDomain': 'in.example', clusterName: 'blue' } },
  'another version': { cluster: { kubernetesVersion: 'v1.36.3' } },
  'another registry': { cluster: { imageRepository: 'a.example:5000/k8s' } },
  'an endpoint for all': { cluster: { controlPlaneEndpoint: 'lb.example:8443' } },
}

const networkCases = Object.entries(networks).flatMap(([name, scene]) =>
  components.map((component) => manifest(fromOf(component), component, name, scene)),
)

const authorizationModes = [
  '',
  'Node',
  'Node,RBAC',
  'RBAC,Node',
  'AlwaysAllow',
  'Webhook,Node,RBAC',
  'Node,RBAC,Webhook',
  'Unknown',
  'Node,Node',
  ' Node',
  'node',
  'ABAC,RBAC',
  'AlwaysDeny,AlwaysAllow',
]

const apiServerCases: readonly TableCase[] = [
  ...authorizationModes.map((mode) =>
    manifest(controlPlane, 'apiserver', `authorization-mode "${mode}"`, {
      cluster: { 'apiServer.extraArgs': args(['authorization-mode', mode]) },
    }),
  ),
  manifest(controlPlane, 'apiserver', 'modes twice', {
    cluster: { 'apiServer.extraArgs': args(['authorization-mode', 'Node'], ['authorization-mode', 'RBAC']) },
  }),
  manifest(controlPlane, 'apiserver', 'modes in a file', {
    cluster: { 'apiServer.extraArgs': args(['authorization-config', '/etc/a.yaml']) },
  }),
  ...[
    { endpoints: ['https://192.0.2.5:2379'], caFile: '/e/ca.crt', certFile: '/e/c.crt', keyFile: '/e/c.key' },
    { endpoints: ['https://192.0.2.5:2379', 'https://192.0.2.6:2379'], caFile: '/e/ca.crt' },
    { endpoints: ['http://192.0.2.5:2379', 'http://[fd00::5]:2379'] },
    {
      endpoints: ['https://192.0.2.5:2379'],
      caFile: '/etc/ssl/certs/ca.crt',
      certFile: '/etc/ssl/certs/sub/c.crt',
      keyFile: '/etc/kubernetes/other/c.key',
    },
    { endpoints: ['https://192.0.2.5:2379'], caFile: '/a/ca.crt', certFile: '/b/c.crt', keyFile: '/b/c.key' },
    { endpoints: ['https://192.0.2.5:2379'], caFile: '/a/ca.crt', certFile: '/b/c.crt', keyFile: '/c/c.key' },
    { endpoints: ['https://192.0.2.5:2379'], caFile: '/a/b/ca.crt', certFile: '/a/c.crt', keyFile: '/a/b/c/c.key' },
    { endpoints: ['https://192.0.2.5:2379'], caFile: '/a/ca.crt', certFile: '/a/b/c.crt', keyFile: '/ab/c.key' },
    {
      endpoints: ['https://192.0.2.5:2379'],
      caFile: '/etc/pki/ca-trust/ca.crt',
      certFile: '/usr/share/ca-certificates/c.crt',
      keyFile: '/usr/local/share/ca-certificates/c.key',
    },
  ].flatMap((external) =>
    ['apiserver', 'controller-manager', 'etcd'].map((component) =>
      manifest(controlPlane, component, `etcd elsewhere ${JSON.stringify(external)}`, { cluster: { 'etcd.external': external } }),
    ),
  ),
  manifest(controlPlane, 'apiserver', 'an audit log', {
    cluster: {
      'apiServer.extraArgs': args(
        ['audit-policy-file', '/etc/audit/policy.yaml'],
        ['audit-log-path', '/var/log/audit/audit.log'],
        ['audit-log-maxage', '2'],
      ),
      'apiServer.extraVolumes': [
        { name: 'log', hostPath: '/var/log/audit', mountPath: '/var/log/audit', pathType: 'DirectoryOrCreate' },
        { name: 'audit', hostPath: '/etc/audit', mountPath: '/etc/audit', readOnly: true },
      ],
    },
  }),
  ...[{}, { 'DIR/pki/ca.key': 'x' }, { 'DIR/pki/ca.key': 'x', 'DIR/pki/ca.crt': 'x' }, { 'DIR/pki/ca.crt': 'x' }].map((files) =>
    manifest(controlPlane, 'controller-manager', `with ${Object.keys(files).join(' and ') || 'no CA'}`, {
      cluster: { certificatesDir: 'DIR/pki' },
      files,
    }),
  ),
  ...[
    ['node-cidr-mask-size', '25'],
    ['node-cidr-mask-size-ipv4', '25'],
    ['node-cidr-mask-size-ipv6', '96'],
    ['cluster-cidr', '10.99.0.0/16'],
    ['allocate-node-cidrs', 'false'],
    ['cluster-signing-cert-file', '/x'],
    ['service-cluster-ip-range', '10.98.0.0/16'],
    ['root-ca-file', ''],
  ].flatMap(([name = '', value = '']) =>
    ['10.70.0.0/16', '10.70.0.0/16,fd00:70::/80'].map((podSubnet) =>
      manifest(controlPlane, 'controller-manager', `${name}=${value} beside ${podSubnet}`, {
        cluster: { 'networking.podSubnet': podSubnet, 'controllerManager.extraArgs': args([name, value]) },
      }),
    ),
  ),
]

const extraArguments: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'one that overrides': [
    ['kubeconfig', '/x'],
    ['secure-port', '1234'],
    ['data-dir', '/d'],
  ],
  'one that is new, and empty': [
    ['new', ''],
    ['another', 'a=b,c'],
  ],
  'three of one name in their order': [
    ['v', '3'],
    ['v', '1'],
    ['v', '2'],
  ],
  'two that override one': [
    ['leader-elect', 'false'],
    ['leader-elect', 'true'],
    ['client-ca-file', '/a'],
    ['client-ca-file', '/b'],
  ],
  'out of order': [
    ['zeta', '1'],
    ['alpha', '2'],
    ['feature-gates', 'A=true,B=false'],
  ],
  'blanks and quotes': [['text', 'a "b" $C \\d é']],
}

const arguments_ = Object.entries(extraArguments).flatMap(([name, pairs]) =>
  components.map((component) =>
    manifest(util, component, `arguments, ${name}`, { cluster: section(component, 'extraArgs', args(...pairs)) }),
  ),
)

const variables: Readonly<Record<string, readonly Fields[]>> = {
  one: [{ name: 'A', value: 'b' }],
  'out of order': [
    { name: 'Z', value: '1' },
    { name: 'A', value: '2' },
  ],
  'one twice': [
    { name: 'A', value: '1' },
    { name: 'A', value: '2' },
  ],
  'from elsewhere': [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }],
  'that is empty': [{ name: 'A' }],
}

const variableCases = Object.entries(variables).flatMap(([name, list]) =>
  components.map((component) => manifest(util, component, `variables, ${name}`, { cluster: section(component, 'extraEnvs', list) })),
)

const volumes: Readonly<Record<string, readonly Fields[]>> = {
  'a folder': [{ name: 'one', hostPath: '/a', mountPath: '/b' }],
  'a file that is only read': [{ name: 'one', hostPath: '/a', mountPath: '/b', readOnly: true, pathType: 'File' }],
  'out of order': [
    { name: 'z', hostPath: '/z', mountPath: '/z' },
    { name: 'a', hostPath: '/a', mountPath: '/a' },
  ],
  'with a name that is there': [
    { name: 'k8s-certs', hostPath: '/a', mountPath: '/b' },
    { name: 'kubeconfig', hostPath: '/c', mountPath: '/d' },
  ],
  'at a path that is there': [{ name: 'mine', hostPath: '/etc/kubernetes/other', mountPath: '/etc/kubernetes/other' }],
  'with a type that there is not': [{ name: 'one', hostPath: '/a', mountPath: '/b', pathType: 'Nothing' }],
}

const volumeCases = Object.entries(volumes).flatMap(([name, list]) =>
  components
    .slice(0, 3)
    .map((component) => manifest(controlPlane, component, `volume ${name}`, { cluster: section(component, 'extraVolumes', list) })),
)

const metricUrls = [
  'http://192.0.2.7:2381',
  'https://192.0.2.7:3939,https://192.0.2.8:3938',
  'http://192.0.2.7',
  '192.0.2.7:2381',
  'http://[fd00::7]:2381',
  'http://[fd00::7]',
  'http://[::1]:2381',
  'https://[fd00::7]:2381,http://192.0.2.7:1',
  '',
  'http://localhost:2381',
  'http://0.0.0.0:2381',
  'http://[::]:2381',
]
const bindAddresses = ['', '0.0.0.0', '::', '127.0.0.1', '::1', '192.0.2.7', 'fd00::7', 'localhost']

const probeCases: readonly TableCase[] = [
  ...metricUrls.map((url) =>
    manifest(staticPod, 'etcd', `metrics at "${url}"`, { cluster: { 'etcd.local.extraArgs': args(['listen-metrics-urls', url]) } }),
  ),
  ...['controller-manager', 'scheduler'].flatMap((component) =>
    bindAddresses.map((address) =>
      manifest(staticPod, component, `bound to "${address}"`, {
        cluster: section(component, 'extraArgs', args(['bind-address', address])),
      }),
    ),
  ),
  ...['fd00::7', '192.0.2.7', '10.0.0.1'].map((address) =>
    manifest(staticPod, 'apiserver', `at ${address}`, { init: { 'localAPIEndpoint.advertiseAddress': address } }),
  ),
  ...['192.0.2.9', '', 'fd00::9'].map((address) =>
    manifest(staticPod, 'apiserver', `advertised "${address}" by an argument`, {
      cluster: { 'apiServer.extraArgs': args(['advertise-address', address]) },
    }),
  ),
  ...['1m0s', '20s', '15s', '400s', '0s'].map((time) =>
    manifest(staticPod, 'apiserver', `time for its start ${time}`, { init: { 'timeouts.controlPlaneComponentHealthCheck': time } }),
  ),
  ...components.map((component) =>
    manifest(staticPod, component, 'a manifest of others in its place', {
      files: { [`/etc/kubernetes/manifests/${component === 'etcd' ? 'etcd' : `kube-${component}`}.yaml`]: 'x: y\n' },
    }),
  ),
]

const etcdCases: readonly TableCase[] = [
  ...['/var/lib/etcd', '/data', '/data/', '/a//b'].map((dataDir) =>
    manifest(etcd, 'etcd', `data in ${dataDir}`, { cluster: { 'etcd.local.dataDir': dataDir } }),
  ),
  ...[{ imageTag: '3.6.0-0' }, { imageRepository: 'a.example' }, { imageRepository: 'a.example', imageTag: 'x' }].map((image) =>
    manifest(etcd, 'etcd', `image ${JSON.stringify(image)}`, { cluster: { 'etcd.local': image } }),
  ),
  ...['node-7', 'NODE-8', 'a.b.example'].map((name) =>
    manifest(etcd, 'etcd', `of node ${name}`, { init: { 'nodeRegistration.name': name } }),
  ),
  ...[
    'listen-client-urls',
    'initial-cluster',
    'initial-cluster-state',
    'cert-file',
    'name',
    'snapshot-count',
    'experimental-watch-progress-notify-interval',
    'watch-progress-notify-interval',
  ].map((name) => manifest(etcd, 'etcd', `argument ${name}`, { cluster: { 'etcd.local.extraArgs': args([name, 'x']) } })),
]

const endpoints = [
  'lb.example:1234',
  '192.0.2.80:1234',
  '[fd00::80]:1234',
  'lb.example',
  '192.0.2.80',
  'fd00::80',
  '[fd00::80]',
  'b@d.example',
  '1..0',
  'fd00:::80',
  'lb.example:b@d',
  'lb.example:70000',
  '1.2.3.4.5',
  'LB.example',
]

const endpointCases: readonly TableCase[] = endpoints.map((endpoint) => ({
  from: util,
  name: `endpoint ${endpoint}`,
  words: ['init', 'phase', 'kubeconfig', 'admin', '--config', 'DIR/config.yaml'],
  files: {
    'DIR/config.yaml': `${document('InitConfiguration', { localAPIEndpoint: { advertiseAddress: '192.0.2.1', bindPort: 4567 } })}---\n${document('ClusterConfiguration', { certificatesDir: 'DIR/pki', encryptionAlgorithm: 'ECDSA-P256', controlPlaneEndpoint: endpoint })}`,
    'DIR/pki/ca.crt': '@ca.crt',
    'DIR/pki/ca.key': '@ca.key',
  },
  same: 'files',
}))

export const controlPlaneCases: readonly TableCase[] = [
  ...networkCases,
  ...apiServerCases,
  ...arguments_,
  ...variableCases,
  ...volumeCases,
  ...probeCases,
  ...etcdCases,
  ...endpointCases,
]
