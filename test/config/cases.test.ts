import { expect, test } from 'vitest'
import { realBinary } from '../support/real-binary.ts'
import { fixtureHost } from './fixture-host.ts'
import { kadmConfig } from './kadm-config.ts'
import { kubeadmConfig } from './kubeadm-config.ts'

const cluster = (rest: string, kind = 'ClusterConfiguration'): string =>
  `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ${kind}\n${kind === 'ClusterConfiguration' && !rest.includes('kubernetesVersion') ? 'kubernetesVersion: v1.37.1\n' : ''}${rest}\n`
const init = (rest: string): string => `${cluster(rest, 'InitConfiguration')}---\n${cluster('')}`
const join = (rest: string): string => cluster(rest, 'JoinConfiguration')
const tokenJoin =
  'discovery: {bootstrapToken: {token: abcdef.0123456789abcdef, apiServerEndpoint: "1.2.3.4:6443", unsafeSkipCAVerification: true}}\n'

/** Each is valid or not, and kadm must say the same as kubeadm, naming the same fields where kubeadm names any. */
const cases: Readonly<Record<string, string>> = {
  'booleans of YAML 1.1': cluster('proxy: {disabled: yes}\ndns: {disabled: True}'),
  'a text for a boolean': cluster('proxy: {disabled: "true"}'),
  'merge key': cluster('x-a: 1'),
  'anchors and merge': `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: &v v1.37.0\n<<: {clusterName: merged}\n`,
  'wrong case': cluster('ClusterName: x\nNetworking: {podsubnet: 10.0.0.0/16}'),
  'nested unknown field': cluster('networking: {podsubnet: 10.0.0.0/16}'),
  'comment between documents': `${cluster('')}---\n# nothing\n---\n${init('').split('---\n')[0]}`,
  'trailing separator and blank line': `${cluster('')}---\n\n`,
  'leading separator': `---\n${cluster('')}`,
  'trailing separator': `${cluster('')}---\n`,
  'trailing dots': `${cluster('')}...\n`,
  'separator with comment': `--- # one\n${cluster('')}`,
  'separator with text': `--- one\n${cluster('')}`,
  'empty file': '',
  'blank file': '\n',
  'no apiVersion': 'kind: ClusterConfiguration\n',
  'no group': 'apiVersion: v1beta4\nkind: ClusterConfiguration\n',
  'kind twice': `${cluster('')}---\n${cluster('')}`,
  'key twice': cluster('clusterName: a\nclusterName: b'),
  'a list': '- a\n',
  'self-containing anchor': 'a: &a [*a]\n',
  'a word': `${'x'.repeat(200_000)}\n`,
  'random bytes': `a: "${Buffer.from(Array.from({ length: 3000 }, () => Math.floor(Math.random() * 256))).toString('latin1')}\n: [`,
  'aliases upon aliases': [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...[...'bcdefghi'].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join()}]`),
  ].join('\n'),
  'JSON with tabs': '{\n\t"apiVersion": "kubeadm.k8s.io/v1beta4",\n\t"kind": "ClusterConfiguration",\n\t"kubernetesVersion": "1.37.0"\n}\n',
  'a tab as indentation': cluster('networking:\n\tdnsDomain: a'),
  'Windows line ends': cluster('clusterName: x').replaceAll('\n', '\r\n'),
  'byte order mark': `\ufeff${cluster('')}`,
  'a tag': cluster('clusterName: !!str 5'),
  'a tag of another type': cluster('clusterName: !!int x'),
  binary: cluster('clusterName: !!binary aGk='),
  'an undefined alias': cluster('clusterName: *x'),
  'a number as kind': 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: 5\n',
  'a list as key': cluster('? [a]\n: b'),
  'null as key': cluster('~: b'),
  'a directive': `%YAML 1.1\n---\n${cluster('')}`,
  'merge of a list': cluster('x: &x {clusterName: a}\n<<: [*x]'),
  'merged over explicit': cluster('networking:\n  dnsDomain: q\n  <<: {dnsDomain: x}'),
  'merged twice': cluster('<<: [{clusterName: a}, {clusterName: b}]'),
  'merge of a text': cluster('<<: a'),
  'explicit over merged': `${cluster('<<: {clusterName: a}')}clusterName: b\n`,
  'block text': cluster('clusterName: >-\n  a\n  b'),
  'deep nesting': cluster(`clusterName: ${'['.repeat(150)}${']'.repeat(150)}`),
  'unknown group': `${cluster('')}---\napiVersion: foo.example/v1\nkind: Foo\n`,
  v1beta3: 'apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n',
  'experimental v1': 'apiVersion: kubeadm.k8s.io/v1\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.0\n',
  'null values': cluster('networking:\netcd:\napiServer: null\ncontrollerManager: {extraArgs: null}'),
  JSON: '{"apiVersion":"kubeadm.k8s.io/v1beta4","kind":"ClusterConfiguration","kubernetesVersion":"1.37.0"}\n',
  'two subnets of a family': cluster('networking: {serviceSubnet: "10.96.0.0/16,10.97.0.0/16"}'),
  'service /28': cluster('networking: {serviceSubnet: 10.96.0.0/28}'),
  'service /29': cluster('networking: {serviceSubnet: 10.96.0.0/29}'),
  'service /108': cluster('networking: {serviceSubnet: "fd00::/108"}'),
  'service /107': cluster('networking: {serviceSubnet: "fd00::/107"}'),
  'service /11': cluster('networking: {serviceSubnet: 10.0.0.0/11}'),
  'service blank': cluster('networking: {serviceSubnet: "10.96.0.0/16, fd00::/112"}'),
  'pods /47': cluster('networking: {podSubnet: "fd00::/47"}'),
  'pods /48': cluster('networking: {podSubnet: "fd00::/48"}'),
  'pods /29': cluster('networking: {podSubnet: 10.0.0.0/29}'),
  'pods dual': cluster('networking: {podSubnet: "10.0.0.0/16,fd00::/56", serviceSubnet: "10.96.0.0/16"}'),
  'node mask': cluster(
    'networking: {podSubnet: 10.0.0.0/16}\ncontrollerManager: {extraArgs: [{name: node-cidr-mask-size-ipv4, value: "15"}]}',
  ),
  'node mask no number': cluster(
    'networking: {podSubnet: 10.0.0.0/16}\ncontrollerManager: {extraArgs: [{name: node-cidr-mask-size-ipv4, value: x}]}',
  ),
  'no node masks': cluster(
    'networking: {podSubnet: 10.0.0.0/28}\ncontrollerManager: {extraArgs: [{name: allocate-node-cidrs, value: "false"}]}',
  ),
  'endpoint IPv6': cluster('controlPlaneEndpoint: "fd00::1"'),
  'endpoint [IPv6]': cluster('controlPlaneEndpoint: "[fd00::1]"'),
  'endpoint empty port': cluster('controlPlaneEndpoint: "1.2.3.4:"'),
  'endpoint name': cluster('controlPlaneEndpoint: lb.example'),
  'endpoint capitals': cluster('controlPlaneEndpoint: LB.example'),
  'endpoint bad port': cluster('controlPlaneEndpoint: lb.example:0'),
  'token ttl and expires': init('bootstrapTokens: [{token: abcdef.0123456789abcdef, ttl: 1h, expires: "2099-01-01T00:00:00Z"}]'),
  'token usage': init('bootstrapTokens: [{token: abcdef.0123456789abcdef}, {token: abcdef.0123456789abcdef, usages: [foo]}]'),
  'token signing only': init('bootstrapTokens: [{token: abcdef.0123456789abcdef, usages: [signing]}]'),
  'token group': init('bootstrapTokens: [{token: abcdef.0123456789abcdef, groups: [foo]}]'),
  'token group capitals': init('bootstrapTokens: [{token: abcdef.0123456789abcdef, groups: ["system:bootstrappers:UPPER"]}]'),
  'token malformed': init('bootstrapTokens: [{token: abc}]'),
  'token empty': init('bootstrapTokens: [{token: ""}]'),
  reset: cluster('certificatesDir: pki\nunmountFlags: [MNT_FORCE, FOO]', 'ResetConfiguration'),
  'reset socket': cluster('criSocket: http://x', 'ResetConfiguration'),
  'upgrade patches and policy': cluster('apply: {patches: {directory: patches}}\nnode: {imagePullPolicy: never}', 'UpgradeConfiguration'),
  'upgrade empty patches': cluster('apply: {patches: {}}', 'UpgradeConfiguration'),
  'mergeMethod in v1beta4': cluster('apiServer: {extraArgs: [{name: v, value: "2", mergeMethod: append}]}'),
  'kubelet enum': `${cluster('')}---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: foo\n`,
  'kubelet unknown field': `${cluster('')}---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupdriver: systemd\n`,
  'kubelet old version': `${cluster('')}---\napiVersion: kubelet.config.k8s.io/v1alpha1\nkind: KubeletConfiguration\n`,
  'kubelet wrong type': `${cluster('')}---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: many\n`,
  'proxy unknown field': `${cluster('')}---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nMode: ipvs\n`,
  'lone kubelet': 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n',
  'argument without name': cluster(
    'apiServer: {extraArgs: [{value: "2"}]}\nscheduler: {extraArgs: [{name: "", value: x}]}\netcd: {local: {extraArgs: [{value: x}]}}',
  ),
  'argument as a map': cluster('apiServer: {extraArgs: {v: "2"}}'),
  'argument with a number': cluster('apiServer: {extraArgs: [{name: v, value: 2}]}'),
  'version old': cluster('kubernetesVersion: v1.35.9'),
  'version pre-release': cluster('kubernetesVersion: 1.36.0-rc.1'),
  'version odd': cluster('kubernetesVersion: newest'),
  'version newer': cluster('kubernetesVersion: v1.40.0'),
  'version ci': cluster('kubernetesVersion: ci/v1.37.0-alpha.1+abc'),
  'version short': cluster('kubernetesVersion: "1.37"'),
  'both etcds': cluster('etcd: {local: {dataDir: x}, external: {endpoints: ["http://a"]}}'),
  'etcd http with certificates': cluster('etcd: {external: {endpoints: ["http://1.2.3.4:2379", "x"], caFile: /a, certFile: /b}}'),
  'etcd relative files': cluster('etcd: {external: {endpoints: ["https://1.2.3.4:2379"], caFile: a, certFile: b, keyFile: c}}'),
  'etcd without endpoints': cluster('etcd: {external: {endpoints: [], httpEndpoints: ["x"]}}'),
  'etcd plain': cluster('etcd: {external: {endpoints: ["http://1.2.3.4:2379"]}}'),
  'relative data folder': cluster('etcd: {local: {dataDir: x, serverCertSANs: ["*.a", "b_c"], peerCertSANs: ["*"]}}'),
  SANs: cluster('apiServer: {certSANs: ["UPPER.example", "*.x", "1.2.3.4", "fd00::1", "a..b", "*.*.x", "-a"]}'),
  'SAN with half a wildcard': cluster('apiServer: {certSANs: ["*ab.c"]}'),
  repositories: cluster('imageRepository: "UPPER.x/Y"\ndns: {imageRepository: "a b"}\netcd: {local: {imageRepository: "x:80/"}}'),
  'repository with port': cluster('imageRepository: "registry.example:5000/a/b"'),
  gates: cluster('featureGates: {Foo: true, RootlessControlPlane: false}'),
  'gate as text': cluster('featureGates: {RootlessControlPlane: "true"}'),
  algorithm: cluster('encryptionAlgorithm: RSA-1024'),
  P384: cluster('encryptionAlgorithm: ECDSA-P384'),
  'long validity': cluster('certificateValidityPeriod: 99999h\ncaCertificateValidityPeriod: -1h'),
  'no duration': cluster('certificateValidityPeriod: 1 year'),
  'huge duration': cluster('certificateValidityPeriod: 9999999h'),
  'duration as number': cluster('certificateValidityPeriod: 10'),
  'relative certificates folder': cluster('certificatesDir: pki'),
  domain: cluster('networking: {dnsDomain: Cluster.local}'),
  'node name': init('nodeRegistration: {name: "a_b"}'),
  'node name capitals': init('nodeRegistration: {name: " Node-A "}'),
  'socket without scheme': init('nodeRegistration: {criSocket: /run/x.sock}'),
  'socket http': init('nodeRegistration: {criSocket: "http://x"}'),
  'socket unixfoo': init('nodeRegistration: {criSocket: "unixfoo"}'),
  'pull policy': init('nodeRegistration: {imagePullPolicy: never}'),
  'port 0 and 70000': init('localAPIEndpoint: {bindPort: 70000, advertiseAddress: 1.2.3.4}'),
  'port too large': init('localAPIEndpoint: {bindPort: 7000000000}'),
  'port negative': init('localAPIEndpoint: {bindPort: -1}'),
  address: init('localAPIEndpoint: {advertiseAddress: 1.2.3}'),
  'address zero': init('localAPIEndpoint: {advertiseAddress: 0.0.0.0}'),
  'address leading zeros': init('localAPIEndpoint: {advertiseAddress: 010.1.1.1}'),
  'address multicast': init('localAPIEndpoint: {advertiseAddress: 224.0.0.1}'),
  'address loopback': init('localAPIEndpoint: {advertiseAddress: 127.0.0.1}'),
  'certificate key': init('certificateKey: abc'),
  'certificate key size': init('certificateKey: abcd'),
  'certificate key good': init(`certificateKey: ${'0F'.repeat(32)}`),
  taints: init('nodeRegistration: {taints: [{key: a, effect: Foo}]}'),
  many: init('localAPIEndpoint: {bindPort: 99999}\nnodeRegistration: {imagePullPolicy: x}\ncertificateKey: z'),
  'join without discovery': join('nodeRegistration: {name: a}'),
  'join by token': join(tokenJoin),
  'join as control plane': join(`${tokenJoin}controlPlane: {certificateKey: x, localAPIEndpoint: {bindPort: 99999}}`),
  'join both': join(`discovery: {bootstrapToken: {token: x}, file: {kubeConfigPath: /nowhere}}`),
  'join without hashes': join('discovery: {bootstrapToken: {token: abcdef.0123456789abcdef, apiServerEndpoint: "1.2.3.4"}}'),
  'join without endpoint': join('discovery: {bootstrapToken: {token: abcdef.0123456789abcdef, unsafeSkipCAVerification: true}}'),
  'join by http file': join('discovery: {file: {kubeConfigPath: "http://a/b"}}'),
  'join by https file': join('discovery: {file: {kubeConfigPath: "https://a/b"}, tlsBootstrapToken: foo}'),
  'join by missing file': join('discovery: {file: {kubeConfigPath: "file:///nowhere"}}'),
  'join by file': join('discovery: {file: {kubeConfigPath: "file:///tmp/jail/there"}}'),
  'join CA path': join(`${tokenJoin}caCertPath: ca.pem`),
  'all four kinds': [init(''), join(tokenJoin), cluster('', 'ResetConfiguration'), cluster('', 'UpgradeConfiguration')].join('---\n'),
}

test('kubeadm and kadm accept the same files and name the same fields', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const names = Object.keys(cases)
  const verdicts = await kubeadmConfig(kubeadm, 'validate', Object.values(cases), { files: { '/tmp/jail/there': 'x' } })
  const differences: unknown[] = []
  for (const [index, name] of names.entries()) {
    const oracle = verdicts[index]
    const own = await kadmConfig('validate', cases[name] ?? '', {}, fixtureHost({ '/tmp/jail/there': 'x' }))
    const samePaths = oracle === undefined || oracle.paths.length === 0 || JSON.stringify(oracle.paths) === JSON.stringify(own.paths)
    if (oracle?.exitCode !== own.exitCode || !samePaths) {
      differences.push({
        name,
        kubeadm: [oracle?.exitCode, oracle?.paths, oracle?.stderr.slice(0, 400)],
        kadm: [own.exitCode, own.paths, own.error],
      })
    }
  }
  expect(verdicts.filter(({ exitCode }) => exitCode === 0).length).toBeGreaterThan(20)
  expect(verdicts.filter(({ exitCode }) => exitCode === 1).length).toBeGreaterThan(20)
  expect(differences).toEqual([])
})

test('experimental v1 is read where it is allowed, and mergeMethod checked', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const texts = ['append', 'prepend', '', 'insert'].map(
    (method) =>
      `apiVersion: kubeadm.k8s.io/v1\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.0\nscheduler: {extraArgs: [{name: v, value: "2", mergeMethod: "${method}"}]}\n`,
  )
  const verdicts = await kubeadmConfig(kubeadm, 'migrate', texts, { flags: ['--allow-experimental-api'] })
  const own = await Promise.all(texts.map((text) => kadmConfig('migrate', text, { allowExperimental: true })))
  expect(own.map(({ exitCode, paths }) => [exitCode, paths])).toEqual(verdicts.map(({ exitCode, paths }) => [exitCode, paths]))
  const part = (stdout: string): string | undefined => stdout.split('---\n')[1]
  expect(own.map(({ stdout }) => part(stdout))).toEqual(verdicts.map(({ stdout }) => part(stdout)))
})

test('a document of a version that nobody reads any more is refused, though kubeadm says ok', async () => {
  expect(await kadmConfig('validate', 'apiVersion: kubeadm.k8s.io/v1alpha1\nkind: MasterConfiguration\n')).toMatchObject({
    exitCode: 1,
    error: expect.stringContaining('v1alpha1') as string,
  })
})

test.each([
  ['what follows a "..."', `${cluster('')}...\n${cluster('x: 1')}`],
  ['a tag of its own kind', cluster('clusterName: !foo x')],
])('%s is refused, though kubeadm leaves it unread', async (_, text) => {
  expect(await kadmConfig('validate', text)).toMatchObject({ exitCode: 1 })
})
