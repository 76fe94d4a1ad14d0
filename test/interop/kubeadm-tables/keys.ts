/**
 * phases/certs, phases/kubeconfig, util/pkiutil and apis/bootstraptoken again: every certificate and every kubeconfig, made, kept, refused,
 * and signed elsewhere.
 */
import { complete, document, migrated, validated, type TableCase } from './table-case.ts'

type Files = Readonly<Record<string, string>>

const certs = 'phases/certs'
const kubeconfigs = 'phases/kubeconfig'
const pkiutil = 'util/pkiutil'

const authorities = ['ca', 'front-proxy-ca', 'etcd/ca']
const leaves: Readonly<Record<string, string>> = {
  apiserver: 'ca',
  'apiserver-kubelet-client': 'ca',
  'front-proxy-client': 'front-proxy-ca',
  'etcd/server': 'etcd/ca',
  'etcd/peer': 'etcd/ca',
  'etcd/healthcheck-client': 'etcd/ca',
  'apiserver-etcd-client': 'etcd/ca',
}
const confs = ['admin', 'super-admin', 'kubelet', 'controller-manager', 'scheduler']

const phaseOf = (name: string): string => name.replace('/', '-')
const pair = (name: string, fixture: string): Files => ({
  [`DIR/pki/${name}.crt`]: `@${fixture}.crt`,
  [`DIR/pki/${name}.key`]: `@${fixture}.key`,
})

function phase(
  from: string,
  name: string,
  words: readonly string[],
  files: Files,
  cluster: Readonly<Record<string, unknown>> = {},
): TableCase {
  const config = `${document('InitConfiguration', { 'localAPIEndpoint.advertiseAddress': '192.168.77.10' })}---\n${document('ClusterConfiguration', { certificatesDir: 'DIR/pki', encryptionAlgorithm: 'ECDSA-P256', ...cluster })}`
  return {
    from,
    name: `${words.join(' ')}: ${name}`,
    words: ['init', 'phase', ...words, '--config', 'DIR/config.yaml'],
    files: { 'DIR/config.yaml': config, ...files },
    same: 'files',
  }
}

const certificateCases: readonly TableCase[] = [
  ...authorities.flatMap((name) => [
    phase(certs, 'made', ['certs', phaseOf(name)], {}),
    phase(certs, 'kept', ['certs', phaseOf(name)], pair(name, 'ca')),
    phase(certs, 'its key is not there', ['certs', phaseOf(name)], { [`DIR/pki/${name}.crt`]: '@ca.crt' }),
    phase(certs, 'it is a leaf', ['certs', phaseOf(name)], pair(name, 'client')),
    phase(certs, 'for 30 days', ['certs', phaseOf(name)], {}, { caCertificateValidityPeriod: '720h', certificateValidityPeriod: '24h' }),
  ]),
  ...Object.entries(leaves).flatMap(([name, ca]) => [
    phase(certs, 'made', ['certs', phaseOf(name)], pair(ca, 'ca')),
    phase(certs, 'made by a CA of ECDSA', ['certs', phaseOf(name)], pair(ca, 'ec-ca')),
    phase(certs, 'kept', ['certs', phaseOf(name)], { ...pair(ca, 'ca'), ...pair(name, 'client') }),
    phase(certs, 'of another CA', ['certs', phaseOf(name)], { ...pair(ca, 'ca'), ...pair(name, 'other-client') }),
    phase(certs, 'only its key is there', ['certs', phaseOf(name)], { ...pair(ca, 'ca'), [`DIR/pki/${name}.key`]: '@client.key' }),
    phase(certs, 'only its certificate is there', ['certs', phaseOf(name)], { ...pair(ca, 'ca'), [`DIR/pki/${name}.crt`]: '@client.crt' }),
    phase(certs, 'the key of its CA is elsewhere, it is there', ['certs', phaseOf(name)], {
      [`DIR/pki/${ca}.crt`]: '@ca.crt',
      ...pair(name, 'client'),
    }),
    phase(certs, 'the key of its CA is elsewhere, it is not there', ['certs', phaseOf(name)], { [`DIR/pki/${ca}.crt`]: '@ca.crt' }),
  ]),
]

/** All that the cluster's CA signs, beside its certificate alone. */
const signedElsewhere: Files = {
  'DIR/pki/ca.crt': '@ca.crt',
  ...pair('apiserver', 'client'),
  ...pair('apiserver-kubelet-client', 'client'),
  ...pair('front-proxy-ca', 'ca'),
  ...pair('front-proxy-client', 'client'),
  ...pair('etcd/ca', 'ca'),
  ...Object.fromEntries(confs.map((name) => [`/etc/kubernetes/${name}.conf`, '@admin.conf'])),
}

function without(files: Files, part: string): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !path.endsWith(part)))
}

const externalCases: readonly TableCase[] = ['certs', 'kubeconfig'].flatMap((what) => [
  phase(what === 'certs' ? certs : kubeconfigs, 'all that a CA elsewhere signs is there', [what, 'all'], signedElsewhere),
  ...[
    'pki/apiserver.crt',
    'pki/apiserver.key',
    'pki/apiserver-kubelet-client.crt',
    'pki/front-proxy-client.crt',
    'pki/front-proxy-client.key',
    ...confs.map((name) => `${name}.conf`),
  ].map((part) =>
    phase(what === 'certs' ? certs : kubeconfigs, `a CA elsewhere, without ${part}`, [what, 'all'], without(signedElsewhere, `/${part}`)),
  ),
  ...confs.map((name) =>
    phase(what === 'certs' ? certs : kubeconfigs, `a CA elsewhere, ${name}.conf of another`, [what, 'all'], {
      ...signedElsewhere,
      [`/etc/kubernetes/${name}.conf`]: '@other-admin.conf',
    }),
  ),
  phase(
    what === 'certs' ? certs : kubeconfigs,
    'a CA elsewhere for the front proxy too',
    [what, 'all'],
    without(signedElsewhere, 'front-proxy-ca.key'),
  ),
  phase(what === 'certs' ? certs : kubeconfigs, 'a CA elsewhere and a leaf of another', [what, 'all'], {
    ...signedElsewhere,
    'DIR/pki/apiserver.crt': '@other-client.crt',
  }),
])

const authority = pair('ca', 'ca')
const confCases: readonly TableCase[] = confs.flatMap((name) => {
  const path = `/etc/kubernetes/${name}.conf`
  const words = ['kubeconfig', name]
  return [
    ...[
      'no-context',
      'lost-context',
      'lost-cluster',
      'no-ca',
      'ca-by-path',
      'ca-by-lost-path',
      'blank-lines',
      'other-server',
      'no-users',
    ].map((fixture) => phase('util/kubeconfig', `a file as ${fixture}`, words, { ...authority, [path]: `@${fixture}.conf` })),
    phase(kubeconfigs, 'an endpoint for all', words, authority, { controlPlaneEndpoint: 'lb.example:8443' }),
    phase(kubeconfigs, 'another name of the cluster', words, authority, { clusterName: 'blue' }),
    phase(kubeconfigs, 'a CA of ECDSA', words, pair('ca', 'ec-ca')),
    phase(kubeconfigs, 'the key of another CA', words, { ...authority, 'DIR/pki/ca.key': '@other-ca.key' }),
  ]
})

const keyCases: readonly TableCase[] = [
  '@ca-pkcs8.key',
  '@ec-ca.key',
  '@ec-ca-pkcs8.key',
  '@ed25519.key',
  '@ca.pub',
  '@ca.crt',
  'text',
  '',
].flatMap((content) => [
  {
    ...phase(pkiutil, `sa.key is ${content}`, ['certs', 'sa'], { 'DIR/pki/sa.key': content }),
    ...(content === '@ed25519.key' && { differs: 'a key for service accounts that no API server takes is refused' }),
  },
  phase(pkiutil, `a leaf's key is ${content}`, ['certs', 'apiserver'], {
    ...authority,
    'DIR/pki/apiserver.crt': '@client.crt',
    'DIR/pki/apiserver.key': content,
  }),
])

const tokens = 'apis/bootstraptoken/v1'
const token = 'abcdef.0123456789abcdef'
const tokenCases: readonly TableCase[] = [
  ...[
    {},
    { ttl: '1h' },
    { ttl: '0s' },
    { ttl: '1h30m' },
    { ttl: 'x' },
    { ttl: 5 },
    { expires: '2099-01-01T00:00:00Z' },
    { expires: '2001-01-01T00:00:00Z' },
    { expires: 'x' },
    { expires: '2099-01-01T02:00:00+02:00' },
    { ttl: '1h', expires: '2099-01-01T00:00:00Z' },
    { description: 'a "b"' },
    { description: 5 },
    { usages: ['signing', 'signing'] },
    { groups: [] },
    { groups: ['system:bootstrappers:a', 'system:bootstrappers:a'] },
    { nothing: 1 },
  ].map((fields) =>
    migrated(tokens, `a token with ${JSON.stringify(fields)}`, complete('InitConfiguration', { bootstrapTokens: [{ token, ...fields }] })),
  ),
  ...[5, null, true, [], {}].map((given) =>
    validated(tokens, `token ${JSON.stringify(given)}`, complete('InitConfiguration', { bootstrapTokens: [{ token: given }] })),
  ),
  validated(tokens, 'one token twice', complete('InitConfiguration', { bootstrapTokens: [{ token }, { token }] })),
  validated(tokens, 'no list', complete('InitConfiguration', { bootstrapTokens: { token } })),
]

const versions = [
  'v1.37',
  '1.37',
  'v1.37.0.0',
  '1.37.0-rc.0',
  'v1.37.0-beta.0.5+0a1b2c',
  'v1.37.0-',
  'v1.37.0+',
  'v1.37.0--a',
  'V1.37.0',
  'latest-x',
  'stable_1',
  'ci/latest',
  'ci-cross/latest',
  'v1.37.01',
  'v1.-1.0',
  ' v1.37.0',
  'v1.37.0 ',
  'release/stable',
  'v2.0.0',
  'v0.1.0',
  'v1.37.0-alpha.1-5+x.y',
]
const versionCases: readonly TableCase[] = versions.map((version) => ({
  from: 'util',
  name: `version "${version}"`,
  words: ['config', 'images', 'list', '--kubernetes-version', version],
  same: 'output',
}))

export const keyTable: readonly TableCase[] = [
  ...certificateCases,
  ...externalCases,
  ...confCases,
  ...keyCases,
  ...tokenCases,
  ...versionCases,
]
