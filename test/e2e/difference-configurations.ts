/** What a real `init` by each tool is given: the table behind `difference.test.ts`. Names, labels, tokens are new in each run. */
import { randomInt } from 'node:crypto'
import { newestKubernetes } from '../../src/config/own-version.ts'
import { dumpYaml } from '../../src/config/yaml.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { hex, word } from '../support/random-words.ts'

export interface Place {
  readonly sandbox: Sandbox
  readonly host: string
}

export interface InitCase {
  readonly name: string
  readonly init?: object
  readonly cluster: object
  readonly kubelet?: object
  readonly kubeProxy?: object
  readonly flags?: readonly string[]
  /** Patches by file name. */
  readonly patches?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  /** Addresses of the host's second family instead of its first. */
  readonly isIPv6?: boolean
  /** Done on the fresh host before, by the real kubeadm for both tools. */
  readonly before?: (place: Place) => Promise<unknown>
  /** Only in `npm run test:all`. */
  readonly isLong?: boolean
}

export const configurationFile = '/root/init.yaml'
const kubernetesVersion = newestKubernetes
const fast = { encryptionAlgorithm: 'ECDSA-P256' }

export function initCases(): readonly InitCase[] {
  return [
    { name: 'defaults, with the certificates uploaded', cluster: {}, flags: ['--upload-certs'] },
    muchAtOnce(),
    ...[
      dualStack(),
      taintsTokensPeriods(),
      externalEtcd(),
      { name: 'no addons', init: { skipPhases: ['addon'] }, cluster: fast },
      {
        name: 'endpoint',
        cluster: {
          ...fast,
          controlPlaneEndpoint: 'localhost:6443',
          networking: { serviceSubnet: '10.112.0.0/16', podSubnet: '10.245.0.0/16' },
        },
      },
      {
        name: 'no taints, kube-proxy of the user',
        init: { nodeRegistration: { taints: [] } },
        cluster: fast,
        kubeProxy: { mode: 'nftables', nodePortAddresses: ['primary'] },
      },
      {
        name: 'nobody is heard without a name',
        cluster: { ...fast, apiServer: { extraArgs: [{ name: 'anonymous-auth', value: 'false' }] } },
      },
      { name: 'RSA-3072', cluster: { encryptionAlgorithm: 'RSA-3072' } },
      { name: 'RSA-4096', cluster: { encryptionAlgorithm: 'RSA-4096' } },
      { name: 'ECDSA-P384', cluster: { encryptionAlgorithm: 'ECDSA-P384', clusterName: word() } },
      {
        name: 'IPv6 only',
        isIPv6: true,
        cluster: { ...fast, networking: { serviceSubnet: 'fd00:10:96::/112', podSubnet: 'fd00:10:244::/56' } },
      },
      { name: 'external CA', cluster: fast, before: withoutCaKey },
      extras(),
      patchesOfAllTargets(),
      {
        name: 'directories, ranges, domain',
        cluster: {
          ...fast,
          certificatesDir: `/etc/kubernetes/${word()}`,
          etcd: { local: { dataDir: `/var/lib/${word()}` } },
          networking: { serviceSubnet: '172.20.0.0/20', podSubnet: '100.64.0.0/16', dnsDomain: `${word()}.example` },
        },
      },
      imageRepository(),
      {
        name: 'proxies of the environment',
        cluster: fast,
        environment: { HTTPS_PROXY: `http://${word()}.example:3128`, NO_PROXY: '127.0.0.1,192.168.0.0/16,10.0.0.0/8,.svc' },
      },
    ].map((one) => ({ ...one, isLong: true })),
  ]
}

/** The file that both tools read. */
export function documentsOf(
  { init = {}, cluster, kubelet = {}, kubeProxy = {}, patches, isIPv6 = false }: InitCase,
  { sandbox, host }: Place,
): string {
  const { nodeRegistration = {}, ...others } = init as { readonly nodeRegistration?: object }
  const advertiseAddress = isIPv6 ? sandbox.hosts.find(({ name }) => name === host)?.address6 : undefined
  const documents = [
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'InitConfiguration',
      ...others,
      ...(advertiseAddress === undefined ? {} : { localAPIEndpoint: { advertiseAddress } }),
      ...(patches === undefined ? {} : { patches: { directory: '/root/patches' } }),
      // What a sandbox needs said: docs/sandbox.md.
      nodeRegistration: { ...nodeRegistration, ignorePreflightErrors: ['SystemVerification'] },
    },
    { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', kubernetesVersion, ...cluster },
    { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', failCgroupV1: false, ...kubelet },
    { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', conntrack: { maxPerCore: 0 }, ...kubeProxy },
  ]
  return documents.map((document) => `---\n${dumpYaml(document)}`).join('')
}

/** For the short run: what has nothing to do with one another shows in one init. */
function muchAtOnce(): InitCase {
  const [families, periods, etcd] = [dualStack(), taintsTokensPeriods(), externalEtcd()]
  const { skipPhases: _, nodeRegistration, ...tokens } = periods.init
  return {
    ...families,
    ...etcd,
    name: 'dual stack, arguments, patches, taints, periods, external etcd',
    init: { ...tokens, nodeRegistration: { ...nodeRegistration, ...families.init.nodeRegistration } },
    cluster: { ...families.cluster, ...periods.cluster, ...etcd.cluster },
  }
}

function externalEtcd() {
  return {
    name: 'external etcd',
    before: startEtcd,
    cluster: {
      ...fast,
      etcd: {
        external: {
          endpoints: ['https://127.0.0.1:2379'],
          caFile: '/srv/pki/etcd/ca.crt',
          certFile: '/srv/pki/apiserver-etcd-client.crt',
          keyFile: '/srv/pki/apiserver-etcd-client.key',
        },
      },
    },
  } satisfies InitCase
}

function dualStack() {
  return {
    name: 'dual stack, arguments, patches',
    init: { nodeRegistration: { kubeletExtraArgs: [{ name: 'node-labels', value: `example.com/${word()}=yes` }] } },
    cluster: {
      ...fast,
      networking: {
        serviceSubnet: '10.112.0.0/16,fd00:10:112::/112',
        podSubnet: '10.245.0.0/16,fd00:10:245::/56',
        dnsDomain: `${word()}.local`,
      },
      apiServer: {
        certSANs: [`${word()}.example`, '10.1.2.3'],
        extraArgs: [{ name: 'v', value: '3' }],
        extraEnvs: [{ name: 'A_B', value: word() }],
      },
      controllerManager: { extraArgs: [{ name: 'node-cidr-mask-size-ipv4', value: '25' }] },
    },
    patches: {
      'kube-scheduler+merge.json': JSON.stringify({ metadata: { labels: { [word()]: 'a' } } }),
      'kubeletconfiguration.yaml': `maxPods: ${randomInt(50, 200)}\n`,
      'corednsdeployment+strategic.yaml': 'spec:\n  replicas: 3\n',
    },
  } satisfies InitCase
}

function taintsTokensPeriods() {
  return {
    name: 'ECDSA, taints, no kube-proxy, periods',
    init: {
      skipPhases: ['addon/kube-proxy'],
      nodeRegistration: {
        taints: [
          { key: `example.com/${word()}`, value: 'v', effect: 'NoSchedule' },
          { key: 'b', effect: 'PreferNoSchedule' },
        ],
      },
      bootstrapTokens: [
        { token: `${hex(3)}.${hex(8)}`, ttl: '1h', description: 'a: b' },
        { token: `${hex(3)}.${hex(8)}`, usages: ['authentication'], groups: ['system:bootstrappers:kubeadm:default-node-token'] },
      ],
    },
    cluster: { ...fast, certificateValidityPeriod: '300h', caCertificateValidityPeriod: '250000h', clusterName: word() },
  } satisfies InitCase
}

function extras(): InitCase {
  const extraVolumes = [
    { name: word(), hostPath: '/etc/hosts', mountPath: `/srv/${word()}`, readOnly: true, pathType: 'File' },
    { name: word(), hostPath: '/srv/made', mountPath: '/srv/made', pathType: 'DirectoryOrCreate' },
  ]
  const extraEnvs = [
    { name: `Z_${hex(2)}`, value: 'on: 0644' },
    { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ]
  const component = (...extraArgs: readonly object[]): object => ({ extraArgs, extraVolumes, extraEnvs })
  return {
    name: 'arguments, environment, volumes',
    cluster: {
      ...fast,
      apiServer: component(
        { name: 'service-account-issuer', value: `https://${word()}.example` },
        { name: 'service-account-issuer', value: 'https://second.example' },
      ),
      controllerManager: component(
        { name: 'cluster-signing-duration', value: `${randomInt(2, 900)}h` },
        { name: 'bind-address', value: '0.0.0.0' },
      ),
      scheduler: component({ name: 'v', value: String(randomInt(5)) }),
      etcd: {
        local: {
          extraArgs: [{ name: 'quota-backend-bytes', value: String(randomInt(1e9, 2e9)) }],
          extraEnvs: [{ name: 'ETCD_LOG_LEVEL', value: 'warn' }],
          serverCertSANs: [`${word()}.example`],
        },
      },
    },
  }
}

function patchesOfAllTargets(): InitCase {
  const label = word()
  const labelled = JSON.stringify({ metadata: { labels: { [label]: 'a' } } })
  return {
    name: 'patches of all targets',
    cluster: fast,
    patches: {
      'kube-apiserver0+strategic.json': labelled,
      'kube-apiserver1+json.json': JSON.stringify([{ op: 'add', path: '/metadata/annotations/x', value: word() }]),
      'kube-controller-manager+merge.json': JSON.stringify({ spec: { terminationGracePeriodSeconds: randomInt(5, 60) } }),
      'kube-scheduler.yaml': `spec:\n  containers:\n  - name: kube-scheduler\n    resources:\n      requests:\n        cpu: ${randomInt(1, 9)}0m\n`,
      'etcd+strategic.yaml': 'spec:\n  tolerations:\n  - key: x\n    operator: Exists\n',
      'kubeletconfiguration+strategic.yaml': `maxPods: ${randomInt(20, 200)}\nevictionHard:\n  memory.available: 5%\n`,
      'corednsdeployment+strategic.yaml': `spec:\n  replicas: ${randomInt(3, 5)}\n`,
      'kubeproxydaemonset+merge.json': labelled,
    },
  }
}

function imageRepository(): InitCase {
  const repository = `${word()}.example:5000/k8s`
  return { name: 'image repository', cluster: { ...fast, imageRepository: repository }, before: (place) => tagImages(place, repository) }
}

/** An etcd of its own with TLS, its certificates by kubeadm's phases in a folder that neither tool looks at. */
async function startEtcd({ sandbox, host }: Place): Promise<void> {
  for (const part of ['etcd-ca', 'etcd-server', 'apiserver-etcd-client']) {
    await sandbox.run(host, [
      'kubeadm',
      'init',
      'phase',
      'certs',
      part,
      '--cert-dir',
      '/srv/pki',
      '--kubernetes-version',
      kubernetesVersion,
    ])
  }
  const tls = [
    '--cert-file=/srv/pki/etcd/server.crt',
    '--key-file=/srv/pki/etcd/server.key',
    '--trusted-ca-file=/srv/pki/etcd/ca.crt',
    '--client-cert-auth',
  ]
  const urls = ['--listen-client-urls=https://127.0.0.1:2379', '--advertise-client-urls=https://127.0.0.1:2379']
  await sandbox.run(host, ['systemd-run', '--unit=own-etcd', '/usr/bin/etcd', '--data-dir=/srv/etcd', ...urls, ...tls])
}

/** All that the CA signs is there, its key is not. */
async function withoutCaKey({ sandbox, host }: Place): Promise<void> {
  for (const part of ['certs', 'kubeconfig'])
    await sandbox.run(host, ['kubeadm', 'init', 'phase', part, 'all', '--config', configurationFile])
  await sandbox.run(host, ['rm', '/etc/kubernetes/pki/ca.key'])
}

/** The images of the host under the names of another registry: nothing can be pulled here. */
async function tagImages({ sandbox, host }: Place, repository: string): Promise<void> {
  const list = async (...words: readonly string[]): Promise<readonly string[]> => {
    const output = await sandbox.run(host, ['kubeadm', 'config', 'images', 'list', '--kubernetes-version', kubernetesVersion, ...words])
    return output.trim().split('\n')
  }
  const [own, others] = [await list(), await list('--image-repository', repository)]
  for (const [index, image] of own.entries())
    await sandbox.run(host, ['ctr', '--namespace', 'k8s.io', 'images', 'tag', image, others[index] ?? ''])
}
