/** util/config, util/config/strict, apis/kubeadm, componentconfigs: how files are read, completed and written. */
import { complete, document, migrated, validated, type TableCase } from './table-case.ts'

const kinds = ['InitConfiguration', 'ClusterConfiguration', 'JoinConfiguration', 'ResetConfiguration', 'UpgradeConfiguration']
const token = 'bootstrapTokens: [{token: abcdef.0123456789abcdef}]\n'
const head = (kind: string, version = 'v1beta4'): string => `apiVersion: kubeadm.k8s.io/${version}\nkind: ${kind}\n`
const cluster = `${head('ClusterConfiguration')}kubernetesVersion: v1.37.1\n`
const init = `${head('InitConfiguration')}${token}`
const join = `${head('JoinConfiguration')}discovery: {bootstrapToken: {token: abcdef.0123456789abcdef, apiServerEndpoint: "192.0.2.1:6443", unsafeSkipCAVerification: true}}\n`
const reset = head('ResetConfiguration')
const upgrade = head('UpgradeConfiguration')
const kubelet = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n'
const proxy = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n'
const all = [init, cluster, join, reset, upgrade, kubelet, proxy]
const files = (...documents: readonly string[]): string => documents.join('---\n')

const strict = 'util/config/strict'
const base: Readonly<Record<string, string>> = {
  InitConfiguration: init,
  ClusterConfiguration: cluster,
  JoinConfiguration: join,
  ResetConfiguration: reset,
  UpgradeConfiguration: upgrade,
  KubeletConfiguration: kubelet,
  KubeProxyConfiguration: proxy,
}
const withCluster = (kind: string, text: string): string => (kind.startsWith('Kube') ? files(cluster, text) : text)

const strictCases = Object.entries(base).flatMap(([kind, text]): readonly TableCase[] => [
  validated(strict, `${kind} as it should be`, withCluster(kind, text)),
  validated(strict, `${kind} with a field that there is not`, withCluster(kind, `${text}foo: bar\n`)),
  validated(strict, `${kind} with a field twice`, withCluster(kind, `${text}featureGates: {}\nfeatureGates: {}\n`)),
  validated(strict, `${kind} with its kind twice`, withCluster(kind, `${text}kind: ${kind}\n`)),
  validated(
    strict,
    `${kind} with an unknown field inside`,
    withCluster(kind, `${text}timeouts: {foo: 1s}\nlogging: {foo: 1}\nnodeRegistration: {foo: 1}\n`),
  ),
])

const config = 'util/config'

const readCases: readonly TableCase[] = [
  ...['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1beta1', 'v1beta2', 'v1beta4', 'v1', 'v2', 'foo'].flatMap((version) =>
    kinds.slice(0, 3).map((kind) => validated(config, `${kind} of ${version}`, (base[kind] ?? '').replace('v1beta4', version))),
  ),
  ...kinds.slice(0, 3).flatMap((kind) => [
    validated(config, `${kind} of v1beta3, validated`, (base[kind] ?? '').replace('v1beta4', 'v1beta3')),
    migrated(config, `${kind} of v1beta3, migrated`, (base[kind] ?? '').replace('v1beta4', 'v1beta3'), {
      differs: 'kadm converts v1beta3',
    }),
  ]),
  validated(config, 'nothing at all', ''),
  validated(config, 'no kind', 'apiVersion: kubeadm.k8s.io/v1beta4\n'),
  validated(config, 'no apiVersion', 'kind: ClusterConfiguration\n'),
  validated(config, 'a kind that there is not', head('FooConfiguration')),
  validated(config, 'a group that there is not', 'apiVersion: foo.k8s.io/v1beta4\nkind: ClusterConfiguration\n'),
  validated(config, 'a list', '- a\n'),
  validated(config, 'half a document', `${cluster}networking: {\n`),
  validated(config, 'the same kind twice', files(cluster, cluster)),
  validated(config, 'the same kind in two versions', files(cluster, cluster.replace('v1beta4', 'v1beta3'))),
  validated(config, 'JSON', document('ClusterConfiguration')),
  validated(config, 'all kinds', files(...all)),
  ...all.map((text) => validated(config, `${/kind: (\w+)/.exec(text)?.[1]} alone`, text)),
  { from: config, name: 'a file that is not there', words: ['config', 'validate', '--config', 'DIR/nothing'] },
  { from: config, name: 'a folder', words: ['config', 'migrate', '--old-config', 'DIR'] },
  { from: config, name: 'no file', words: ['config', 'migrate'] },
]

const migrateCases: readonly TableCase[] = [
  ...[init, cluster, join, reset, upgrade, kubelet, proxy, files(kubelet, proxy), ''].map((text) =>
    migrated(
      config,
      `${text === '' ? 'nothing' : [...text.matchAll(/kind: (\w+)/g)].map(([, kind]) => kind).join(' and ')}`,
      withTokens(text),
    ),
  ),
  migrated(config, 'Init and Cluster', files(init, cluster)),
  migrated(config, 'Cluster and Init', files(cluster, init)),
  migrated(config, 'Init and Join', files(init, cluster, join)),
  migrated(config, 'all kinds', files(...all)),
  migrated(config, 'all kinds, the other way round', files(...all.toReversed())),
  migrated(config, 'a foreign kind', files(init, cluster, 'apiVersion: v1\nkind: Pod\n')),
  migrated(config, 'an unknown field', `${cluster}foo: bar\n`),
  ...[
    'v1.36.0',
    '1.37.9',
    'v1.35.9',
    'v1.36.0-alpha.1',
    'v1.40.0',
    'v1.37.0+abc',
    'ci/v1.37.0',
    'release/v1.37.0',
    'foo',
    'v1',
    '1.37',
    'v1.37.0.1',
    'v01.37.0',
  ].map((kubernetesVersion) =>
    migrated(config, `version ${kubernetesVersion}`, files(init, document('ClusterConfiguration', { kubernetesVersion }))),
  ),
  ...[
    undefined,
    null,
    [],
    [{ key: 'a', effect: 'NoSchedule' }],
    [
      { key: 'a', value: 'b', effect: 'NoExecute' },
      { key: 'c', effect: 'X' },
    ],
  ].flatMap((taints) => [
    migrated(
      config,
      `taints ${JSON.stringify(taints)} of a control plane`,
      complete('InitConfiguration', { 'nodeRegistration.taints': taints }),
    ),
    migrated(config, `taints ${JSON.stringify(taints)} of a worker`, complete('JoinConfiguration', { 'nodeRegistration.taints': taints })),
    migrated(
      config,
      `taints ${JSON.stringify(taints)} of a joining control plane`,
      complete('JoinConfiguration', { 'nodeRegistration.taints': taints, controlPlane: {} }),
    ),
  ]),
  migrated(
    config,
    'names in capitals',
    files(
      init,
      document('ClusterConfiguration', {
        'apiServer.certSANs': ['A.Example', 'UPPER', '10.1.2.3', 'FD00::1'],
        'etcd.local.serverCertSANs': ['a.example'],
      }),
    ),
  ),
  ...['192.0.2.7', '127.0.0.1', '0.0.0.0', '', '::', 'fd00::7', '224.0.0.1', '1.2.3'].map((advertiseAddress) =>
    migrated(
      config,
      `address ${advertiseAddress}`,
      complete('InitConfiguration', { 'localAPIEndpoint.advertiseAddress': advertiseAddress }),
    ),
  ),
  ...['192.0.2.7', '127.0.0.1', '0.0.0.0', 'fd00::7'].map((advertiseAddress) =>
    migrated(
      config,
      `address ${advertiseAddress} of a joining control plane`,
      complete('JoinConfiguration', { 'controlPlane.localAPIEndpoint.advertiseAddress': advertiseAddress }),
    ),
  ),
  ...['Node-A', ' node-b ', ''].map((name) =>
    migrated(config, `node name "${name}"`, complete('JoinConfiguration', { 'nodeRegistration.name': name })),
  ),
  ...['/run/x.sock', 'unix:///run/x.sock', ''].map((criSocket) =>
    migrated(config, `socket "${criSocket}" of a reset`, complete('ResetConfiguration', { criSocket })),
  ),
  ...['a.example', '10.1.2.3', 'fd00::1', '[fd00::1]', '10.1.2.3:', 'a.example:8443'].map((controlPlaneEndpoint) =>
    migrated(config, `endpoint ${controlPlaneEndpoint}`, files(init, document('ClusterConfiguration', { controlPlaneEndpoint }))),
  ),
  ...['apply', 'diff', 'node', 'plan'].map((part) => migrated(config, `only ${part} of an upgrade`, `${upgrade}${part}: {}\n`)),
  migrated(
    config,
    'an upgrade with a version',
    `${upgrade}apply: {kubernetesVersion: v1.37.2, certificateRenewal: false}\ndiff: {contextLines: 5}\nplan: {etcdUpgrade: false}\n`,
  ),
  migrated(
    'apis/kubeadm',
    'one argument three times, in its order',
    files(init, document('ClusterConfiguration', { 'apiServer.extraArgs': ['1', '3', '2'].map((value) => ({ name: 'v', value })) })),
  ),
  migrated(
    'apis/kubeadm',
    'arguments of all components',
    files(
      init,
      document(
        'ClusterConfiguration',
        Object.fromEntries(
          ['apiServer', 'controllerManager', 'scheduler', 'etcd.local'].map((part) => [
            `${part}.extraArgs`,
            [
              { name: 'b', value: '' },
              { name: 'a', value: 'x=y' },
            ],
          ]),
        ),
      ),
    ),
  ),
  ...['1h', '0s', '24h0m0s', '90m', '-1h'].map((ttl) =>
    migrated(
      'apis/bootstraptoken/v1',
      `ttl ${ttl}`,
      complete('InitConfiguration', { bootstrapTokens: [{ token: 'abcdef.0123456789abcdef', ttl }] }),
    ),
  ),
  migrated(
    'apis/bootstraptoken/v1',
    'two tokens',
    complete('InitConfiguration', {
      bootstrapTokens: [
        { token: 'abcdef.0123456789abcdef', description: 'one' },
        { token: 'ghijkl.0123456789abcdef', usages: ['authentication'], groups: ['system:bootstrappers:x'] },
      ],
    }),
  ),
]

function withTokens(text: string): string {
  return text.includes('ClusterConfiguration') && !text.includes('InitConfiguration') ? files(init, text) : text
}

const components = 'componentconfigs'
const manifest = ['init', 'phase', 'addon', 'kube-proxy', '--print-manifest', '--config', 'DIR/config.yaml']

const proxyCases: readonly TableCase[] = [
  ['defaults', init, cluster],
  ['a range for Pods', init, `${cluster}networking: {podSubnet: 10.7.0.0/16}\n`],
  ['IPv6', `${init}localAPIEndpoint: {advertiseAddress: "fd00::7"}\n`, cluster],
  ["the user's address", init, cluster, `${proxy}bindAddress: 192.0.2.9\n`],
  ['an IPv6 wildcard', init, cluster, `${proxy}bindAddress: "::"\n`],
  [
    "the user's range and mode",
    init,
    `${cluster}networking: {podSubnet: 10.7.0.0/16}\n`,
    `${proxy}clusterCIDR: 10.8.0.0/16\nmode: nftables\n`,
  ],
  ["the user's kubeconfig", init, cluster, `${proxy}clientConnection: {kubeconfig: /x, qps: 5}\n`],
  ['a feature gate', init, cluster, `${proxy}featureGates: {A: true}\n`],
].map(([name = '', ...documents]) => ({
  from: components,
  name: `kube-proxy: ${name}`,
  words: manifest,
  files: { 'DIR/config.yaml': files(...documents) },
  same: 'output' as const,
}))

const componentCases: readonly TableCase[] = [
  ...[kubelet, proxy].flatMap((text) => [
    validated(components, `${/kind: (\w+)/.exec(text)?.[1]} of a version that there is not`, files(cluster, text.replace(/v1\w+/, 'v99'))),
    validated(components, `${/kind: (\w+)/.exec(text)?.[1]} of another kind`, files(cluster, text.replace(/kind: \w+/, 'kind: Foo'))),
    validated(components, `${/kind: (\w+)/.exec(text)?.[1]} twice`, files(cluster, text, text)),
    validated(components, `${/kind: (\w+)/.exec(text)?.[1]} with a wrong type`, files(cluster, `${text}featureGates: [a]\n`)),
    validated(components, `${/kind: (\w+)/.exec(text)?.[1]} without a cluster`, text),
  ]),
  validated(components, 'both with a cluster', files(cluster, kubelet, proxy)),
  ...proxyCases,
]

export const configurationCases: readonly TableCase[] = [...strictCases, ...readCases, ...migrateCases, ...componentCases]
