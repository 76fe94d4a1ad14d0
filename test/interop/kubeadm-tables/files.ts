/** util/patches, util/pkiutil, phases/certs, util/kubeconfig and phases/kubeconfig: files that are there before. */
import { document, type TableCase } from './table-case.ts'

const patched = (
  name: string,
  files: Readonly<Record<string, string>>,
  component = 'scheduler',
  more: Partial<TableCase> = {},
): TableCase => ({
  from: 'util/patches',
  name,
  words:
    component === 'etcd'
      ? ['init', 'phase', 'etcd', 'local', '--config', 'DIR/config.yaml']
      : ['init', 'phase', 'control-plane', component, '--config', 'DIR/config.yaml'],
  files: {
    'DIR/config.yaml': `${document('InitConfiguration', { 'patches.directory': 'DIR/p' })}---\n${document('ClusterConfiguration')}`,
    ...Object.fromEntries(Object.entries(files).map(([file, content]) => [`DIR/p/${file}`, content])),
  },
  same: 'files',
  ...more,
})

const label = '{"metadata":{"labels":{"a":"b"}}}'
const replaceLabel = '[{"op":"add","path":"/metadata/labels/c","value":"d"}]'

const patchCases: readonly TableCase[] = [
  ...[
    'kube-scheduler.json',
    'kube-scheduler0.yaml',
    'kube-scheduler+merge.json',
    'kube-scheduler0+merge.yaml',
    'kube-scheduler+strategic.yaml',
    'kube-scheduler-x+strategic.json',
  ].map((file) => patched(`${file} is a patch`, { [file]: label })),
  patched('kube-scheduler+json.json is a patch', { 'kube-scheduler+json.json': replaceLabel }),
  patched('kube-scheduler+json.yaml is a patch', { 'kube-scheduler+json.yaml': replaceLabel }),
  ...['foo.yaml', 'kube-scheduler.foo', 'kube-scheduler', 'kube-apiserver.json', 'README.md', 'kube-schedulerx.json'].map((file) =>
    patched(`${file} beside it`, { [file]: label }),
  ),
  ...['kube-scheduler+foo.json', 'kube-scheduler+.yaml', 'kube-scheduler+merge+json.yaml'].map((file) =>
    patched(`${file} is refused`, { [file]: label }),
  ),
  patched('a folder that is empty', { 'x.txt': '' }),
  patched('an empty patch', { 'kube-scheduler.json': '' }),
  patched('blank documents between patches', {
    'kube-scheduler.yaml': `---\n${label}\n---\n---\n{"metadata":{"labels":{"e":"f"}}}\n---\n`,
  }),
  patched('two documents', { 'kube-scheduler+merge.yaml': `metadata: {labels: {a: "1"}}\n---\nmetadata: {labels: {a: "2", b: "3"}}\n` }),
  patched('in the order of their names', {
    'kube-scheduler1+merge.json': '{"metadata":{"labels":{"a":"1"}}}',
    'kube-scheduler0+merge.json': '{"metadata":{"labels":{"a":"0","z":"0"}}}',
  }),
  patched('a JSON patch and a merge patch', {
    'kube-scheduler+merge.json': '{"metadata":{"labels":{"c":"merged"}}}',
    'kube-scheduler+json.json': replaceLabel,
  }),
  patched('a list of containers merged by name', {
    'kube-scheduler.yaml': 'spec: {containers: [{name: kube-scheduler, image: a.example/x:1, resources: {limits: {cpu: "1"}}}]}\n',
  }),
  patched('a list replaced by a merge patch', {
    'kube-scheduler+merge.yaml': 'spec: {containers: [{name: kube-scheduler, image: a.example/x:1}]}\n',
  }),
  patched('a field taken away', { 'kube-scheduler+merge.yaml': 'spec: {priorityClassName: null}\n' }),
  patched('a JSON patch that replaces what is not there', {
    'kube-scheduler+json.json': '[{"op":"replace","path":"/spec/schedulerName","value":"x"}]',
  }),
  patched('a JSON patch that removes what is not there', { 'kube-scheduler+json.json': '[{"op":"remove","path":"/spec/schedulerName"}]' }),
  patched('a field that a Pod does not have', { 'kube-scheduler.yaml': 'spec: {nothing: 1}\n' }, 'scheduler', {
    differs: 'what a Pod does not have is dropped by kubeadm and written by kadm',
  }),
  patched('a JSON patch that is none', { 'kube-scheduler+json.json': '{"a":1}' }),
  patched('a test in a JSON patch that fails', { 'kube-scheduler+json.json': '[{"op":"test","path":"/kind","value":"Foo"}]' }),
  patched('a patch that is no object', { 'kube-scheduler.yaml': '- a\n' }),
  patched('a patch that is no YAML', { 'kube-scheduler.yaml': 'a: [\n' }),
  patched('a patch for etcd', { 'etcd.yaml': label, 'etcd+json.json': replaceLabel }, 'etcd'),
  patched(
    'a patch for all of them',
    { 'etcd.yaml': label, 'kube-apiserver.yaml': label, 'kube-controller-manager.yaml': label, 'kube-scheduler.yaml': label },
    'controller-manager',
  ),
  {
    from: 'util/patches',
    name: 'a folder that is a file',
    words: ['init', 'phase', 'control-plane', 'scheduler', '--kubernetes-version', 'v1.37.0', '--patches', 'DIR/p'],
    files: { 'DIR/p': 'x' },
  },
  {
    from: 'util/patches',
    name: 'a folder that is not there',
    words: ['init', 'phase', 'control-plane', 'scheduler', '--kubernetes-version', 'v1.37.0', '--patches', 'DIR/p'],
  },
]

/** Keys of ECDSA are made in no time. */
const configuration = document('ClusterConfiguration', { certificatesDir: 'DIR/pki', encryptionAlgorithm: 'ECDSA-P256' })
const withPki = (
  from: string,
  name: string,
  words: readonly string[],
  pki: Readonly<Record<string, string>>,
  more: Partial<TableCase> = {},
): TableCase => ({
  from,
  name,
  words: [...words, '--config', 'DIR/config.yaml'],
  files: {
    'DIR/config.yaml': configuration,
    ...Object.fromEntries(Object.entries(pki).map(([file, content]) => [file.startsWith('/') ? file : `DIR/pki/${file}`, content])),
  },
  same: 'files',
  ...more,
})
const ca = { 'ca.crt': '@ca.crt', 'ca.key': '@ca.key' }
const cert = (name: string): readonly string[] => ['init', 'phase', 'certs', name]
const pkiutil = 'util/pkiutil'
const certs = 'phases/certs'

const pkiCases: readonly TableCase[] = [
  withPki(certs, 'a leaf of a CA', cert('apiserver-kubelet-client'), ca),
  withPki(certs, 'a CA and its leaf are kept', cert('apiserver-kubelet-client'), {
    ...ca,
    'apiserver-kubelet-client.crt': '@client.crt',
    'apiserver-kubelet-client.key': '@client.key',
  }),
  withPki(certs, 'no CA', cert('apiserver-kubelet-client'), {}),
  withPki(certs, 'a CA without its key', cert('apiserver-kubelet-client'), { 'ca.crt': '@ca.crt' }),
  withPki(certs, 'a CA without its key, and the leaf is there', cert('apiserver-kubelet-client'), {
    'ca.crt': '@ca.crt',
    'apiserver-kubelet-client.crt': '@client.crt',
    'apiserver-kubelet-client.key': '@client.key',
  }),
  withPki(certs, 'a key without its CA', cert('ca'), { 'ca.key': '@ca.key' }),
  withPki(certs, 'a CA without its key, asked for', cert('ca'), { 'ca.crt': '@ca.crt' }),
  withPki(certs, 'a leaf of another CA', cert('apiserver-kubelet-client'), {
    ...ca,
    'apiserver-kubelet-client.crt': '@other-client.crt',
    'apiserver-kubelet-client.key': '@other-client.key',
  }),
  withPki(certs, 'a leaf without its key', cert('apiserver-kubelet-client'), { ...ca, 'apiserver-kubelet-client.crt': '@client.crt' }),
  withPki(certs, 'a key without its leaf', cert('apiserver-kubelet-client'), { ...ca, 'apiserver-kubelet-client.key': '@client.key' }),
  withPki(certs, 'keys of service accounts made', cert('sa'), {}),
  withPki(certs, 'keys of service accounts kept', cert('sa'), { 'sa.key': '@ca.key', 'sa.pub': '@ca.pub' }),
  withPki(certs, 'only the private key of service accounts', cert('sa'), { 'sa.key': '@ca.key' }),
  withPki(certs, 'only the public key of service accounts', cert('sa'), { 'sa.pub': '@ca.pub' }),
  withPki(certs, 'a leaf for the front proxy without its CA', cert('front-proxy-client'), ca),
  withPki(certs, 'a leaf for etcd of its CA', cert('etcd-server'), { 'etcd/ca.crt': '@ca.crt', 'etcd/ca.key': '@ca.key' }),
  withPki(pkiutil, 'a CA file that is empty', cert('apiserver'), { ...ca, 'ca.crt': '' }),
  withPki(pkiutil, 'a CA file of other text', cert('apiserver'), { ...ca, 'ca.crt': 'text' }),
  withPki(pkiutil, 'a key in the place of the CA', cert('apiserver'), { ...ca, 'ca.crt': '@ca.key' }),
  withPki(pkiutil, 'a CA that is cut off', cert('apiserver'), { ...ca, 'ca.crt': '@ca-half.crt' }),
  withPki(pkiutil, 'a bundle, the signer first', cert('apiserver'), { ...ca, 'ca.crt': '@bundle.crt' }),
  withPki(pkiutil, 'a bundle, the signer last', cert('apiserver'), { ...ca, 'ca.crt': '@bundle-reversed.crt' }),
  withPki(pkiutil, 'text around the CA', cert('apiserver'), { ...ca, 'ca.crt': '@ca-with-text.crt' }),
  withPki(pkiutil, 'a leaf in the place of the CA', cert('apiserver'), { 'ca.crt': '@client.crt', 'ca.key': '@client.key' }),
  withPki(pkiutil, 'the key of another CA', cert('apiserver'), { ...ca, 'ca.key': '@other-ca.key' }),
  withPki(pkiutil, 'a key file that is empty', cert('apiserver'), { ...ca, 'ca.key': '' }),
  withPki(pkiutil, 'a key file of other text', cert('apiserver'), { ...ca, 'ca.key': 'text' }),
  withPki(pkiutil, 'a certificate in the place of the key', cert('apiserver'), { ...ca, 'ca.key': '@ca.crt' }),
  withPki(pkiutil, 'a key as PKCS#8', cert('apiserver'), { ...ca, 'ca.key': '@ca-pkcs8.key' }),
  withPki(pkiutil, 'a CA of ECDSA', cert('apiserver'), { 'ca.crt': '@ec-ca.crt', 'ca.key': '@ec-ca.key' }),
  withPki(pkiutil, 'a CA of ECDSA, its key as PKCS#8', cert('apiserver'), { 'ca.crt': '@ec-ca.crt', 'ca.key': '@ec-ca-pkcs8.key' }),
  withPki(pkiutil, 'a key of Ed25519', cert('apiserver'), { ...ca, 'ca.key': '@ed25519.key' }),
  withPki(pkiutil, 'a CA that has ended', cert('apiserver-kubelet-client'), { 'ca.crt': '@old-ca.crt', 'ca.key': '@ca.key' }),
  withPki(pkiutil, 'a CA that begins tomorrow', cert('apiserver-kubelet-client'), { 'ca.crt': '@future-ca.crt', 'ca.key': '@ca.key' }),
  ...(
    [
      ['192.0.2.9', { 'localAPIEndpoint.advertiseAddress': '192.0.2.9' }, {}],
      ['IPv6', { 'localAPIEndpoint.advertiseAddress': 'fd00::9' }, {}],
      ['more names', {}, { 'apiServer.certSANs': ['b.example', 'a.example', '192.0.2.77', '*.c.example', 'b.example', 'fd00::77'] }],
      ['an endpoint', {}, { controlPlaneEndpoint: 'lb.example:8443' }],
      ['an endpoint that is an address', {}, { controlPlaneEndpoint: '192.0.2.80' }],
      ['another domain', {}, { 'networking.dnsDomain': 'c.example' }],
      ['another node name', { 'nodeRegistration.name': 'node-77' }, {}],
    ] as const
  ).flatMap(([name, init, cluster]) =>
    ['apiserver', 'etcd-server', 'etcd-peer'].map((leaf): TableCase => ({
      from: pkiutil,
      name: `names of ${leaf}: ${name}`,
      words: [...cert(leaf), '--config', 'DIR/config.yaml'],
      files: {
        'DIR/config.yaml': `${document('InitConfiguration', init)}---\n${document('ClusterConfiguration', { certificatesDir: 'DIR/pki', encryptionAlgorithm: 'ECDSA-P256', ...cluster })}`,
        'DIR/pki/ca.crt': '@ca.crt',
        'DIR/pki/ca.key': '@ca.key',
        'DIR/pki/etcd/ca.crt': '@ca.crt',
        'DIR/pki/etcd/ca.key': '@ca.key',
      },
      same: 'files',
    })),
  ),
]

const kubeconfigs = 'phases/kubeconfig'
const admin = ['init', 'phase', 'kubeconfig', 'admin']
const conf = '/etc/kubernetes/admin.conf'

const kubeconfigCases: readonly TableCase[] = [
  ...['admin', 'super-admin', 'kubelet', 'controller-manager', 'scheduler'].flatMap((name) => [
    withPki(kubeconfigs, `${name} is made`, ['init', 'phase', 'kubeconfig', name], ca),
    withPki(kubeconfigs, `${name} without a CA`, ['init', 'phase', 'kubeconfig', name], {}),
    withPki(kubeconfigs, `${name} of another CA is there`, ['init', 'phase', 'kubeconfig', name], {
      ...ca,
      [`/etc/kubernetes/${name}.conf`]: '@other-admin.conf',
    }),
    withPki(kubeconfigs, `${name} of this CA is there`, ['init', 'phase', 'kubeconfig', name], {
      ...ca,
      [`/etc/kubernetes/${name}.conf`]: '@admin.conf',
    }),
  ]),
  withPki(kubeconfigs, 'a CA without its key, no file', admin, { 'ca.crt': '@ca.crt' }),
  withPki(kubeconfigs, 'a CA that is no certificate', admin, { ...ca, 'ca.crt': 'x' }),
  withPki(kubeconfigs, 'a bundle', admin, { ...ca, 'ca.crt': '@bundle.crt' }),
  withPki(kubeconfigs, 'a file that is no kubeconfig', admin, { ...ca, [conf]: 'text' }),
  withPki(kubeconfigs, 'a file that is empty', admin, { ...ca, [conf]: '' }),
  withPki('util/kubeconfig', 'a file without current-context', admin, { ...ca, [conf]: '@no-context.conf' }),
  withPki('util/kubeconfig', 'a file whose context is not there', admin, { ...ca, [conf]: '@lost-context.conf' }),
  withPki('util/kubeconfig', 'a file whose cluster is not there', admin, { ...ca, [conf]: '@lost-cluster.conf' }),
  withPki('util/kubeconfig', 'a file without CA', admin, { ...ca, [conf]: '@no-ca.conf' }),
  withPki('util/kubeconfig', 'a file that names its CA', admin, { ...ca, [conf]: '@ca-by-path.conf' }),
  withPki('util/kubeconfig', 'a file that names a CA which is not there', admin, { ...ca, [conf]: '@ca-by-lost-path.conf' }),
  withPki('util/kubeconfig', 'a file with blank lines in its CA', admin, { ...ca, [conf]: '@blank-lines.conf' }),
  withPki('util/kubeconfig', 'a file that talks to another server', admin, { ...ca, [conf]: '@other-server.conf' }),
  withPki('util/kubeconfig', 'a file without users', admin, { ...ca, [conf]: '@no-users.conf' }),
  ...[
    [],
    ['--client-name', 'a'],
    ['--client-name', 'a', '--org', 'b,c'],
    ['--client-name', 'a', '--token', 't'],
    ['--client-name', 'a', '--validity-period', 'x'],
  ].map((words) => withPki(kubeconfigs, `a user: ${words.join(' ')}`, ['kubeconfig', 'user', ...words], ca, { same: 'files' })),
]

export const fileCases: readonly TableCase[] = [...patchCases, ...pkiCases, ...kubeconfigCases]
