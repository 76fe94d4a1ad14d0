/**
 * Rows of areas E (certificates) and G (manifests), with values that are new in each run. What takes two runs, an environment or a folder's
 * history is in test/pki and test/manifests.
 */
import { below, word } from '../../support/random-words.ts'
import { document, type TableCase } from '../kubeadm-tables/table-case.ts'

type Fields = Readonly<Record<string, unknown>>
type Files = Readonly<Record<string, string>>

const fast = { certificatesDir: 'DIR/pki', encryptionAlgorithm: 'ECDSA-P256' }

function row(
  from: string,
  name: string,
  words: readonly string[],
  {
    init = {},
    cluster = {},
    files = {},
    more = {},
  }: { readonly init?: Fields; readonly cluster?: Fields; readonly files?: Files; readonly more?: Partial<TableCase> } = {},
): TableCase {
  const text = `${document('InitConfiguration', { 'localAPIEndpoint.advertiseAddress': '192.168.77.10', ...init })}---\n${document('ClusterConfiguration', { ...fast, ...cluster })}`
  return {
    from,
    name: `${name}: ${words.join(' ')}`,
    words: [...words, '--config', 'DIR/config.yaml'],
    files: { 'DIR/config.yaml': text, ...files },
    same: 'files',
    ...more,
  }
}

const pair = (name: string, fixture: string): Files => ({
  [`DIR/pki/${name}.crt`]: `@${fixture}.crt`,
  [`DIR/pki/${name}.key`]: `@${fixture}.key`,
})
const authorities: Files = { ...pair('ca', 'ca'), ...pair('front-proxy-ca', 'ca'), ...pair('etcd/ca', 'ca') }
const leaves: Files = Object.assign(
  {},
  ...[
    'apiserver',
    'apiserver-kubelet-client',
    'apiserver-etcd-client',
    'front-proxy-client',
    'etcd/server',
    'etcd/peer',
    'etcd/healthcheck-client',
  ].map((name) => pair(name, 'client')),
) as Files
const accounts: Files = { 'DIR/pki/sa.key': '@ca.key', 'DIR/pki/sa.pub': '@ca.pub' }
const whole: Files = { ...authorities, ...leaves, ...accounts }
const confs: Files = Object.fromEntries(
  ['admin', 'super-admin', 'kubelet', 'controller-manager', 'scheduler'].map((name) => [`/etc/kubernetes/${name}.conf`, '@admin.conf']),
)
const certs = (name: string): readonly string[] => ['init', 'phase', 'certs', name]

function without(files: Files, ...parts: readonly string[]): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => parts.every((part) => !path.endsWith(`/${part}`))))
}

const external = {
  'etcd.external': { endpoints: ['https://192.0.2.5:2379'], caFile: '/e/ca.crt', certFile: '/e/c.crt', keyFile: '/e/c.key' },
}

const certificateRows: readonly TableCase[] = [
  row('E2', 'all is there', certs('all'), { files: whole }),
  row('E4', 'a CA that ends before its leaf', certs('apiserver'), {
    files: pair('ca', 'ca'),
    cluster: { certificateValidityPeriod: `${9000 + below(900)}h`, caCertificateValidityPeriod: '24h' },
  }),
  row('E6', 'more names', certs('apiserver'), { files: whole, cluster: { 'apiServer.certSANs': [`${word()}.example`] } }),
  row('E8', 'a key without its certificate', certs('all'), { files: without(whole, 'apiserver.crt') }),
  row('E10', 'sa.pub is missing', certs('sa'), { files: without(accounts, 'sa.pub') }),
  row('E10', 'sa.key is missing', certs('sa'), { files: without(accounts, 'sa.key') }),
  row('E12', 'the key of another CA', certs('ca'), { files: { ...pair('ca', 'ca'), 'DIR/pki/ca.key': '@other-ca.key' } }),
  row('E12', 'the key of another CA', certs('apiserver'), { files: { ...pair('ca', 'ca'), 'DIR/pki/ca.key': '@other-ca.key' } }),
  row('E14', 'two CAs in one file', certs('apiserver'), { files: { ...pair('ca', 'ca'), 'DIR/pki/ca.crt': '@bundle.crt' } }),
  row('E16', 'a CA elsewhere', certs('all'), {
    files: { ...without(whole, 'ca.key'), ...pair('front-proxy-ca', 'ca'), ...pair('etcd/ca', 'ca'), ...confs },
  }),
  row('E16', 'a CA elsewhere', ['init', 'phase', 'control-plane', 'controller-manager'], { files: { 'DIR/pki/ca.crt': '@ca.crt' } }),
  ...['ECDSA-P256', 'ECDSA-P384', 'RSA-2048', 'RSA-3072'].map((encryptionAlgorithm) =>
    row('E18', encryptionAlgorithm, certs('all'), { cluster: { encryptionAlgorithm, 'networking.dnsDomain': `${word()}.example` } }),
  ),
  row('E18', 'RSA-4096', certs('sa'), { cluster: { encryptionAlgorithm: 'RSA-4096' } }),
  row('E20', 'etcd elsewhere', certs('all'), { cluster: { ...external, 'networking.dnsDomain': `${word()}.example` } }),
  row('E20', 'etcd elsewhere', certs('etcd-server'), { cluster: external }),
  row('E24', 'a CA elsewhere', ['certs', 'renew', 'all'], {
    files: { ...without(whole, 'ca.key'), ...pair('front-proxy-ca', 'ca'), ...pair('etcd/ca', 'ca'), ...confs },
  }),
  row('E26', 'no such certificate', ['certs', 'renew', word()]),
  row('E26', 'nothing', ['certs', 'renew']),
  row('E26', 'two', ['certs', 'renew', 'apiserver', 'scheduler.conf'], { files: { ...whole, ...confs } }),
  row('E30', 'a CA of the front proxy elsewhere', certs('all'), { files: without(whole, 'front-proxy-ca.key') }),
  row('E30', 'a CA of the front proxy elsewhere, its leaf is gone', certs('all'), {
    files: without(whole, 'front-proxy-ca.key', 'front-proxy-client.crt', 'front-proxy-client.key'),
  }),
]

const args = (...pairs: readonly (readonly [string, string])[]): readonly Fields[] => pairs.map(([name, value]) => ({ name, value }))
const manifest = (component: string): readonly string[] => ['init', 'phase', 'control-plane', component]
const local = ['init', 'phase', 'etcd', 'local']
const patches = (...files: readonly (readonly [string, string])[]): { readonly init: Fields; readonly files: Files } => ({
  init: { 'patches.directory': 'DIR/patches' },
  files: Object.fromEntries(files.map(([name, content]) => [`DIR/patches/${name}`, content])),
})

const manifestRows: readonly TableCase[] = [
  row('G2', 'arguments', manifest('apiserver'), {
    cluster: {
      'apiServer.extraArgs': args(
        ['v', String(below(9))],
        ['authorization-mode', 'Node'],
        ['v', String(below(9))],
        ['insecure', ''],
        [word(), word()],
      ),
    },
  }),
  row('G4', 'volumes and variables', manifest('all'), {
    cluster: {
      'apiServer.extraVolumes': [
        { name: 'z', hostPath: `/${word()}`, mountPath: '/z' },
        { name: 'a', hostPath: `/${word()}`, mountPath: '/a', readOnly: true, pathType: 'File' },
      ],
      'scheduler.extraEnvs': [
        { name: 'Z', value: word() },
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'F', valueFrom: { fileKeyRef: { volumeName: 'z', path: word(), key: word() } } },
      ],
    },
  }),
  row('G6', 'two families', manifest('all'), {
    cluster: {
      'networking.serviceSubnet': `10.${below(200)}.0.0/16,fd00:1::/112`,
      'networking.podSubnet': `10.${200 + below(50)}.0.0/16,fd00:2::/${48 + below(16)}`,
    },
  }),
  row('G8', 'etcd elsewhere', manifest('apiserver'), {
    cluster: {
      'etcd.external': {
        ...external['etcd.external'],
        endpoints: [`https://192.0.2.${below(99)}:2379`, `https://192.0.2.${100 + below(99)}:2379`],
      },
    },
  }),
  row('G8', 'etcd elsewhere', local, { cluster: external }),
  row('G10', 'images and folders', [...local], {
    cluster: {
      imageRepository: `${word()}.example:5000`,
      'etcd.local': {
        imageRepository: `${word()}.example`,
        imageTag: word(),
        dataDir: `/${word()}`,
        extraArgs: args(['snapshot-count', '5']),
      },
    },
  }),
  row(
    'G12',
    'patches that are none',
    manifest('scheduler'),
    patches([`${word()}.yaml`, 'a: b'], ['kube-scheduler.txt', 'a: b'], ['kube-scheduler.yaml', '']),
  ),
  row(
    'G14',
    'two documents in a patch',
    manifest('scheduler'),
    patches([
      'kube-scheduler.yaml',
      `metadata: {labels: {a: ${word()}}}\n---\nspec: {containers: [{name: kube-scheduler, image: ${word()}.example/x}]}\n`,
    ]),
  ),
  row('G16', 'with the key of the CA', manifest('controller-manager'), { files: pair('ca', 'ca') }),
  row('G16', 'without the key of the CA', manifest('controller-manager')),
]

export const fileRows: readonly TableCase[] = [...certificateRows, ...manifestRows]
