/**
 * Workers: kadm's join leaves what kubeadm's leaves, on the host and in the cluster, whoever made the cluster; and it may be killed at any
 * moment.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { clusterObjects } from '../interop/difference/cluster-objects.ts'
import { hostFiles } from '../interop/difference/host-files.ts'
import { treeMeaning } from '../interop/difference/meaning.ts'
import { freshHost, joinWords, kubectl, renewHosts, sharedSandbox, type Tool } from '../support/cluster.ts'
import { isLongRun } from '../support/long-run.ts'
import { overSsh } from '../support/over-ssh.ts'

const worker = 'h2'
const cgroupVersion = '--ignore-preflight-errors=SystemVerification'

let sandbox: Sandbox
/** Of the cluster that is up: the words of its join command. */
let join: readonly string[]
let begunBy: Tool | undefined

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 2 })
}, 300_000)

// What the makers leave is the same (`difference.test.ts`), and `interop-join.test.ts` has joins into a cluster of kubeadm: in the short
// run one will do.
const makers: readonly Tool[] = isLongRun ? ['kubeadm', 'kadm'] : ['kadm']

describe.each(makers)('a cluster of %s', (maker) => {
  beforeAll(() => begin(maker), 200_000)

  test('with the words of the join command', { timeout: 120_000 }, async () => {
    const [theirs, ours] = await byBoth((tool) => joined(tool, [...join, cgroupVersion]))
    expect(ours).toEqual(theirs)
    expect(await joined('kadm over SSH', [...join, cgroupVersion])).toEqual(theirs)
    expect(Object.keys(ours.files)).toEqual(
      expect.arrayContaining(['/etc/kubernetes/kubelet.conf', '/etc/kubernetes/pki/ca.crt', '/var/lib/kubelet/config.yaml']),
    )
    await sandbox.network()
    await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', `node/${worker}`, '--timeout=60s'], { timeout: 70_000 })
  })

  test('with a configuration file: name, taints, flags and patches of this node', { timeout: 120_000 }, async () => {
    const [theirs, ours] = await byBoth((tool) => joined(tool, ['join', '--config', '/root/join.yaml'], joinConfiguration()))
    expect(ours).toEqual(theirs)
    expect(JSON.stringify(ours.node)).toContain('"key":"dedicated"')
    expect(JSON.stringify(ours.files)).toContain('maxPods: 77')
  })

  test('with a discovery file', { timeout: 60_000 }, async () => {
    await freshWorker()
    const file = await kubectl(sandbox, 'h1', [
      '-n',
      'kube-public',
      'get',
      'configmap',
      'cluster-info',
      '-o',
      'jsonpath={.data.kubeconfig}',
    ])
    await sandbox.put(worker, '/root/discovery.conf', file)
    await sandbox.run(
      worker,
      ['kadm', 'join', '--discovery-file', '/root/discovery.conf', '--tls-bootstrap-token', join[3] ?? '', cgroupVersion],
      { timeout: 60_000 },
    )
    await registered(worker)
  })

  test('what the kubelet asks for its certificate with', { timeout: 60_000 }, async () => {
    const [theirs, ours] = await byBoth(async (tool) => {
      await freshWorker()
      await sandbox.run(worker, [tool, 'join', 'phase', 'kubelet-start', ...join.slice(1)])
      return sandbox.run(worker, ['sh', '-c', 'cd /etc/kubernetes; cat bootstrap-kubelet.conf; stat -c "%a %U" bootstrap-kubelet.conf'])
    })
    expect(ours).toEqual(theirs)
  })
})

describe('cut off and run again', () => {
  const rounds = isLongRun ? 30 : 3
  const powerCuts = isLongRun ? 3 : 1

  beforeAll(async () => {
    if (begunBy !== 'kadm') await begin('kadm') // these tests alone were asked for
  }, 200_000)

  test.each(Array.from({ length: rounds }, (_, round) => ({ round })))(
    'killed in part $round of its time',
    { timeout: 60_000 },
    async ({ round }) => {
      await freshWorker()
      const moment = momentOf(round, rounds)
      const first = await sandbox.exec(worker, ['timeout', '--signal=KILL', moment, 'kadm', ...join, cgroupVersion])
      await finishes(join, `killed after ${moment} s (exit code ${first.exitCode})`)
    },
  )

  test.each(Array.from({ length: powerCuts }, (_, round) => ({ round })))(
    'the power cut in part $round of its time',
    { timeout: 90_000 },
    async ({ round }) => {
      await freshWorker()
      const moment = momentOf(round, powerCuts)
      const first = sandbox.exec(worker, ['kadm', ...join, cgroupVersion], { timeout: 30_000 })
      await sleep(Number(moment) * 1000)
      await sandbox.kill(worker)
      await first.catch(() => undefined)
      await sandbox.start(worker)
      await finishes(join, `no power after ${moment} s`)
    },
  )

  test('with a new token when the old one has ended', { timeout: 60_000 }, async () => {
    await freshWorker()
    const words = await joinWords(sandbox, 'h1')
    await sandbox.run(worker, [
      'sh',
      '-c',
      '"$@" >/tmp/first 2>&1 & p=$!; until [ -e /etc/kubernetes/bootstrap-kubelet.conf ]; do sleep 0.01; done; kill -9 $p',
      'first',
      'kadm',
      ...words,
      cgroupVersion,
    ])
    await sandbox.run('h1', ['kubeadm', 'token', 'delete', words[3] ?? ''])
    await finishes(await joinWords(sandbox, 'h1'), 'killed when its token was on the disk, which then ended')
  })

  test('a node of this name that is at work is left alone, and the host too', { timeout: 60_000 }, async () => {
    await sandbox.network()
    await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', `node/${worker}`, '--timeout=40s'], { timeout: 50_000 })
    await renewHosts(sandbox, [worker])
    const { exitCode, stderr } = await sandbox.exec(worker, ['kadm', ...join, cgroupVersion])
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(`[ERROR NodeNameFree]: the cluster has a Node "${worker}" that is Ready`),
    ])
    expect(await sandbox.run(worker, ['sh', '-c', 'ls -A /etc/kubernetes /var/lib/kadm 2>/dev/null || true'])).toBe('')
  })
})

async function begin(maker: Tool): Promise<void> {
  const file = await freshHost(sandbox, 'h1')
  await sandbox.run('h1', [maker, 'init', '--config', file], { timeout: 180_000 })
  join = await joinWords(sandbox, 'h1')
  begunBy = maker
}

/** Seconds. A whole run takes some 2 s here; the first 0.5 s only read. */
function momentOf(round: number, rounds: number): string {
  return (0.3 + (1.7 * (round + Math.random())) / rounds).toFixed(3)
}

/** The second run ends what the first has begun; nothing of either is left. */
async function finishes(words: readonly string[], told: string): Promise<void> {
  const lastEntry = await sandbox.exec(worker, ['tail', '-n1', '/var/lib/kadm/journal.jsonl'])
  const again = await sandbox.exec(worker, ['kadm', ...words, cgroupVersion], { timeout: 60_000 })
  // The first one may have been done, were it only with its last line unsaid: then the second finds a node of a cluster here.
  const wasDone = lastEntry.stdout.includes('"kind":"run-finished"')
  expect(again.exitCode, `${told}, then: ${again.stdout}${again.stderr}`).toBe(wasDone ? 1 : 0)
  await registered(worker)
  const left = await sandbox.run(worker, [
    'sh',
    '-c',
    'ls /etc/kubernetes /var/lib/kadm; grep -rl token: /etc/kubernetes /var/lib/kadm || true',
  ])
  expect(left.trim().split('\n')).toEqual(['/etc/kubernetes:', 'kubelet.conf', 'pki', '', '/var/lib/kadm:', 'digest-key', 'journal.jsonl'])
}

interface Joined {
  readonly files: Readonly<Record<string, unknown>>
  readonly node: unknown
}

async function byBoth<T>(work: (tool: Tool) => Promise<T>): Promise<readonly [T, T]> {
  const theirs = await work('kubeadm')
  return [theirs, await work('kadm')]
}

async function freshWorker(): Promise<void> {
  await renewHosts(sandbox, [worker]) // first, or its kubelet would make its Node anew
  await kubectl(sandbox, 'h1', ['delete', 'node', '--ignore-not-found', worker, 'other-name'])
}

async function joined(tool: Tool | 'kadm over SSH', words: readonly string[], configuration?: string): Promise<Joined> {
  await freshWorker()
  if (configuration !== undefined) {
    await sandbox.put(worker, '/root/join.yaml', configuration, 0o600)
    await sandbox.put(worker, '/root/patches/kubeletconfiguration0+merge.yaml', 'maxPods: 77\n')
  }
  if (tool === 'kadm over SSH') {
    const there = await overSsh(sandbox, { from: 'h1', to: worker })
    await sandbox.run('h1', ['kadm', ...words, ...there], { timeout: 100_000 })
  } else await sandbox.run(worker, [tool, ...words], { timeout: 100_000 })
  const name = configuration === undefined ? worker : 'other-name'
  const node = await registered(name)
  const { files } = treeMeaning(await hostFiles(sandbox, worker, ['/var/lib/etcd']))
  return withoutChance({ files: Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith('/var/lib/kadm'))), node })
}

/** The cluster draws the serial number of the kubelet's certificate, and takes the next free range for a Node's Pods. */
function withoutChance(found: Joined): Joined {
  return JSON.parse(
    JSON.stringify(found, (key: string, value: unknown) =>
      ['serial', 'podCIDR', 'podCIDRs'].includes(key) && value !== undefined ? '…' : value,
    ),
  ) as Joined
}

/** The Node with what the controllers add to a new one. */
async function registered(name: string): Promise<unknown> {
  for (const end = performance.now() + 30_000; ; await sleep(200)) {
    const text = await kubectl(sandbox, 'h1', ['get', 'nodes', '--output=json'])
    const node = clusterObjects(text)[`Node ${name}`]
    if (['node.alpha.kubernetes.io/ttl', '"podCIDR"'].every((part) => JSON.stringify(node ?? '').includes(part))) return node
    if (performance.now() > end) throw new Error(`there is no whole Node "${name}": ${text}`)
  }
}

function joinConfiguration(): string {
  const [, endpoint, , token, , hash] = join
  return JSON.stringify({
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'JoinConfiguration',
    discovery: { bootstrapToken: { apiServerEndpoint: endpoint, token, caCertHashes: [hash] } },
    nodeRegistration: {
      name: 'other-name',
      ignorePreflightErrors: ['SystemVerification', 'Hostname'],
      taints: [{ key: 'dedicated', value: 'tests', effect: 'NoSchedule' }],
      kubeletExtraArgs: [{ name: 'node-labels', value: 'example.com/kind=test' }],
    },
    patches: { directory: '/root/patches' },
  })
}
