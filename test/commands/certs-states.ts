/**
 * Folders of a control plane in many states, for `certs` of both programs. Made from one that the real kubeadm made; what is random is new
 * in each run.
 */
import { X509Certificate, type KeyObject } from 'node:crypto'
import { dumpYaml, parseYaml } from '../../src/config/yaml.ts'
import { certificateIdentity } from '../../src/pki/certificate-identity.ts'
import { issueCertificate, selfSignedCa, type Leaf } from '../../src/pki/issue.ts'
import { newPrivateKey, parsePrivateKey } from '../../src/pki/keys.ts'

/** By path; those of /etc/kubernetes. */
export type HostFiles = Readonly<Record<string, { readonly content: string; readonly mode: number }>>

export interface State {
  readonly name: string
  readonly change?: (files: HostFiles) => HostFiles | Promise<HostFiles>
  /** Fields of ClusterConfiguration in the file of `--config`; without them there is no such flag. Default: keys that are made fast. */
  readonly config?: Readonly<Record<string, unknown>> | 'none'
  /** Further words. */
  readonly words?: readonly string[]
  /** What is renewed; default all. */
  readonly renew?: string
}

const pki = '/etc/kubernetes/pki'
const day = 24 * 60 * 60_000

export const states: readonly State[] = [
  { name: 'as it was made' },
  { name: 'no configuration, nothing that answers', config: 'none' },
  { name: 'no configuration, no admin.conf', config: 'none', change: (files) => without(files, 'admin.conf') },
  {
    name: 'three files are gone',
    change: (files) =>
      without(
        files,
        ...shuffled(['pki/apiserver.crt', 'pki/etcd/peer.crt', 'scheduler.conf', 'pki/front-proxy-client.crt', 'super-admin.conf']).slice(
          0,
          3,
        ),
      ),
  },
  { name: 'a key is gone', change: (files) => without(files, 'pki/apiserver.key') },
  { name: 'everything is gone', change: () => ({}) },
  { name: 'external CA', change: (files) => without(files, 'pki/ca.key') },
  { name: 'external front-proxy CA', change: (files) => without(files, 'pki/front-proxy-ca.key') },
  { name: 'external CA of etcd', change: (files) => without(files, 'pki/etcd/ca.key') },
  { name: 'three external CAs', change: (files) => without(files, 'pki/ca.key', 'pki/front-proxy-ca.key', 'pki/etcd/ca.key') },
  { name: 'external CA, and a key is gone', change: (files) => without(files, 'pki/ca.key', 'pki/apiserver.key') },
  {
    name: 'external CA, and what it signed has expired',
    change: async (files) => without(await reissued(files, 'apiserver', over), 'pki/ca.key'),
  },
  {
    name: 'external CA, and what it signed is of another',
    change: async (files) => without(await signedByAnother(files, 'apiserver-kubelet-client'), 'pki/ca.key'),
  },
  { name: 'the CA is gone', change: (files) => without(files, 'pki/ca.crt') },
  { name: 'the CA and its key are gone', change: (files) => without(files, 'pki/etcd/ca.crt', 'pki/etcd/ca.key') },
  { name: 'the CA is no CA', change: (files) => withText(files, 'pki/ca.crt', textOf(files, 'pki/apiserver.crt')) },
  { name: 'the CA has the key of another', change: (files) => withText(files, 'pki/ca.key', textOf(files, 'pki/front-proxy-ca.key')) },
  { name: 'the key of the CA is cut off', change: (files) => withText(files, 'pki/ca.key', textOf(files, 'pki/ca.key').slice(0, 90)) },
  {
    name: 'a certificate is cut off',
    change: (files) => withText(files, 'pki/apiserver.crt', textOf(files, 'pki/apiserver.crt').slice(0, 200)),
  },
  { name: 'a certificate is empty', change: (files) => withText(files, 'pki/etcd/server.crt', '') },
  { name: 'a certificate has the key of another', change: (files) => withText(files, 'pki/apiserver.key', textOf(files, 'pki/sa.key')) },
  { name: 'a certificate has expired', change: (files) => reissued(files, 'apiserver', over) },
  {
    name: 'a certificate is not valid yet',
    change: (files) => reissued(files, 'etcd/server', { notBefore: inDays(30), notAfter: inDays(60) }),
  },
  { name: 'ends of all sizes', change: endsOfAllSizes },
  { name: 'a certificate of others', change: (files) => reissued(files, 'apiserver', ofOthers()) },
  { name: 'a certificate without names', change: (files) => reissued(files, 'apiserver', { altNames: { dnsNames: [], addresses: [] } }) },
  { name: 'a certificate without usages', change: (files) => reissued(files, 'apiserver', { usages: [] }) },
  { name: 'certificates of another CA', change: (files) => signedByAnother(files, 'front-proxy-client') },
  { name: 'bundles', change: bundles },
  { name: 'other modes', change: (files) => mapped(files, (file, path) => ({ ...file, mode: path.endsWith('.crt') ? 0o640 : 0o400 })) },
  { name: 'a kubeconfig that is no YAML', change: (files) => withText(files, 'scheduler.conf', '\t{') },
  {
    name: 'a kubeconfig without a certificate',
    change: (files) =>
      withText(files, 'scheduler.conf', textOf(files, 'scheduler.conf').replace(/client-certificate-data: \S+/, 'token: abc')),
  },
  {
    name: 'a kubeconfig without a CA',
    change: (files) =>
      withText(
        files,
        'admin.conf',
        textOf(files, 'admin.conf').replace(/certificate-authority-data: \S+/, 'insecure-skip-tls-verify: true'),
      ),
  },
  {
    name: 'a kubeconfig without its context',
    change: (files) => withText(files, 'admin.conf', textOf(files, 'admin.conf').replace(/current-context: \S+/, 'current-context: other')),
  },
  { name: 'a kubeconfig with others in it', change: richKubeconfig },
  {
    name: 'a kubeconfig that trusts another CA',
    change: (files) =>
      withText(
        files,
        'admin.conf',
        textOf(files, 'admin.conf').replace(/(certificate-authority-data: )\S+/, `$1${base64(textOf(files, 'pki/front-proxy-ca.crt'))}`),
      ),
  },
  {
    name: 'P-384 and another period',
    config: { encryptionAlgorithm: 'ECDSA-P384', certificateValidityPeriod: `${randomInt(20, 9000)}h${randomInt(1, 59)}m0s` },
  },
  { name: 'RSA-3072', config: { encryptionAlgorithm: 'RSA-3072' }, renew: 'apiserver' },
  { name: 'external etcd', config: externalEtcd() },
  { name: 'external etcd, one of its certificates', config: externalEtcd(), renew: 'etcd-server' },
  {
    name: 'external etcd, without its files',
    config: externalEtcd(),
    change: (files) => without(files, 'pki/etcd/ca.crt', 'pki/etcd/ca.key', 'pki/etcd/server.crt', 'pki/apiserver-etcd-client.crt'),
  },
  {
    name: 'another folder by flag',
    config: 'none',
    words: ['--cert-dir', '/etc/kubernetes/other'],
    change: moved,
    renew: 'front-proxy-client',
  },
  {
    name: 'another folder by file, whatever the flag',
    config: { encryptionAlgorithm: 'ECDSA-P256', certificatesDir: '/etc/kubernetes/other' },
    words: ['--cert-dir', '/nonexistent'],
    change: moved,
  },
  { name: 'a file that is not there', words: ['--config', '/nonexistent/config.yaml'], config: 'none' },
  ...['admin.conf', 'apiserver', 'etcd-peer', 'front-proxy-client', 'scheduler.conf', 'super-admin.conf'].map((renew) => ({
    name: `only ${renew}`,
    renew,
  })),
]

const over = { notBefore: inDays(-60), notAfter: inDays(-1) }

function without(files: HostFiles, ...names: readonly string[]): HostFiles {
  const gone = new Set(names.map((name) => `/etc/kubernetes/${name}`))
  return Object.fromEntries(Object.entries(files).filter(([path]) => !gone.has(path)))
}

function withText(files: HostFiles, name: string, content: string): HostFiles {
  const path = `/etc/kubernetes/${name}`
  return { ...files, [path]: { mode: files[path]?.mode ?? 0o600, content } }
}

export function textOf(files: HostFiles, name: string): string {
  const found = files[`/etc/kubernetes/${name}`]
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found.content
}

function mapped(files: HostFiles, change: (file: HostFiles[string], path: string) => HostFiles[string]): HostFiles {
  return Object.fromEntries(Object.entries(files).map(([path, file]) => [path, change(file, path)]))
}

function moved(files: HostFiles): HostFiles {
  return Object.fromEntries(Object.entries(files).map(([path, file]) => [path.replace(`${pki}/`, '/etc/kubernetes/other/'), file]))
}

/** The certificate of the same names and key with other fields, by the CA that signed it. */
export function reissued(files: HostFiles, baseName: string, fields: Partial<Leaf>): HostFiles {
  const ca = baseName.startsWith('etcd/') ? 'etcd/ca' : baseName.startsWith('front-proxy') ? 'front-proxy-ca' : 'ca'
  const certificate = new X509Certificate(textOf(files, `pki/${baseName}.crt`))
  const authority = { certificate: new X509Certificate(textOf(files, `pki/${ca}.crt`)), key: keyIn(files, `pki/${ca}.key`) }
  const leaf = {
    ...certificateIdentity(certificate),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    key: keyIn(files, `pki/${baseName}.key`),
    ...fields,
  }
  return withText(files, `pki/${baseName}.crt`, issueCertificate(leaf, authority))
}

async function signedByAnother(files: HostFiles, baseName: string): Promise<HostFiles> {
  const key = await newPrivateKey('ECDSA-P256')
  const period = { notBefore: inDays(-1), notAfter: inDays(90) }
  const authority = { certificate: new X509Certificate(selfSignedCa({ commonName: 'other', key, ...period })), key }
  const leaf = {
    ...certificateIdentity(new X509Certificate(textOf(files, `pki/${baseName}.crt`))),
    key: keyIn(files, `pki/${baseName}.key`),
    ...period,
  }
  return withText(files, `pki/${baseName}.crt`, issueCertificate(leaf, authority))
}

/** What a certificate of a company's own CA may hold. */
function ofOthers(): Partial<Leaf> {
  const name = `host-${randomInt(1, 1e6)}`
  return {
    subject: { commonName: `${name} Ü`, organizations: ['one', 'two & three', `z${randomInt(1, 99)}`] },
    altNames: {
      dnsNames: [`${name}.example`, '*.wild.example', 'a.example'],
      addresses: ['fd00::5', `10.9.8.${randomInt(1, 250)}`, '192.0.2.1'],
    },
    usages: ['client', '1.3.6.1.5.5.7.3.3', 'server'],
  }
}

/** So that each unit of the column RESIDUAL TIME occurs: in the middle of its step, as both programs look some seconds apart. */
function endsOfAllSizes(files: HostFiles): HostFiles {
  const minute = 60_000
  const left = [25.5 * minute, 5.6 * 60 * minute + 30_000, 30.5 * 60 * minute, (3 + 5.5 / 24) * day, 9.5 * day, 1000.5 * day, 3100.5 * day]
  const names = [
    'apiserver',
    'apiserver-kubelet-client',
    'apiserver-kubelet-client',
    'front-proxy-client',
    'etcd/server',
    'etcd/peer',
    'etcd/healthcheck-client',
  ]
  return names.reduce((all, name, index) => reissued(all, name, { notAfter: new Date(Date.now() + (left[index] ?? 0)) }), files)
}

async function bundles(files: HostFiles): Promise<HostFiles> {
  const key = await newPrivateKey('ECDSA-P256')
  const other = selfSignedCa({ commonName: 'old', key, notBefore: inDays(-1), notAfter: inDays(9) })
  const withCa = withText(files, 'pki/ca.crt', textOf(files, 'pki/ca.crt') + other)
  return withText(withCa, 'pki/apiserver.crt', `text before\n${textOf(files, 'pki/apiserver.crt')}${other}`)
}

function richKubeconfig(files: HostFiles): HostFiles {
  const document = parseYaml(textOf(files, 'admin.conf')) as Record<string, readonly object[]>
  const rich = {
    ...document,
    clusters: [...(document['clusters'] ?? []), { name: 'second', cluster: { server: 'https://second.example:6443' } }],
    contexts: [...(document['contexts'] ?? []), { name: 'second', context: { cluster: 'second', user: 'second', namespace: 'one' } }],
    users: [...(document['users'] ?? []), { name: 'second', user: { token: 'abc' } }],
  }
  return withText(files, 'admin.conf', dumpYaml(rich))
}

function externalEtcd(): Readonly<Record<string, unknown>> {
  const external = {
    endpoints: ['https://192.168.77.20:2379'],
    caFile: '/etc/etcd/ca.crt',
    certFile: '/etc/etcd/c.crt',
    keyFile: '/etc/etcd/c.key',
  }
  return { encryptionAlgorithm: 'ECDSA-P256', etcd: { external } }
}

export function keyIn(files: HostFiles, name: string): KeyObject {
  const key = parsePrivateKey(textOf(files, name))
  if (key === undefined) throw new Error(`${name} holds no key`)
  return key
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

export function inDays(days: number): Date {
  return new Date(Date.now() + days * day)
}

function randomInt(least: number, most: number): number {
  return least + Math.floor(Math.random() * (most - least))
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
