/** Rows of the catalogue of black-box cases, areas A to D, F and K: with values that are new in each run. `from` is the id of the row. */
import { printInitDefaults, printJoinDefaults, printResetDefaults, printUpgradeDefaults } from '../../../src/config/print-defaults.ts'
import { below, hex, word } from '../../support/random-words.ts'
import { complete, document, migrated, validated, type TableCase } from '../kubeadm-tables/table-case.ts'

const oneOf = <T>(first: T, ...others: readonly T[]): T => others[below(others.length + 1)] ?? first
const token = `${hex(3)}.${hex(8)}`
const init = document('InitConfiguration', { bootstrapTokens: [{ token }] })
const clusterWith = (fields: Readonly<Record<string, unknown>>): string => document('ClusterConfiguration', fields)
const head = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.0\n'
const withInit = (cluster: string): string => `${init}---\n${cluster}`

const loading: readonly TableCase[] = [
  migrated(
    'A2',
    'booleans of YAML 1.1',
    withInit(
      `${head}proxy: {disabled: ${oneOf('yes', 'on', 'y', 'True', 'TRUE', 'Yes')}}\ndns: {disabled: ${oneOf('no', 'off', 'n', 'False', 'true')}}\n`,
    ),
  ),
  migrated('A2', 'numbers of YAML 1.1', `${init.trimEnd().slice(0, -1)},"localAPIEndpoint":{"bindPort":1}}\n---\n${head}`),
  validated('A2', 'a text that looks like a boolean', `${head}proxy: {disabled: "${oneOf('true', 'yes', 'no')}"}\n`),
  validated(
    'A2',
    'a port in octal',
    `apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nlocalAPIEndpoint: {bindPort: ${oneOf('0777', '1_000', '0x1bb', '0o17')}}\n`,
  ),
  migrated(
    'A4',
    'a merge key and an alias',
    withInit(`${head.replace('v1.37.0', `&v v1.37.${below(9)}`)}<<: {clusterName: ${word()}}\nnetworking: {dnsDomain: &d ${word()}.x}\n`),
  ),
  migrated('A4', 'an anchor used again', withInit(`${head}clusterName: &n ${word()}\nnetworking: {dnsDomain: *n}\n`)),
  ...[
    { ClusterName: word() },
    { 'Networking.podsubnet': '10.1.0.0/16' },
    { 'networking.podsubnet': '10.1.0.0/16' },
    { 'networking.PodSubnet': '10.1.0.0/16' },
  ].map((fields) => validated('A6', `names in another case: ${Object.keys(fields).join()}`, clusterWith(fields))),
  validated('A8', 'only a comment between two documents', `${init}---\n# ${word()}\n---\n${head}`),
  validated('A8', 'a separator and an empty line at the end', `${head}---\n\n`),
  validated('A8', 'a separator first', `---\n${head}`),
  validated('A8', 'a separator last', `${head}---\n`),
  validated('A8', 'dots last', `${head}...\n`),
  validated('A8', 'a separator with a comment', `--- # ${word()}\n${head}`),
  validated('A10', 'an empty file', oneOf('', '\n', '\n\n', '  \n')),
  validated('A12', 'a list', `- ${word()}\n`),
  validated('A12', 'an anchor in itself', `a: &a [*a, ${word()}]\n`),
]

const printed: readonly TableCase[] = [
  ...['init', 'join', 'reset', 'upgrade'].map((what): TableCase => ({
    from: 'B1',
    name: what,
    words: ['config', 'print', `${what}-defaults`],
    same: 'output',
  })),
  ...['KubeletConfiguration', 'KubeProxyConfiguration', 'KubeletConfiguration,KubeProxyConfiguration', ''].map((kinds): TableCase => ({
    from: 'B1',
    name: `with ${kinds}`,
    words: ['config', 'print', 'init-defaults', '--component-configs', kinds],
    same: 'output',
  })),
  ...[word(), 'kubeletconfiguration', `KubeletConfiguration,${word()}`].map((kind): TableCase => ({
    from: 'B3',
    name: kind,
    words: ['config', 'print', 'init-defaults', '--component-configs', kind],
  })),
  ...Object.entries({
    init: printInitDefaults(['KubeletConfiguration', 'KubeProxyConfiguration']),
    join: printJoinDefaults(word()),
    reset: printResetDefaults(),
    upgrade: printUpgradeDefaults(),
  }).map(([what, text]) => validated('B5', `what is printed for ${what}`, text)),
  ...[undefined, [], [{ key: word(), effect: oneOf('NoSchedule', 'NoExecute') }]].flatMap((taints) =>
    [undefined, { localAPIEndpoint: { advertiseAddress: `192.0.2.${1 + below(250)}` } }].map((controlPlane) =>
      migrated(
        'B7',
        `taints ${JSON.stringify(taints)}, ${controlPlane === undefined ? 'worker' : 'control plane'}`,
        complete('JoinConfiguration', { 'nodeRegistration.taints': taints, controlPlane }),
      ),
    ),
  ),
]

const [a, b] = [1 + below(250), 1 + below(250)]
const checked: readonly TableCase[] = [
  validated('C2', 'two ranges of one family', clusterWith({ 'networking.serviceSubnet': `10.${a}.0.0/16,10.${a + 1}.0.0/16` })),
  ...[`10.${a}.${b}.0/28`, `10.${a}.${b}.0/29`, `fd00:${a}::/108`, `fd00:${a}::/107`, `fd00:${a}::/64`, `10.${a}.0.0/11`].map((range) =>
    validated('C4', range, clusterWith({ 'networking.serviceSubnet': range })),
  ),
  ...[`fd00:${a}::/47`, `fd00:${a}::/48`].map((range) => validated('C6', range, clusterWith({ 'networking.podSubnet': range }))),
  ...[`fd00::${a}`, `[fd00::${a}]`, `10.1.2.${b}:`, `${word()}.example`, `${word()}.example:${1 + below(60_000)}`].map(
    (controlPlaneEndpoint) => migrated('C8', controlPlaneEndpoint, withInit(clusterWith({ controlPlaneEndpoint }))),
  ),
  ...[
    { ttl: '1h', expires: '2099-01-01T00:00:00Z' },
    { usages: [word()] },
    { usages: ['signing'] },
    { groups: [word()] },
    { groups: [`system:bootstrappers:${word().toUpperCase()}`] },
  ].map((fields) => {
    const good = Array.from({ length: below(3) }, () => ({ token }))
    return validated(
      'C10',
      `token ${good.length} with ${JSON.stringify(fields)}`,
      complete('InitConfiguration', { bootstrapTokens: [...good, { token, ...fields }] }),
    )
  }),
  validated('C12', 'reset', document('ResetConfiguration', { certificatesDir: word(), unmountFlags: ['MNT_FORCE', word()] })),
  validated(
    'C12',
    'upgrade',
    document('UpgradeConfiguration', { 'apply.patches.directory': word(), 'node.imagePullPolicy': oneOf('never', word()) }),
  ),
  validated(
    'C14',
    'mergeMethod in v1beta4',
    clusterWith({ [`${oneOf('apiServer', 'scheduler', 'etcd.local')}.extraArgs`]: [{ name: 'v', value: '2', mergeMethod: 'append' }] }),
  ),
  validated(
    'C14',
    'a cgroup driver that there is not',
    `${clusterWith({})}---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: ${word()}\n`,
  ),
  validated(
    'C14',
    'an unknown field of the kubelet',
    `${clusterWith({})}---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${word()}: 1\n`,
  ),
  validated('C16', 'v1alpha1', 'apiVersion: kubeadm.k8s.io/v1alpha1\nkind: MasterConfiguration\n', {
    differs: 'kadm refuses a version that nobody reads',
  }),
]

const migrations: readonly TableCase[] = [
  migrated('D3', 'only a kubelet', `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: ${below(99)}\n`),
  ...[{}, { optional: false }].map((given) => {
    const fileKeyRef = { volumeName: word(), path: word(), key: word(), ...given }
    const fields = { 'apiServer.extraEnvs': [{ name: word(), valueFrom: { fileKeyRef } }] }
    return migrated('D3', `a variable of a file ${JSON.stringify(given)}`, withInit(clusterWith(fields)))
  }),
  { from: 'D5', name: 'no flag', words: ['config', 'migrate'] },
  { from: 'D5', name: 'a folder', words: ['config', 'migrate', '--old-config', 'DIR'] },
  migrated('D7', 'an upgrade with a version', document('UpgradeConfiguration', { 'apply.kubernetesVersion': `v1.37.${below(9)}` })),
]

const pki = { 'DIR/pki/ca.crt': '@ca.crt', 'DIR/pki/ca.key': '@ca.key' }
const quick = { certificatesDir: 'DIR/pki', encryptionAlgorithm: 'ECDSA-P256', clusterName: word() }
const kubeconfigs = (
  from: string,
  name: string,
  words: readonly string[],
  settings: Readonly<Record<string, unknown>> = {},
  files: Readonly<Record<string, string>> = pki,
): TableCase => ({
  from,
  name,
  words: [...words, '--config', 'DIR/config.yaml'],
  files: {
    'DIR/config.yaml': `${document('InitConfiguration', { 'nodeRegistration.name': word(), ...settings })}---\n${clusterWith(quick)}`,
    ...files,
  },
  same: 'files',
})
const all = ['init', 'phase', 'kubeconfig', 'all']
const names = ['admin', 'super-admin', 'kubelet', 'controller-manager', 'scheduler']

const kubeconfigRows: readonly TableCase[] = [
  kubeconfigs('F1', 'all five', all),
  kubeconfigs('F3', 'an IPv6 address', all, {
    'localAPIEndpoint.advertiseAddress': `fd00::${a}`,
    'localAPIEndpoint.bindPort': 1 + below(60_000),
  }),
  ...names.map((name) =>
    kubeconfigs(
      'F5',
      `${name} of another CA`,
      ['init', 'phase', 'kubeconfig', name],
      {},
      { ...pki, [`/etc/kubernetes/${name}.conf`]: '@other-admin.conf' },
    ),
  ),
  kubeconfigs('F7', 'into a folder that is not there', [...all, '--kubeconfig-dir', `DIR/${word()}/${word()}`]),
  kubeconfigs('F9', 'a user with a token', ['kubeconfig', 'user', '--client-name', word(), '--token', word()]),
  kubeconfigs('F9', 'a user without a name', ['kubeconfig', 'user', '--token', word()]),
  kubeconfigs(
    'F11',
    'the CA in a file',
    ['init', 'phase', 'kubeconfig', 'admin'],
    {},
    { ...pki, '/etc/kubernetes/admin.conf': '@ca-by-path.conf' },
  ),
  kubeconfigs(
    'F11',
    'blank lines in the CA',
    ['init', 'phase', 'kubeconfig', 'admin'],
    {},
    { ...pki, '/etc/kubernetes/admin.conf': '@blank-lines.conf' },
  ),
]

const list = (from: string, ...words: readonly string[]): TableCase => ({
  from,
  name: words.join(' '),
  words: ['config', 'images', 'list', ...words],
  same: 'output',
})

const imageRows: readonly TableCase[] = [
  ...[`1.35.${below(9)}`, word(), ''].map((version) => list('K2', '--kubernetes-version', version)),
  list('K2'), // neither network nor version
  ...[
    { 'proxy.disabled': true },
    { 'dns.disabled': true },
    { 'proxy.disabled': true, 'dns.disabled': true, imageRepository: `${word()}.example` },
  ].map((fields): TableCase => ({
    from: 'K4',
    name: Object.keys(fields).join(),
    words: ['config', 'images', 'list', '--config', 'DIR/config.yaml'],
    files: { 'DIR/config.yaml': clusterWith(fields) },
    same: 'output',
  })),
  ...[`${word()}=true`, 'RootlessControlPlane', `RootlessControlPlane=${word()}`, 'RootlessControlPlane=true'].map((gate) =>
    list('K6', '--kubernetes-version', 'v1.37.1', '--feature-gates', gate),
  ),
]

/** What only reads the configuration of an init that could not run, for a jail without a default route. */
export const readingRows: readonly TableCase[] = [
  list('K2', '--kubernetes-version', `v1.37.${below(9)}`),
  { from: 'K2', name: 'certificates without a file', words: ['certs', 'check-expiration'] },
  ...[
    {},
    { 'localAPIEndpoint.advertiseAddress': `224.0.0.${1 + below(250)}` },
    { 'nodeRegistration.ignorePreflightErrors': ['all', 'Swap'] },
  ].flatMap((settings) => {
    const text = `${document('InitConfiguration', { bootstrapTokens: [{ token }], ...settings })}---\n${clusterWith(quick)}`
    const lines: readonly (readonly string[])[] = [
      ['config', 'images', 'list'],
      ['kubeconfig', 'user', '--client-name', word()],
      ['certs', 'check-expiration'],
      ['certs', 'generate-csr', '--kubeconfig-dir', 'DIR/conf', '--cert-dir', 'DIR/csr'],
      ['token', 'create', '--dry-run', '--kubeconfig', 'DIR/admin.conf'],
      ['init', 'phase', 'certs', 'ca'], // for the reverse: a run
    ]
    return lines.map((words): TableCase => ({
      from: 'K2',
      name: `${words.join(' ')} ${JSON.stringify(settings)}`,
      words: [...words, '--config', 'DIR/config.yaml'],
      files: { 'DIR/config.yaml': text, 'DIR/admin.conf': '@admin.conf', ...pki },
    }))
  }),
]

export const rows: readonly TableCase[] = [...loading, ...printed, ...checked, ...migrations, ...kubeconfigRows, ...imageRows]
