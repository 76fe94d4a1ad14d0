/** images, features, constants: what runs, of which version, and the addresses that follow from the ranges. */
import { document, type TableCase } from './table-case.ts'

const list = ['config', 'images', 'list']
const byFlags = (from: string, ...words: readonly string[]): TableCase => ({
  from,
  name: words.join(' '),
  words: [...list, ...words],
  same: 'output',
})
const byFile = (name: string, fields: Readonly<Record<string, unknown>>): TableCase => ({
  from: 'images',
  name,
  words: [...list, '--config', 'DIR/config.yaml'],
  files: { 'DIR/config.yaml': document('ClusterConfiguration', fields) },
  same: 'output',
})

const imageCases: readonly TableCase[] = [
  ...[
    'v1.36.0',
    'v1.36.7',
    '1.37.0',
    'v1.37.2',
    'v1.38.1',
    'v1.37.0-beta.1',
    'v1.37.0+abc.1',
    'ci/v1.37.0-alpha.2+abc',
    'v1.35.0',
    'foo',
    'v1',
  ].map((version) => byFlags('images', '--kubernetes-version', version)),
  byFlags('images', '--kubernetes-version', 'v1.37.0', '--image-repository', 'a.example:5000/b'),
  byFlags('images', '--kubernetes-version', 'ci/v1.37.0', '--image-repository', 'a.example'),
  byFlags('images', '--kubernetes-version', 'v1.37.0', '--image-repository', 'A b'),
  ...['json', 'yaml', 'kyaml', 'text', 'foo'].map((form) => byFlags('images', '--kubernetes-version', 'v1.37.0', '-o', form)),
  byFile('another repository for all', { imageRepository: 'a.example' }),
  byFile('another repository for CoreDNS', { 'dns.imageRepository': 'b.example/dns' }),
  byFile('another tag of CoreDNS', { 'dns.imageTag': 'v0.1' }),
  byFile('another repository and tag for etcd', { 'etcd.local': { imageRepository: 'c.example', imageTag: '9.9' } }),
  byFile('etcd elsewhere', { 'etcd.external': { endpoints: ['http://192.0.2.5:2379'] } }),
  byFile('no CoreDNS', { 'dns.disabled': true }),
  byFile('no kube-proxy', { 'proxy.disabled': true }),
  byFile('both addons not disabled', { 'dns.disabled': false, 'proxy.disabled': false }),
  byFile('no addon and etcd elsewhere', {
    'dns.disabled': true,
    'proxy.disabled': true,
    'etcd.external': { endpoints: ['http://192.0.2.5:2379'] },
  }),
]

const gates = [
  '',
  'Foo=true',
  'RootlessControlPlane',
  'RootlessControlPlane=',
  'RootlessControlPlane=maybe',
  'RootlessControlPlane=true',
  'RootlessControlPlane=false',
  'RootlessControlPlane=T',
  'RootlessControlPlane=0',
  'RootlessControlPlane=true,',
  ' RootlessControlPlane = true ',
  ',,',
  'RootlessControlPlane=true,RootlessControlPlane=false',
  'RootlessControlPlane=true,Foo=false',
  'rootlesscontrolplane=true',
]

const ranges = [
  '10.96.0.0/12',
  '10.7.0.0/24',
  '10.7.0.16/28',
  'fd00:9::/112',
  'fd00:9::/108',
  '10.7.0.0/16,fd00:9::/112',
  'fd00:9::/112,10.7.0.0/16',
  '192.168.250.0/23',
]

export const imageCaseTable: readonly TableCase[] = [
  ...imageCases,
  ...gates.map((gate) => byFlags('features', '--kubernetes-version', 'v1.37.0', '--feature-gates', gate)),
  ...ranges.map((range): TableCase => ({
    from: 'constants',
    name: `address of CoreDNS in ${range}`,
    words: ['init', 'phase', 'addon', 'coredns', '--print-manifest', '--kubernetes-version', 'v1.37.0', '--service-cidr', range],
    same: 'output',
  })),
  ...ranges.map((range): TableCase => ({
    from: 'constants',
    name: `address of the API server in ${range}`,
    words: ['init', 'phase', 'certs', 'apiserver', '--kubernetes-version', 'v1.37.0', '--service-cidr', range, '--cert-dir', 'DIR/pki'],
    files: { 'DIR/pki/ca.crt': '@ca.crt', 'DIR/pki/ca.key': '@ca.key' },
    same: 'files',
  })),
]
