/**
 * Difference 0, second half: a real `init` by kubeadm and one by kadm, with the same input on the same host (a fresh one for each), leave the same files
 * and the same objects in the cluster: all of them, of every kind that the API serves.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { dumpYaml } from '../../src/config/yaml.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { clusterObjects } from '../interop/difference/cluster-objects.ts'
import { hostFiles } from '../interop/difference/host-files.ts'
import { treeMeaning, type TreeMeaning } from '../interop/difference/meaning.ts'
import { kubectl, renewHosts, sharedSandbox } from '../support/cluster.ts'

interface Configuration {
  readonly name: string
  readonly init?: object
  readonly cluster: object
  readonly kubelet?: object
  readonly kubeProxy?: object
  readonly flags?: readonly string[]
  /** Patches by file name. */
  readonly patches?: Readonly<Record<string, string>>
  readonly hasExternalEtcd?: boolean
  /** Only in `npm run test:all`. */
  readonly isLong?: boolean
}

const isLongRun = process.env['KADM_TEST_ALL'] === 'true'
const chosen = configurations().filter(({ isLong }) => isLongRun || isLong !== true)
const pairs = new Map<string, Promise<Pair>>()

// Most of the time is kubeadm's waiting: two hosts, each taking every other configuration, need little more than one.
beforeAll(async () => {
  const sandbox = await sharedSandbox({ hosts: 2 })
  const lanes: [Promise<unknown>, Promise<unknown>] = [Promise.resolve(), Promise.resolve()]
  for (const [index, configuration] of chosen.entries()) {
    const lane = index % 2
    const pair = lanes[lane === 0 ? 0 : 1].then(() => bothOn({ sandbox, host: lane === 0 ? 'h1' : 'h2' }, configuration))
    lanes[lane === 0 ? 0 : 1] = pair.catch(() => undefined)
    pairs.set(configuration.name, pair)
  }
}, 300_000)

test.for(chosen)('$name: init by kubeadm and by kadm leave the same files and objects', { timeout: 300_000 }, async (configuration) => {
  const pair = await pairs.get(configuration.name)
  if (pair === undefined) throw new Error('no hosts')
  const { theirs, ours } = pair
  const input = JSON.stringify(configuration)
  // A comparison of nothing would find no difference.
  expect(Object.keys(theirs.files.files)).toEqual(expect.arrayContaining(['/etc/kubernetes/admin.conf', '/etc/kubernetes/pki/ca.key', '/var/lib/kubelet/config.yaml']))
  expect(Object.keys(theirs.objects).length).toBeGreaterThan(250)
  expect.soft(ours.files.files, input).toEqual(theirs.files.files)
  for (const [file, { lifetime, afterCa }] of theirs.files.validities) {
    // The kubelet's own are from when it made or got them.
    if (file.startsWith('/var/lib/kubelet/')) continue
    const own = ours.files.validities.get(file)
    expect(Math.abs((own?.lifetime ?? Number.NaN) - lifetime), `lifetime of ${file}`).toBeLessThanOrEqual(theirs.seconds + ours.seconds + 2)
    expect(own?.afterCa, `beginning of ${file}`).toBe(afterCa)
  }
  expect.soft(Object.keys(ours.objects), input).toEqual(Object.keys(theirs.objects))
  for (const [name, object] of Object.entries(theirs.objects)) if (name in ours.objects) expect.soft(ours.objects[name], name).toEqual(object)
})

type Objects = ReturnType<typeof clusterObjects>

interface Raised {
  readonly files: TreeMeaning
  readonly objects: Objects
  readonly seconds: number
}

interface Pair {
  readonly theirs: Raised
  readonly ours: Raised
}

interface Place {
  readonly sandbox: Sandbox
  readonly host: string
}

async function bothOn(place: Place, configuration: Configuration): Promise<Pair> {
  const theirs = await raisedBy('kubeadm', place, configuration, undefined)
  const ours = await raisedBy('kadm', place, configuration, theirs.objects)
  return { theirs, ours }
}

/** `wanted`: the objects to wait for; without them, until nothing is added any more. */
async function raisedBy(tool: 'kubeadm' | 'kadm', { sandbox, host }: Place, configuration: Configuration, wanted: Objects | undefined): Promise<Raised> {
  await renewHosts(sandbox, [host])
  for (const [name, text] of Object.entries(configuration.patches ?? {})) await sandbox.put(host, `/root/patches/${name}`, text)
  if (configuration.hasExternalEtcd === true) await startEtcd({ sandbox, host })
  await sandbox.put(host, '/root/init.yaml', documentsOf(configuration), 0o600)
  const started = performance.now()
  const { exitCode, stdout, stderr } = await sandbox.exec(host, [tool, 'init', '--config', '/root/init.yaml', ...(configuration.flags ?? [])], { timeout: 200_000 })
  if (exitCode !== 0) throw new Error(`${tool} init failed on ${host}: ${stdout.slice(-1500)}\n${stderr.slice(-3000)}`)
  const seconds = (performance.now() - started) / 1000
  const objects = await settledObjects({ sandbox, host }, wanted)
  return { files: treeMeaning(await hostFiles(sandbox, host)), objects, seconds }
}

/** The tools go when they are done; controllers make their part of the objects after that. So the one waits until nothing comes any more, the other for the same. */
async function settledObjects({ sandbox, host }: Place, wanted: Objects | undefined): Promise<Objects> {
  const served = await kubectl(sandbox, host, ['api-resources', '--verbs=list', '--output=name'])
  const resources = served.trim().split('\n').filter((name) => !/^(componentstatuses|events)/.test(name)).join(',')
  let before = ''
  for (const end = performance.now() + 60_000; ; ) {
    const objects = clusterObjects(await kubectl(sandbox, host, ['get', resources, '--all-namespaces', '--output=json']))
    const text = JSON.stringify(objects)
    const isSettled = wanted === undefined ? text === before && isWhole(objects, text) : text === JSON.stringify(wanted)
    if (isSettled || performance.now() > end) return objects
    before = text
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

/** The last things to come in a new cluster: the scheduler leads and has placed what runs on every node, the controllers have their accounts. */
function isWhole(objects: Objects, text: string): boolean {
  const names = Object.keys(objects)
  const hasAll = ['Lease kube-system/kube-scheduler', 'Lease kube-system/kube-controller-manager', 'ServiceAccount kube-system/ttl-controller'].every((one) => names.some((name) => name.startsWith(one)))
  const waits = Object.entries(objects).some(([name, { spec }]) => name.startsWith('Pod kube-system/kube-proxy-') && !JSON.stringify(spec).includes('"nodeName"'))
  return hasAll && !waits && text.includes('kube-root-ca.crt')
}

/** An etcd of its own with TLS, its certificates by kubeadm's phases in a folder that neither tool looks at. */
async function startEtcd({ sandbox, host }: Place): Promise<void> {
  for (const part of ['etcd-ca', 'etcd-server', 'apiserver-etcd-client']) {
    await sandbox.run(host, ['kubeadm', 'init', 'phase', 'certs', part, '--cert-dir', '/srv/pki', '--kubernetes-version', 'v1.37.2'])
  }
  const tls = ['--cert-file=/srv/pki/etcd/server.crt', '--key-file=/srv/pki/etcd/server.key', '--trusted-ca-file=/srv/pki/etcd/ca.crt', '--client-cert-auth']
  const urls = ['--listen-client-urls=https://127.0.0.1:2379', '--advertise-client-urls=https://127.0.0.1:2379']
  await sandbox.run(host, ['systemd-run', '--unit=own-etcd', '/usr/bin/etcd', '--data-dir=/srv/etcd', ...urls, ...tls])
}

function documentsOf({ init = {}, cluster, kubelet = {}, kubeProxy = {}, patches, hasExternalEtcd = false }: Configuration): string {
  const etcd = { external: { endpoints: ['https://127.0.0.1:2379'], caFile: '/srv/pki/etcd/ca.crt', certFile: '/srv/pki/apiserver-etcd-client.crt', keyFile: '/srv/pki/apiserver-etcd-client.key' } }
  const { nodeRegistration = {}, ...others } = init as { readonly nodeRegistration?: object }
  const documents = [
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'InitConfiguration',
      ...others,
      ...(patches === undefined ? {} : { patches: { directory: '/root/patches' } }),
      // What a sandbox needs said: docs/sandbox.md.
      nodeRegistration: { ...nodeRegistration, ignorePreflightErrors: ['SystemVerification'] },
    },
    { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', kubernetesVersion: 'v1.37.2', ...cluster, ...(hasExternalEtcd ? { etcd } : {}) },
    { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', failCgroupV1: false, ...kubelet },
    { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', conntrack: { maxPerCore: 0 }, ...kubeProxy },
  ]
  return documents.map((document) => `---\n${dumpYaml(document)}`).join('')
}

function configurations(): readonly Configuration[] {
  const word = (): string => `x${randomBytes(3).toString('hex')}`
  const fast = { encryptionAlgorithm: 'ECDSA-P256' }
  return [
    { name: 'defaults, with the certificates uploaded', cluster: {}, flags: ['--upload-certs'] },
    {
      name: 'dual stack, arguments, patches',
      init: { nodeRegistration: { kubeletExtraArgs: [{ name: 'node-labels', value: `example.com/${word()}=yes` }] } },
      cluster: {
        ...fast,
        networking: { serviceSubnet: '10.112.0.0/16,fd00:10:112::/112', podSubnet: '10.245.0.0/16,fd00:10:245::/56', dnsDomain: `${word()}.local` },
        apiServer: { certSANs: [`${word()}.example`, '10.1.2.3'], extraArgs: [{ name: 'v', value: '3' }], extraEnvs: [{ name: 'A_B', value: word() }] },
        controllerManager: { extraArgs: [{ name: 'node-cidr-mask-size-ipv4', value: '25' }] },
      },
      patches: {
        'kube-scheduler+merge.json': JSON.stringify({ metadata: { labels: { [word()]: 'a' } } }),
        'kubeletconfiguration.yaml': `maxPods: ${randomInt(50, 200)}\n`,
        'corednsdeployment+strategic.yaml': 'spec:\n  replicas: 3\n',
      },
    },
    {
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
          { token: `${randomBytes(3).toString('hex')}.${randomBytes(8).toString('hex')}`, ttl: '1h', description: 'a: b' },
          { token: `${randomBytes(3).toString('hex')}.${randomBytes(8).toString('hex')}`, usages: ['authentication'], groups: ['system:bootstrappers:kubeadm:default-node-token'] },
        ],
      },
      cluster: { ...fast, certificateValidityPeriod: '300h', caCertificateValidityPeriod: '250000h', clusterName: word() },
    },
    { name: 'external etcd', cluster: fast, hasExternalEtcd: true },
    { name: 'no addons', init: { skipPhases: ['addon'] }, cluster: fast, isLong: true },
    {
      name: 'endpoint',
      cluster: { ...fast, controlPlaneEndpoint: 'localhost:6443', networking: { serviceSubnet: '10.112.0.0/16', podSubnet: '10.245.0.0/16' } },
      isLong: true,
    },
    { name: 'no taints, kube-proxy of the user', init: { nodeRegistration: { taints: [] } }, cluster: fast, kubeProxy: { mode: 'nftables', nodePortAddresses: ['primary'] }, isLong: true },
    { name: 'RSA-3072', cluster: { encryptionAlgorithm: 'RSA-3072' }, isLong: true },
  ]
}
