/** cmd and what is below it, phases/certs/renewal, phases/addons, phases/kubelet: words, what they print and what they leave. */
import { document, type TableCase } from './table-case.ts'

type Files = Readonly<Record<string, string>>

const cmd = 'cmd'

function words(from: string, line: string, more: Partial<TableCase> = {}): TableCase {
  const all = line === '' ? [] : line.split(' ')
  return { from, name: line, words: all, ...more }
}

const unknownWord = 'words that kubeadm passes over are refused'

const withoutFiles: readonly TableCase[] = [
  ...['version -o short', 'version -o foo', 'version x', 'version --client'].map((line) =>
    words(cmd, line, line.endsWith('short') ? { same: 'output' } : {}),
  ),
  ...['completion', 'completion bash', 'completion zsh', 'completion fish', 'completion foo', 'completion bash zsh'].map((line) =>
    words(cmd, line, line.endsWith('fish') ? { differs: 'kadm completes for fish too' } : {}),
  ),
  ...['init', 'join', 'reset', 'upgrade'].flatMap((what) =>
    ['', 'KubeletConfiguration', 'KubeProxyConfiguration', 'KubeProxyConfiguration,KubeletConfiguration', 'Foo'].map((kinds) =>
      words(
        cmd,
        `config print ${what}-defaults --component-configs=${kinds}`,
        kinds === 'Foo' || what !== 'init' ? {} : { same: 'output' },
      ),
    ),
  ),
  ...[
    'config print',
    'config print foo',
    'config images',
    'config images foo',
    'config',
    'config foo',
    'token foo',
    'certs foo',
    'init foo',
    'init phase foo',
    'init phase certs foo',
    'reset foo',
    'reset phase foo',
    'join phase foo',
    'upgrade foo',
    'upgrade apply phase foo',
    'upgrade node phase foo',
    'foo',
    '--foo',
    'init --foo',
    'kubeconfig user',
  ].map((line) => words(cmd, line)),
  words(cmd, 'kubeconfig foo', { differs: unknownWord }),
  ...[
    'init phase certs ca x',
    'init phase kubeconfig admin x',
    'init phase addon all x',
    'init phase control-plane apiserver x',
    'certs renew all x',
    'certs certificate-key x',
    'config print init-defaults x',
    'token generate x',
  ].map((line) => words('cmd/phases/workflow', line)),
  ...[
    'init phase',
    'init phase certs',
    'init phase kubeconfig',
    'init phase control-plane',
    'init phase etcd',
    'init phase addon',
    'init phase upload-config',
    'init phase kubelet-finalize',
    'join phase',
    'join phase control-plane-prepare',
    'join phase control-plane-join',
    'reset phase',
    'upgrade apply phase',
    'upgrade node phase',
    'upgrade apply phase addon',
    'upgrade',
  ].map((line) => words('cmd/phases/workflow', line)),
  ...[
    'init --skip-phases=foo',
    'init --skip-phases=preflight,foo',
    'join 192.0.2.1:6443 --skip-phases=foo --token abcdef.0123456789abcdef --discovery-token-unsafe-skip-ca-verification',
    'reset --force --skip-phases=foo',
  ].map((line) => words('cmd/phases/workflow', line)),
]

const token = 'abcdef.0123456789abcdef'

/** Whatever is right about the words: discovery must fail, and soon. */
const quickly = '--discovery-token-unsafe-skip-ca-verification'

const refusedWords: readonly TableCase[] = [
  ...['abc', 'ABCDEF.0123456789abcdef', `${token}0`, token.replace('.', ''), `${token}.x`].flatMap((given) => [
    words('cmd', `token create ${given}`),
    words('cmd', `token delete ${given}`),
  ]),
  ...[
    '--usages foo',
    '--usages signing,foo',
    '--usages signing',
    '--usages authentication --groups foo',
    '--groups system:bootstrappers:UPPER',
    '--ttl x',
    '--ttl -1h',
    '--certificate-key x',
    '--print-join-command=x',
  ].map((line) => words('cmd', `token create ${token} ${line}`)),
  ...[
    '',
    '192.0.2.1:6443',
    `--token ${token}`,
    `192.0.2.1:6443 --token ${token}`,
    `192.0.2.1 --token ${token} ${quickly}`,
    `192.0.2.1:6443 --token abc ${quickly}`,
    `192.0.2.1:6443 --discovery-file /x --token ${token} ${quickly}`,
    `192.0.2.1:6443 192.0.2.2:6443 --token ${token} ${quickly}`,
    '--discovery-file /nowhere',
    '--discovery-file http://a.example/x',
    `192.0.2.1:6443 --token ${token} ${quickly} --ignore-preflight-errors=all,Swap`,
    `192.0.2.1:6443 --token ${token} ${quickly} --certificate-key x`,
    `192.0.2.1:6443 --token ${token} --discovery-token-ca-cert-hash foo`,
    `192.0.2.1:6443 --token ${token} --discovery-token-ca-cert-hash sha256:zz`,
    `192.0.2.1:6443 --token ${token} --discovery-token-ca-cert-hash md5:${'0'.repeat(64)}`,
  ].map((line) => words('cmd', `join phase preflight ${line}`.trim())),
  ...[
    '--feature-gates=Foo=true',
    '--ignore-preflight-errors=all,Swap',
    '--token abc',
    '--token-ttl x',
    '--apiserver-bind-port x',
    '--apiserver-bind-port 70000',
    '--service-cidr x',
    '--pod-network-cidr 10.0.0.0/40',
    '--service-dns-domain A_b',
    '--kubernetes-version x',
    '--kubernetes-version v1.30.0',
    '--cri-socket ssh://x',
    '--certificate-key x --upload-certs',
    '--apiserver-cert-extra-sans=a,!',
    '--node-name -x',
    '--apiserver-advertise-address x',
    '--control-plane-endpoint a.example:x',
    '--image-repository A',
  ].map((line) => words('cmd', `init --dry-run --kubernetes-version=v1.37.0 ${line}`)),
  ...['', 'v1.37.1 v1.37.2', 'foo', '--config /nowhere v1.37.2'].map((line) => words('cmd/upgrade', `upgrade apply ${line}`.trim())),
  ...['--output foo', 'a b', '--config /nowhere'].map((line) => words('cmd/upgrade', `upgrade plan ${line}`)),
  ...['x', '--config /nowhere', '--kubelet-conf /nowhere'].map((line) => words('cmd/upgrade', `upgrade node ${line}`)),
  ...['--cert-dir pki', '--cri-socket ssh://x', '--config /nowhere', '--cleanup-tmp-dir=x'].map((line) =>
    words('cmd', `reset --dry-run --force ${line}`),
  ),
  words(cmd, 'reset --dry-run --force x', { differs: unknownWord }),
]

/** An experimental version is valid where the switch is on. */
const switches: readonly TableCase[] = [
  '',
  '=',
  ...['1', 't', 'T', 'TRUE', 'true', 'True', 'tRUE', '0', 'f', 'F', 'FALSE', 'false', 'False', 'yes', 'no', 'on', '2', ' true'].map(
    (value) => `=${value}`,
  ),
].flatMap((value) =>
  [[`--allow-experimental-api${value}`], [`--allow-experimental-api${value}`, '--allow-experimental-api']].map((flags) => ({
    from: cmd,
    name: `switch ${flags.join(' ')}`,
    words: ['config', 'validate', ...flags, '--config', 'DIR/config.yaml'],
    files: { 'DIR/config.yaml': document('ClusterConfiguration').replace('v1beta4', 'v1') },
  })),
)

const fast = document('ClusterConfiguration', { certificatesDir: 'DIR/pki', encryptionAlgorithm: 'ECDSA-P256' })
const ca: Files = { 'DIR/pki/ca.crt': '@ca.crt', 'DIR/pki/ca.key': '@ca.key' }
const leaf = (name: string): Files => ({ [`DIR/pki/${name}.crt`]: '@client.crt', [`DIR/pki/${name}.key`]: '@client.key' })
const authorityOf = (name: string): string =>
  name.startsWith('etcd') || name === 'apiserver-etcd-client' ? 'etcd/ca' : name.startsWith('front') ? 'front-proxy-ca' : 'ca'
const authority = (name: string): Files => ({
  [`DIR/pki/${authorityOf(name)}.crt`]: '@ca.crt',
  [`DIR/pki/${authorityOf(name)}.key`]: '@ca.key',
})
const fileOf = (name: string): string => name.replace(/^etcd-/, 'etcd/')
const leaves = [
  'apiserver',
  'apiserver-kubelet-client',
  'apiserver-etcd-client',
  'front-proxy-client',
  'etcd-server',
  'etcd-peer',
  'etcd-healthcheck-client',
]
const kubeconfigs = ['admin.conf', 'super-admin.conf', 'controller-manager.conf', 'scheduler.conf']

function renewed(from: string, name: string, what: string, files: Files, text = fast, more: Partial<TableCase> = {}): TableCase {
  return {
    from,
    name: `renew ${what}: ${name}`,
    words: ['certs', 'renew', what, '--config', 'DIR/config.yaml'],
    files: { 'DIR/config.yaml': text, ...files },
    same: 'files',
    ...more,
  }
}

const renewal = 'phases/certs/renewal'

function withoutFile(files: Files, part: string): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !path.endsWith(part)))
}

const renewals: readonly TableCase[] = [
  ...leaves.flatMap((name) => {
    const all = { ...authority(name), ...leaf(fileOf(name)) }
    return [
      renewed(cmd, 'all is there', name, all),
      renewed(renewal, 'the key of the CA is elsewhere', name, withoutFile(all, `${authorityOf(name)}.key`)),
      renewed(renewal, 'the CA is not there', name, withoutFile(all, `${authorityOf(name)}.crt`)),
      renewed(renewal, 'it is not there', name, authority(name)),
      renewed(renewal, 'its key is not there', name, withoutFile(all, `${fileOf(name)}.key`)),
      renewed(renewal, 'it is no certificate', name, { ...all, [`DIR/pki/${fileOf(name)}.crt`]: 'text' }),
      renewed(renewal, 'it is of another CA', name, { ...all, [`DIR/pki/${fileOf(name)}.crt`]: '@other-client.crt' }),
    ]
  }),
  ...kubeconfigs.flatMap((name) => {
    const path = `/etc/kubernetes/${name}`
    return [
      renewed(cmd, 'all is there', name, { ...ca, [path]: '@admin.conf' }),
      renewed(renewal, 'the key of the CA is elsewhere', name, { 'DIR/pki/ca.crt': '@ca.crt', [path]: '@admin.conf' }),
      renewed(renewal, 'it is not there', name, ca),
      renewed(renewal, 'it is of another CA', name, { ...ca, [path]: '@other-admin.conf' }),
      renewed(renewal, 'it talks to another server', name, { ...ca, [path]: '@other-server.conf' }),
      renewed(renewal, 'it names no context', name, { ...ca, [path]: '@no-context.conf' }),
      renewed(renewal, 'it has no users', name, { ...ca, [path]: '@no-users.conf' }),
      renewed(renewal, 'it is no kubeconfig', name, { ...ca, [path]: 'text' }),
    ]
  }),
  ...['RSA-2048', 'ECDSA-P384'].map((encryptionAlgorithm) =>
    renewed(
      renewal,
      encryptionAlgorithm,
      'apiserver',
      { ...ca, ...leaf('apiserver') },
      document('ClusterConfiguration', { certificatesDir: 'DIR/pki', encryptionAlgorithm }),
    ),
  ),
  ...['48h', '87600h'].map((period) =>
    renewed(
      renewal,
      `for ${period}`,
      'apiserver',
      { ...ca, ...leaf('apiserver') },
      document('ClusterConfiguration', {
        certificatesDir: 'DIR/pki',
        encryptionAlgorithm: 'ECDSA-P256',
        certificateValidityPeriod: period,
      }),
    ),
  ),
  ...['@bundle.crt', '@ca-with-text.crt', '@old-ca.crt', '@ca-half.crt'].map((content): TableCase =>
    renewed(
      renewal,
      `its CA is ${content}`,
      'apiserver',
      { ...ca, ...leaf('apiserver'), 'DIR/pki/ca.crt': content },
      fast,
      content === '@old-ca.crt' ? { differs: 'a CA that has expired signs nothing' } : {},
    ),
  ),
]

const expirations: readonly TableCase[] = [
  ['nothing', {}],
  ['one of each', { ...ca, ...leaf('apiserver'), '/etc/kubernetes/admin.conf': '@admin.conf' }],
  ['a CA without its key', { 'DIR/pki/ca.crt': '@ca.crt', ...leaf('apiserver') }],
  ['a CA that has ended', { ...ca, 'DIR/pki/ca.crt': '@old-ca.crt' }],
  ['bundles', { ...ca, 'DIR/pki/ca.crt': '@bundle.crt' }],
  ['a certificate that is cut off', { ...ca, 'DIR/pki/apiserver.crt': '@ca-half.crt' }],
  ['a kubeconfig that names its CA', { ...ca, '/etc/kubernetes/admin.conf': '@ca-by-path.conf' }],
].map(([name, files]): TableCase => ({
  from: cmd,
  name: `check-expiration: ${String(name)}`,
  words: ['certs', 'check-expiration', '--config', 'DIR/config.yaml'],
  files: { 'DIR/config.yaml': fast, ...(files as Files) },
  same: 'output',
}))

const requests: readonly TableCase[] = [
  {
    from: cmd,
    name: 'generate-csr: by default, with a folder',
    words: ['certs', 'generate-csr', '--cert-dir', 'DIR/a', '--kubeconfig-dir', 'DIR/b'],
  },
  {
    from: cmd,
    name: 'generate-csr: a file',
    words: ['certs', 'generate-csr', '--config', 'DIR/config.yaml'],
    files: { 'DIR/config.yaml': fast },
  },
  {
    from: cmd,
    name: 'generate-csr: a file and a folder',
    words: ['certs', 'generate-csr', '--config', 'DIR/config.yaml', '--cert-dir', 'DIR/a'],
    files: { 'DIR/config.yaml': fast },
  },
  { from: cmd, name: 'generate-csr: a file that is not there', words: ['certs', 'generate-csr', '--config', 'DIR/nothing'] },
  {
    from: cmd,
    name: 'generate-csr: a key is there',
    words: ['certs', 'generate-csr', '--config', 'DIR/config.yaml'],
    files: { 'DIR/config.yaml': fast, 'DIR/pki/apiserver.key': '@ca.key' },
  },
]

const addon = (
  from: string,
  which: string,
  name: string,
  cluster: Readonly<Record<string, unknown>>,
  init: Readonly<Record<string, unknown>> = {},
): TableCase => ({
  from,
  name: `${which}: ${name}`,
  words: ['init', 'phase', 'addon', which, '--print-manifest', '--config', 'DIR/config.yaml'],
  files: {
    'DIR/config.yaml': `${document('InitConfiguration', { 'localAPIEndpoint.advertiseAddress': '192.168.77.10', ...init })}---\n${document('ClusterConfiguration', cluster)}`,
  },
  same: 'output',
})

const addons: readonly TableCase[] = [
  ...[
    {},
    { 'networking.dnsDomain': 'in.example' },
    { 'networking.serviceSubnet': 'fd00:96::/112' },
    { 'networking.serviceSubnet': '10.7.0.0/16,fd00:96::/112' },
    { 'dns.imageTag': 'v9' },
    { 'dns.imageRepository': 'a.example' },
    { 'dns.disabled': true },
    { kubernetesVersion: 'v1.36.0' },
  ].map((cluster) => addon('phases/addons/dns', 'coredns', JSON.stringify(cluster), cluster)),
  ...[
    {},
    { 'networking.podSubnet': '10.7.0.0/16,fd00:7::/64' },
    { imageRepository: 'a.example' },
    { 'proxy.disabled': true },
    { controlPlaneEndpoint: 'lb.example:8443' },
  ].map((cluster) => addon('phases/addons/proxy', 'kube-proxy', JSON.stringify(cluster), cluster)),
  addon('phases/addons/proxy', 'kube-proxy', 'an IPv6 address', {}, { 'localAPIEndpoint.advertiseAddress': 'fd00::9' }),
]

export const commandCases: readonly TableCase[] = [
  ...withoutFiles,
  ...refusedWords,
  ...switches,
  ...renewals,
  ...expirations,
  ...requests,
  ...addons,
]
