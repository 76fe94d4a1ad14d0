/** apis/kubeadm/validation and apis/bootstraptoken: values that a field takes or not. */
import { complete, document, validated, type TableCase } from './table-case.ts'

const from = 'apis/kubeadm/validation'

/** One case for each value of one field. */
function values(kind: string, field: string, ...all: readonly unknown[]): readonly TableCase[] {
  return all.map((value) => validated(from, `${kind} ${field} ${JSON.stringify(value)}`, complete(kind, { [field]: value })))
}

const cluster = (field: string, ...all: readonly unknown[]): readonly TableCase[] => values('ClusterConfiguration', field, ...all)
const init = (field: string, ...all: readonly unknown[]): readonly TableCase[] => values('InitConfiguration', field, ...all)
const join = (field: string, ...all: readonly unknown[]): readonly TableCase[] => values('JoinConfiguration', field, ...all)

const sanLists = [
  [],
  ['1;2,,3'],
  ['host-a', '?:x!.y'],
  ['host-a', 'a.b', '10.1.2.3'],
  ['h2', 'x.y.z', 'fd00:1::10'],
  ['*.host', '*.x.y'],
  ['**.host'],
  ['*.*.host'],
  ['a.*.host'],
  ['*', 'a.b'],
  ['10.1.2.3/24'],
  [''],
]
const ports = [-20, 0, 1, 443, 65_535, 65_536]
const addresses = [
  '',
  '4321',
  '4.3',
  '10.1.2.3',
  '10.1.2.3/8',
  'fd00::7',
  'fd00::7/64',
  'fd0x::',
  'fd00::1::',
  '010.1.2.3',
  '::ffff:10.1.2.3',
]
const nodeNames = ['', 'UPPER-node', 'node-', 'no?de', 'node-1', 'a.b', 'a_b', 'x'.repeat(254)]
const sockets = ['unix:///a/b', 'foo:///a/b', '/a/b', ':::', '', 'unix://', 'UNIX:///a', 'npipe:////./pipe/x']
const policies = ['', 'Sometimes', 'Always', 'Never', 'IfNotPresent', 'always']
const folders = ['/a/b', './a', 'a..', '', '//a', '/']
const certificateKeys = ['', 'ab'.repeat(32), 'zz'.repeat(32), 'abcdef', 'ab'.repeat(16), 'ab'.repeat(33), 'abc']
const argumentLists = [
  [{ name: 'a', value: '1' }],
  [{ name: '', value: '1' }],
  [{ name: '', value: '1' }, { value: 'x' }],
  [{ name: 'a', value: '' }],
  [
    { name: 'a', value: '1' },
    { name: 'a', value: '2' },
  ],
]
const repositories = [
  'a.example',
  'a.example:5000',
  'a.example:5000/b/c',
  'localhost/x',
  'UPPER/x',
  'a b',
  'https://a.example',
  'a.example/b:tag',
  '/a',
  'a//b',
  'a.example/UPPER',
  '_a',
  'fd00::1/a',
  '[fd00::1]:5000/a',
]

const serviceSubnets = [
  '',
  '10.0.0.16/12',
  'fd00::/108',
  '10.0.0.16/2',
  'fd00::1/64',
  'fd00::1/112,10.0.0.16/6',
  'fd00::1/12,10.0.0.16/16',
  '10.0.0.16/12,fd00::/112',
  'fd00::/112,10.0.0.16/12',
  '1.2.3.4,fd00::/112',
  'fd00::1,10.0.0.0/16',
  '10.0.0.16/29,fd00::/112',
  '10.0.0.16/12,fd00::/125',
  '10.0.0.16/12,192.168.0.0/16',
  'fd00::/112,fd01::/112',
  '10.0.0.16/12,fd00::/112,192.168.0.0/16',
  '10.0.0.16/12,fd00::/112,192.168.0.0/16,a.b.c.d/24',
]
const podSubnets: readonly (readonly [string, Readonly<Record<string, string>>?])[] = [
  ['10.0.0.16/29'],
  ['10.0.0.16/24', { 'node-cidr-mask-size-ipv4': '23' }],
  ['10.0.0.16/22', { 'node-cidr-mask-size-ipv4': '26' }],
  ['fd00::1/112'],
  ['fd00::1/64', { 'node-cidr-mask-size-ipv6': '24' }],
  ['fd00::1/64', { 'node-cidr-mask-size-ipv6': '72' }],
  ['fd00::1/12'],
  ['fd00::1/64', { 'node-cidr-mask-size-ipv6': '120' }],
  ['10.0.0.16/12'],
  ['fd00::/48'],
  ['10.0.0.16/29,fd00::/48'],
  ['10.0.0.16/24,fd00::/48', { 'node-cidr-mask-size-ipv4': '23' }],
  ['fd00::1/112,10.0.0.16/16'],
  ['10.0.0.16/16,fd00::1/64', { 'node-cidr-mask-size-ipv6': '24' }],
  ['fd00::1/12,10.0.0.16/16'],
  ['10.0.0.16/16,fd00::1/64', { 'node-cidr-mask-size-ipv6': '120' }],
  ['fd00::/48,10.0.0.16/12'],
  ['10.0.0.16/12,fd00::/48'],
  ['10.0.0.16/16', { 'node-cidr-mask-size-ipv4': 'wide' }],
  ['fd00::/48', { 'node-cidr-mask-size': '20' }],
  ['fd00::/48', { 'node-cidr-mask-size': '20', 'node-cidr-mask-size-ipv6': '56' }],
  ['fd00::/48', { 'node-cidr-mask-size-ipv4': '20', 'node-cidr-mask-size-ipv6': '-3' }],
  ['10.0.0.16/29', { 'allocate-node-cidrs': 'false' }],
  ['10.0.0.16/29', { 'allocate-node-cidrs': 'true' }],
]
const endpoints = [
  '',
  'a.example:1234',
  'a.example',
  '10.1.2.3:80',
  '10.1.2.3',
  '[fd00::1]:80',
  'fd00::1',
  '[fd00::1]',
  '10.1.2',
  'x@y.example',
  'fd00::x:1',
  'a.example:0',
  'a.example:90000',
  'a.example:x',
  ':80',
  'a.example:',
]

const tokens = [
  '',
  '.',
  '123.4567890123456',
  'abcdef.0123456789abcde',
  'abcdef.0123456789abcdefg',
  'ABCDEF.0123456789abcdef',
  'abcdef.0123456789ABCDEF',
  'abcdef-0123456789abcdef',
  'abcdef.012345 789abcdef',
  'abcdef.0123456789abcdef.',
  'aaaaaa.aaaaaaaaaaaaaaaa',
  '123456.1234567890123456',
  ' abcdef.0123456789abcdef',
  'abcd:f.0123456789abcdef',
]
const usages = [[], ['signing'], ['authentication'], ['signing', 'authentication'], ['none'], ['signing', 'none'], ['']]
const groups: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['some'], ['some']],
  [['authentication'], ['some']],
  [['authentication'], ['system:bootstrappers:any']],
  [['signing'], ['system:bootstrappers:any']],
  [['authentication'], ['system:bootstrappers:']],
  [['authentication'], ['system:bootstrappers:a b']],
]

const discoveries: Readonly<Record<string, unknown>> = {
  none: {},
  'by token': { bootstrapToken: { token: 'abcdef.0123456789abcdef', apiServerEndpoint: '192.0.2.1:6443', unsafeSkipCAVerification: true } },
  'both ways': {
    bootstrapToken: { token: 'abcdef.0123456789abcdef', apiServerEndpoint: '192.0.2.1:6443', unsafeSkipCAVerification: true },
    file: { kubeConfigPath: 'https://a.example/x' },
  },
  'no endpoint': { bootstrapToken: { token: 'abcdef.0123456789abcdef', unsafeSkipCAVerification: true } },
  'endpoint without port': {
    bootstrapToken: { token: 'abcdef.0123456789abcdef', apiServerEndpoint: '192.0.2.1', unsafeSkipCAVerification: true },
  },
  'endpoint in brackets': {
    bootstrapToken: { token: 'abcdef.0123456789abcdef', apiServerEndpoint: '[fd00::1]:6443', unsafeSkipCAVerification: true },
  },
  'endpoint with two ports': {
    bootstrapToken: { token: 'abcdef.0123456789abcdef', apiServerEndpoint: '192.0.2.1:1:2', unsafeSkipCAVerification: true },
  },
  'no hash and no skip': { bootstrapToken: { token: 'abcdef.0123456789abcdef', apiServerEndpoint: '192.0.2.1:6443' } },
  'hash and skip': {
    bootstrapToken: {
      token: 'abcdef.0123456789abcdef',
      apiServerEndpoint: '192.0.2.1:6443',
      caCertHashes: ['sha256:aa'],
      unsafeSkipCAVerification: true,
    },
  },
  'malformed token': { bootstrapToken: { token: 'abcdef', apiServerEndpoint: '192.0.2.1:6443', unsafeSkipCAVerification: true } },
  'no token': { bootstrapToken: { apiServerEndpoint: '192.0.2.1:6443', unsafeSkipCAVerification: true } },
  'malformed TLS token': {
    tlsBootstrapToken: 'x',
    bootstrapToken: { token: 'abcdef.0123456789abcdef', apiServerEndpoint: '192.0.2.1:6443', unsafeSkipCAVerification: true },
  },
  'file by https': { file: { kubeConfigPath: 'https://a.example/x' } },
  'file by http': { file: { kubeConfigPath: 'http://a.example/x' } },
  'file with a broken URL': { file: { kubeConfigPath: 'http://[::1]a' } },
  'file with blanks in its host': { file: { kubeConfigPath: 'https://a b c/x' } },
  'file by a relative path that is not there': { file: { kubeConfigPath: 'nothing' } },
  'file that is not there': { file: { kubeConfigPath: '/nowhere/at/all' } },
  'file that is there': { file: { kubeConfigPath: 'DIR/config.yaml' } },
  'file that is there, as a URL': { file: { kubeConfigPath: 'file://DIR/config.yaml' } },
  'file and a TLS token': { file: { kubeConfigPath: 'https://a.example/x' }, tlsBootstrapToken: 'abcdef.0123456789abcdef' },
  'file and a malformed TLS token': { file: { kubeConfigPath: 'https://a.example/x' }, tlsBootstrapToken: 'x' },
  'file without a name': { file: {} },
}

const etcds: Readonly<Record<string, unknown>> = {
  none: {},
  both: { local: { dataDir: '/a' }, external: { endpoints: ['https://a'] } },
  'certificate without key': { external: { endpoints: ['https://a'], certFile: '/c', caFile: '/a' } },
  'key without certificate': { external: { endpoints: ['https://a'], keyFile: '/k', caFile: '/a' } },
  'pair without CA': { external: { endpoints: ['https://a'], certFile: '/c', keyFile: '/k' } },
  'all files': {
    external: { endpoints: ['https://10.1.2.3:2379', 'https://[fd00::1]:2379'], caFile: '/a', certFile: '/c', keyFile: '/k' },
  },
  'CA only': { external: { endpoints: ['https://a:2379'], caFile: '/a' } },
  'no TLS': { external: { endpoints: ['http://10.1.2.3:2379'] } },
  'http beside files': { external: { endpoints: ['http://10.1.2.3:2379'], caFile: '/a', certFile: '/c', keyFile: '/k' } },
  'an endpoint that is no URL': { external: { endpoints: ['http://a\u0001b'] } },
  'an endpoint without scheme': { external: { endpoints: ['a.example'] } },
  'an endpoint with a port and no scheme': { external: { endpoints: ['10.1.2.3:2379'] } },
  'no endpoint': { external: { endpoints: [] } },
  'relative files': { external: { endpoints: ['https://a'], caFile: 'a', certFile: 'c', keyFile: 'k' } },
  'relative folder': { local: { dataDir: 'etcd' } },
  'names of the server': { local: { serverCertSANs: ['a.example', '10.1.2.3'], peerCertSANs: ['fd00::1'] } },
  'bad names': { local: { serverCertSANs: ['a b'], peerCertSANs: ['!'] } },
}

const flagMixes: readonly (readonly string[])[] = [
  [],
  ['--cert-dir=DIR/pki'],
  ['--kubernetes-version=v1.37.0'],
  ['--dry-run', '--cert-dir=DIR/pki'],
]

const mergeMethods = ['append', 'prepend', '', 'insert']

export const validationCases: readonly TableCase[] = [
  ...init('nodeRegistration.name', ...nodeNames),
  ...init('nodeRegistration.criSocket', ...sockets),
  ...init('nodeRegistration.imagePullPolicy', ...policies),
  ...init('nodeRegistration.kubeletExtraArgs', ...argumentLists),
  ...init('localAPIEndpoint.advertiseAddress', ...addresses),
  ...init('localAPIEndpoint.bindPort', ...ports),
  ...init('certificateKey', ...certificateKeys),
  ...join('nodeRegistration.name', ...nodeNames),
  ...join('nodeRegistration.criSocket', ...sockets),
  ...join('caCertPath', '/a/b.crt', 'b.crt', '/a/b.pem', '', '/'),
  ...join('controlPlane.localAPIEndpoint.bindPort', ...ports),
  ...join('controlPlane.certificateKey', ...certificateKeys),
  ...Object.entries(discoveries).map(([name, discovery]) =>
    validated(from, `discovery: ${name}`, document('JoinConfiguration', { discovery })),
  ),
  ...Object.entries(etcds).map(([name, etcd]) => validated(from, `etcd: ${name}`, document('ClusterConfiguration', { etcd }))),
  ...cluster('apiServer.certSANs', ...sanLists),
  ...cluster('networking.serviceSubnet', ...serviceSubnets),
  ...podSubnets.map(([podSubnet, flags = {}]) => {
    const extraArgs = Object.entries(flags).map(([name, value]) => ({ name, value }))
    return validated(
      from,
      `podSubnet ${podSubnet} ${JSON.stringify(flags)}`,
      document('ClusterConfiguration', { 'networking.podSubnet': podSubnet, 'controllerManager.extraArgs': extraArgs }),
    )
  }),
  ...cluster('networking.dnsDomain', '', 'a.b', 'A.b', 'a..b', 'a_b', 'x'.repeat(300)),
  ...cluster('controlPlaneEndpoint', ...endpoints),
  ...cluster('imageRepository', ...repositories),
  ...cluster('dns.imageRepository', ...repositories.slice(0, 6)),
  ...cluster('etcd.local.imageRepository', ...repositories.slice(0, 6)),
  ...cluster('certificatesDir', ...folders),
  ...cluster('etcd.local.dataDir', ...folders),
  ...cluster('encryptionAlgorithm', 'RSA-2048', 'RSA-3072', 'RSA-4096', 'ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'foo', ''),
  ...cluster(
    'featureGates',
    {},
    { Unknown: true },
    { Unknown: false },
    { RootlessControlPlane: true },
    { RootlessControlPlane: false, Unknown: true },
  ),
  ...cluster('apiServer.extraArgs', ...argumentLists),
  ...cluster('scheduler.extraArgs', ...argumentLists),
  ...cluster('etcd.local.extraArgs', ...argumentLists),
  ...cluster('certificateValidityPeriod', '8760h', '8761h', '0s', '-1h', '1y', 5),
  ...cluster('caCertificateValidityPeriod', '87600h', '87601h', '1h', '10000000h'),
  ...values(
    'ResetConfiguration',
    'unmountFlags',
    [],
    ['MNT_FORCE', 'MNT_DETACH', 'MNT_EXPIRE', 'UMOUNT_NOFOLLOW'],
    ['a', 'b'],
    ['MNT_FORCE', 'a'],
    ['mnt_force'],
  ),
  ...values('ResetConfiguration', 'certificatesDir', ...folders),
  ...values('ResetConfiguration', 'criSocket', ...sockets),
  ...values('UpgradeConfiguration', 'apply.patches.directory', ...folders),
  ...values('UpgradeConfiguration', 'node.patches.directory', ...folders),
  ...values('UpgradeConfiguration', 'apply.imagePullPolicy', ...policies),
  ...values('UpgradeConfiguration', 'node.imagePullPolicy', ...policies),
  ...tokens.map((token) =>
    validated('apis/bootstraptoken/v1', `token ${JSON.stringify(token)}`, complete('InitConfiguration', { bootstrapTokens: [{ token }] })),
  ),
  ...usages.map((list) =>
    validated(
      from,
      `usages ${list.join()}`,
      complete('InitConfiguration', { bootstrapTokens: [{ token: 'abcdef.0123456789abcdef', usages: list }] }),
    ),
  ),
  ...groups.map(([use, list]) =>
    validated(
      from,
      `groups ${list.join()} for ${use.join()}`,
      complete('InitConfiguration', { bootstrapTokens: [{ token: 'abcdef.0123456789abcdef', usages: use, groups: list }] }),
    ),
  ),
  ...flagMixes.map((flags) => ({
    from,
    name: `--config beside ${flags.join(' ')}`,
    words: ['init', 'phase', 'certs', 'ca', '--config', 'DIR/config.yaml', ...flags],
    files: { 'DIR/config.yaml': document('ClusterConfiguration', { encryptionAlgorithm: 'ECDSA-P256' }) },
  })),
  ...mergeMethods.map((mergeMethod) => ({
    from,
    name: `mergeMethod "${mergeMethod}" of v1`,
    words: ['config', 'validate', '--allow-experimental-api', '--config', 'DIR/config.yaml'],
    files: {
      'DIR/config.yaml': document('ClusterConfiguration', { 'scheduler.extraArgs': [{ name: 'v', value: '1', mergeMethod }] }).replace(
        'v1beta4',
        'v1',
      ),
    },
  })),
]
