import { expect, test } from 'vitest'
import { initFileText, joinFileText } from '../../src/config/cluster-file-documents.ts'
import { parseClusterFile } from '../../src/config/cluster-file.ts'
import { parseYamlDocuments } from '../../src/config/yaml.ts'
import { KadmError } from '../../src/errors.ts'
import { clusterFilePage } from '../../tools/docs/cluster-file-page.ts'

const good = {
  metadata: { name: 'shop' },
  spec: {
    kubernetesVersion: 'v1.37.2',
    controlPlaneEndpoint: 'lb.example.com:6443',
    ssh: { user: 'admin', become: 'sudo', identityFile: '~/.ssh/id', bastion: { address: 'gate.example.com', user: 'jump' } },
    hosts: [
      {
        name: 'w1',
        address: '192.168.1.21',
        role: 'worker',
        labels: { 'example.com/a': 'b' },
        taints: [{ key: 'only', effect: 'NoSchedule' }],
      },
      { name: 'cp1', address: '192.168.1.11', role: 'control-plane', port: 2222, user: 'root' },
      { name: 'cp2', address: '203.0.113.12', role: 'control-plane' },
    ],
    kubeadm: {
      clusterConfiguration: { networking: { podSubnet: '10.244.0.0/16' } },
      initConfiguration: { nodeRegistration: { ignorePreflightErrors: ['Swap'] } },
      kubeletConfiguration: { maxPods: 50 },
    },
  },
}

function parse(changes: (file: Spec) => void = () => {}): ReturnType<typeof parseClusterFile> {
  const file = structuredClone(good) as unknown as Spec
  changes(file)
  return parseClusterFile(JSON.stringify({ apiVersion: 'kadm.dev/v1alpha1', kind: 'Cluster', ...file }), 'c.yaml')
}

// oxlint-disable-next-line typescript/no-explicit-any -- tests put wrong things anywhere
type Spec = any

function problemsOf(changes: (file: Spec) => void): readonly string[] {
  try {
    parse(changes)
  } catch (error) {
    if (error instanceof KadmError) return error.details
    throw error
  }
  throw new Error('the file was taken')
}

test('control planes come first, a host has what ssh says where it says nothing itself', () => {
  const { hosts, kubernetesVersion } = parse()
  expect(kubernetesVersion).toBe('v1.37.2')
  expect(hosts.map(({ name }) => name)).toEqual(['cp1', 'cp2', 'w1'])
  expect(hosts[0]?.ssh).toEqual({
    user: 'root',
    port: 2222,
    identityFile: '~/.ssh/id',
    become: 'sudo',
    bastion: { address: 'gate.example.com', user: 'jump', port: 22 },
  })
  expect(hosts[2]?.ssh).toMatchObject({ user: 'admin', port: 22 })
})

test('the documents of a host: what the file says elsewhere is in them, a foreign address is not announced', () => {
  const file = parse()
  const [cp1, cp2, w1] = file.hosts
  if (cp1 === undefined || cp2 === undefined || w1 === undefined) throw new Error('three hosts')
  const [init, cluster, kubelet] = parseYamlDocuments(initFileText(file, cp1, ['192.168.1.11'])) as readonly Spec[]
  expect(init).toMatchObject({
    kind: 'InitConfiguration',
    nodeRegistration: { name: 'cp1', ignorePreflightErrors: ['Swap'] },
    localAPIEndpoint: { advertiseAddress: '192.168.1.11' },
  })
  expect(cluster).toMatchObject({
    clusterName: 'shop',
    kubernetesVersion: 'v1.37.2',
    controlPlaneEndpoint: 'lb.example.com:6443',
    networking: { podSubnet: '10.244.0.0/16' },
  })
  expect(kubelet).toEqual({ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', maxPods: 50 })
  // 203.0.113.12 leads to it, and is not its own.
  const [join] = parseYamlDocuments(joinFileText(file, cp2, ['10.0.0.12'])) as readonly Spec[]
  expect(join).toMatchObject({ kind: 'JoinConfiguration', controlPlane: { localAPIEndpoint: {} } })
  expect(join.controlPlane.localAPIEndpoint).toEqual({})
  const [worker] = parseYamlDocuments(joinFileText(file, w1, ['192.168.1.21'])) as readonly Spec[]
  expect(worker).toMatchObject({ nodeRegistration: { name: 'w1', taints: [{ key: 'only', effect: 'NoSchedule' }] } })
  expect(worker.controlPlane).toBeUndefined()
})

test('all problems at once, each with its path', () => {
  const problems = problemsOf(({ metadata, spec }) => {
    metadata.name = 'Shop'
    spec.hosts[0].role = 'wrker'
    spec.hosts[1].hostKey = 'SHA256:short'
    spec.ssh.become = 'su'
    spec.kubeadm.clusterConfiguration.networking.podSubnt = '10.0.0.0/8'
  })
  const paths = problems.map((line) => line.split(':')[0])
  expect(paths.toSorted()).toEqual([
    'metadata.name',
    'spec.hosts.0.role',
    'spec.hosts.1.hostKey',
    'spec.kubeadm.clusterConfiguration.networking.podSubnt',
    'spec.ssh.become',
  ])
})

test.each<{ readonly name: string; readonly change: (file: Spec) => void; readonly problem: string }>([
  { name: 'a name twice', change: ({ spec }) => (spec.hosts[0].name = 'cp1'), problem: 'spec.hosts: "cp1" is there more than once' },
  { name: 'no control plane', change: ({ spec }) => spec.hosts.splice(1), problem: 'spec.hosts: no host has the role "control-plane"' },
  {
    name: 'two control planes and no endpoint',
    change: ({ spec }) => delete spec.controlPlaneEndpoint,
    problem: 'spec.controlPlaneEndpoint: must be given',
  },
  {
    name: 'hosts in the range of Services',
    change: ({ spec }) => (spec.hosts[0].address = '10.99.0.7'),
    problem: 'spec.kubeadm.clusterConfiguration.networking.serviceSubnet: holds 10.99.0.7',
  },
  {
    name: 'a way of discovery',
    change: ({ spec }) => (spec.kubeadm.joinConfiguration = { discovery: { file: { kubeConfigPath: '/x' } } }),
    problem: 'spec.kubeadm.joinConfiguration.discovery: is not needed',
  },
  {
    name: 'a version said twice',
    change: ({ spec }) => (spec.kubeadm.clusterConfiguration.kubernetesVersion = 'v1.36.3'),
    problem: 'spec.kubeadm.clusterConfiguration.kubernetesVersion: is "v1.36.3"',
  },
  {
    name: 'a canary that is no worker',
    change: ({ spec }) => (spec.upgrade = { canary: ['cp1'] }),
    problem: 'spec.upgrade.canary: "cp1" is no worker',
  },
  {
    name: 'a field of kubeadm that cannot be',
    change: ({ spec }) => (spec.kubeadm.clusterConfiguration.networking.serviceSubnet = 'x'),
    problem: 'spec.kubeadm.clusterConfiguration.networking.serviceSubnet: "x" is not',
  },
])('refused: $name', ({ change, problem }) => {
  expect(problemsOf(change).join('\n')).toContain(problem)
})

test.each(['stable', 'stable-1', 'v1.37', 'vv1.37.2', 'v1.20.0', 'v1.99.0', 'v1.38.0-alpha.1'])(
  'no version of a cluster file: %s',
  (version) => {
    expect(problemsOf(({ spec }) => (spec.kubernetesVersion = version))).toEqual([expect.stringMatching(/^spec\.kubernetesVersion: /)])
    const said = ({ spec }: Spec): void => {
      delete spec.kubernetesVersion
      spec.kubeadm.clusterConfiguration.kubernetesVersion = version
    }
    expect(problemsOf(said)).toEqual([expect.stringMatching(/^spec\.kubeadm\.clusterConfiguration\.kubernetesVersion: /)])
  },
)

test('a version without its v gets one, wherever it is said', () => {
  const file = parse(({ spec }) => {
    spec.kubernetesVersion = '1.37.1'
    spec.kubeadm.clusterConfiguration.kubernetesVersion = '1.37.1'
  })
  expect(file.kubernetesVersion).toBe('v1.37.1')
})

test('no worker at a time is refused, and not taken for the default', () => {
  expect(problemsOf(({ spec }) => (spec.upgrade = { maxUnavailable: 0 }))).toEqual([
    'spec.upgrade.maxUnavailable: "0" is neither a number above 0 nor a share such as 10%',
  ])
  expect(parse().upgrade.maxUnavailable).toBe('1')
})

test('a soak below 0 is refused, and not taken for none', () => {
  const soak = (text: string) => (file: Spec) => (file.spec.upgrade = { soak: text })
  expect(problemsOf(soak('-5m'))).toEqual(['spec.upgrade.soak: "-5m0s" is below 0'])
  expect(['0s', '-0s', '1.5m'].map((text) => parse(soak(text)).upgrade.soak)).toEqual([0, 0, 90_000])
})

test('labels and taints that the API would refuse are refused', () => {
  const long = 'a'.repeat(64)
  const problems = problemsOf(({ spec }) => {
    spec.hosts[0].labels = { 'foo bar': 'x y!', '': 'a', 'Up/a': '', 'a/b/c': '', [long]: long, '/a': '', [`${'a.'.repeat(127)}/a`]: '' }
    spec.hosts[1].taints = [
      { effect: 'NoSchedule' },
      { key: 'a b', value: '-', effect: 'NoExecute' },
      { key: 'c', value: '1', effect: 'NoExecute' },
      { key: 'c', value: '2', effect: 'NoExecute' },
      { key: 'c', effect: 'NoSchedule' },
    ]
  })
  const [form, isNot] = ['letters, digits, "-", "_" or ".", with a letter or digit at both ends', 'is not a key such as example.com/disk:']
  const [labels, taints] = ['spec.hosts.0.labels:', 'spec.hosts.1.taints']
  expect(problems).toEqual([
    `${labels} "foo bar" ${isNot} it must be ${form}`,
    `${labels} "x y!" is not a value: at most 63 ${form}`,
    `${labels} "" ${isNot} it must be ${form}`,
    `${labels} "Up/a" ${isNot} the part before "/" is no DNS name`,
    `${labels} "a/b/c" ${isNot} more than one "/"`,
    `${labels} "${long}" ${isNot} it has more than 63 characters`,
    `${labels} "${long}" is not a value: at most 63 ${form}`,
    `${labels} "/a" ${isNot} the part before "/" is no DNS name`,
    expect.stringMatching(/^spec\.hosts\.0\.labels: "a\.a.*the part before "\/" is no DNS name$/),
    `${taints}: "c:NoExecute" is there more than once`,
    `${taints}.0.key: "" ${isNot} it must be ${form}`,
    `${taints}.1.key: "a b" ${isNot} it must be ${form}`,
    `${taints}.1.value: "-" is not a value: at most 63 ${form}`,
  ])
})

test('labels and taints as the API takes them', () => {
  const [, , worker] = parse(({ spec }) => {
    spec.hosts[0].labels = {
      [`${'a'.repeat(200)}.example.com/${'b'.repeat(63)}`]: 'c'.repeat(63),
      'A_b.c-9': '',
      'node-role.kubernetes.io/x': '1',
    }
    spec.hosts[0].taints = [
      { key: 'example.com/a', value: '', effect: 'NoSchedule' },
      { key: 'example.com/a', value: 'B_c', effect: 'NoExecute' },
    ]
  }).hosts
  expect(Object.keys(worker?.labels ?? {})).toHaveLength(3)
  expect(worker?.taints).toHaveLength(2)
})

test('a file of another kind', () => {
  expect(() => parseClusterFile('apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n', 'c.yaml')).toThrow(
    '"c.yaml" is no cluster file',
  )
  expect(() => parseClusterFile('apiVersion: kadm.dev/v1alpha2\nkind: Cluster\nspec: {new: 1}\n', 'c.yaml')).toThrow(
    /^"c\.yaml" is a cluster file of apiVersion kadm\.dev\/v1alpha2: this kadm \(.*\) reads kadm\.dev\/v1alpha1$/,
  )
})

test.each(['a: [', '- a\n', 'kind: Cluster\n', JSON.stringify({ apiVersion: 'kadm.dev/v1alpha1', kind: 'Cluster', ...good, spec: {} })])(
  'what looks at a cluster file once more is plan, not what reads the files of kubeadm: %j',
  (text) => {
    try {
      parseClusterFile(text, 'c.yaml')
    } catch (error) {
      expect((error as KadmError).remedy[0]).toBe('kadm plan -f "c.yaml"   # looks only')
      expect((error as KadmError).remedy.join()).not.toContain('config')
      return
    }
    throw new Error('the file was taken')
  },
)

test('the example of the docs is one that can be written so', () => {
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(clusterFilePage()) ?? []
  const [h1, h4] = parseClusterFile(example, 'shop.yaml').hosts
  expect([h1?.ssh.hostKey, h4?.labels]).toEqual([expect.stringMatching(/^SHA256:/), { 'example.com/disk': 'fast' }])
})

test('an empty user or port of a host is that of ssh', () => {
  const { hosts } = parse((file) => {
    Object.assign(file.spec.ssh, { port: 2022 })
    Object.assign(file.spec.hosts[2], { user: '', port: 0, hostKey: '' })
  })
  expect(hosts[1]?.ssh).toMatchObject({ user: 'admin', port: 2022 })
  expect(hosts[1]?.ssh).not.toHaveProperty('hostKey')
})

test('addresses of hosts and bastion: no port in them, and capitals are small letters', () => {
  const address = (host: string, bastion: string) => (file: Spec) => {
    file.spec.hosts[2].address = host
    file.spec.ssh.bastion.address = bastion
  }
  expect(problemsOf(address('cp2:22', 'jump:2222'))).toEqual([
    'spec.ssh.bastion.address: "jump:2222" is not a host name or IP address; its port has a field of its own',
    'spec.hosts.2.address: "cp2:22" is not a host name or IP address; its port has a field of its own',
  ])
  const [, host] = parse(address('CP2.Example.com', 'FD00::1')).hosts
  expect([host?.address, host?.ssh.bastion?.address]).toEqual(['cp2.example.com', 'fd00::1'])
})
