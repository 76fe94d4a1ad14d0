/** Control planes: kadm's join leaves what kubeadm's leaves, on the host, in the API and in etcd; and it may be killed at any moment. */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ContainerRuntime } from '../../src/host/cri/container-runtime.ts'
import { podLogFile } from '../../src/host/journal/journal-file.ts'
import { localHost } from '../../src/host/local-host.ts'
import { hostLeader } from '../../src/sandbox/host-power.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { clusterObjects } from '../interop/difference/cluster-objects.ts'
import { hostFiles } from '../interop/difference/host-files.ts'
import { treeMeaning } from '../interop/difference/meaning.ts'
import { joinWords, kubectl, putInitConfig, renewHosts, sharedSandbox, type Tool } from '../support/cluster.ts'
import { etcdMembers } from '../support/etcd-members.ts'
import { isLongRun } from '../support/long-run.ts'
import { until } from '../support/until.ts'

const joining = 'h2'

let sandbox: Sandbox
let join: readonly string[]

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 2 })
  await freshCluster('kadm')
}, 300_000)

test('what kubeadm and kadm leave: the same files, Node, Pods and members', { timeout: 240_000 }, async () => {
  const theirs = await joinedBy('kubeadm')
  await freshCluster('kadm')
  const ours = await joinedBy('kadm')
  // It had its data before the kubelet started it, so nobody had to start it again.
  const started = ['-n', 'kube-system', 'get', 'pod', `etcd-${joining}`, '-o', 'jsonpath={.status.containerStatuses[0].restartCount}']
  expect(await kubectl(sandbox, 'h1', started)).toBe('0')
  expect(ours).toEqual(theirs)
  expect(Object.keys(ours.files)).toEqual(
    expect.arrayContaining(['/etc/kubernetes/admin.conf', '/etc/kubernetes/manifests/etcd.yaml', '/etc/kubernetes/pki/ca.key']),
  )
  expect(ours.members).toMatch(/^h1 voter\nh2 voter$/)
})

test('a kubelet that comes before kadm and removes the container of a Pod that kadm has started removes nothing else', async () => {
  const before = await top()
  expect(before).toMatch(/^bin$/m)
  const runtime = await runtimeOfJoining()
  const image = (await runtime.containers()).find(({ name }) => name === 'etcd')?.image
  const id = await runtime.startPod({
    name: `brief-${process.pid}-${performance.now().toFixed()}`,
    namespace: 'kube-system',
    image: image ?? '',
    // Two ports that nobody has; what it does is of no interest.
    command: ['etcd', '--data-dir=/tmp/etcd', ...urls('client', 12379), '--listen-peer-urls=http://127.0.0.1:12380'],
    environment: [],
    mounts: [],
    writesTo: '/var/lib/etcd',
    log: podLogFile,
    cgroupParent: 'system.slice',
  })
  await until(async () => ((await runtime.containers()).some(({ podId }) => podId === id) ? undefined : true))
  await runtime.removePod(id)
  expect(await top()).toBe(before)
  expect(await sandbox.run(joining, ['ls', '/var/lib/kadm'])).not.toContain('.log')
})

/** To be called in a test: it is closed when that is over. */
async function runtimeOfJoining(): Promise<ContainerRuntime> {
  const { pid } = (await hostLeader(sandbox.name, joining)) ?? {}
  const host = localHost()
  onTestFinished(() => host.close())
  return host.containerRuntime(`unix:///proc/${pid}/root/run/containerd/containerd.sock`)
}

function urls(kind: string, port: number): readonly string[] {
  return ['listen', 'advertise'].map((verb) => `--${verb}-${kind}-urls=http://127.0.0.1:${port}`)
}

describe('cut off and run again', () => {
  test('killed three times, each time a part further', { timeout: 240_000 }, async () => {
    await freshCluster('kadm')
    const words = await controlPlaneWords('kadm')
    const told: string[] = []
    for (let part = 0; part < 3; part++) {
      const moment = (0.5 + 2.5 * (part + Math.random())).toFixed(3)
      const { exitCode } = await sandbox.exec(joining, ['timeout', '--signal=KILL', moment, ...words], { timeout: 100_000 })
      told.push(`killed after ${moment} s (exit code ${exitCode})`)
      if (exitCode === 0 || (await wasDone())) break
    }
    await finishes(words, told.join(', '))
  })

  test(
    'killed while etcd gets its data: a reset takes all of that away, and the next run goes on with it',
    { timeout: 240_000 },
    async () => {
      // The control plane of the test before, if there is one.
      await sandbox.run(joining, ['kadm', 'reset', '--force'], { timeout: 60_000 })
      await kubectl(sandbox, 'h1', ['delete', 'node', joining, '--ignore-not-found'])
      await renewHosts(sandbox, [joining])
      const words = await controlPlaneWords('kadm')
      await killedWhileEtcdGetsItsData(words)
      await sandbox.run(joining, ['kadm', 'reset', '--force'], { timeout: 60_000 })
      expect(await sandbox.run(joining, ['ls', '/var/lib/etcd'])).toBe('')
      expect(await members()).toBe('h1 voter')
      await killedWhileEtcdGetsItsData(words)
      await finishes(words, 'killed while etcd got its data')
      const pods = new Set((await (await runtimeOfJoining()).pods()).map(({ name }) => name))
      expect([pods.has(`etcd-${joining}`), pods.has('etcd-first-start')]).toEqual([true, false])
    },
  )

  test.each(longRounds(30))('killed in part $round of its time', { timeout: 240_000 }, async ({ round, rounds }) => {
    await freshCluster('kadm')
    const words = await controlPlaneWords('kadm')
    const moment = momentOf(round, rounds)
    const { exitCode } = await sandbox.exec(joining, ['timeout', '--signal=KILL', moment, ...words], { timeout: 100_000 })
    await finishes(words, `killed after ${moment} s (exit code ${exitCode})`)
  })

  test.each(longRounds(2))('the power cut in part $round of its time', { timeout: 300_000 }, async ({ round, rounds }) => {
    await freshCluster('kadm')
    const words = await controlPlaneWords('kadm')
    const moment = momentOf(round, rounds)
    const first = sandbox.exec(joining, words, { timeout: 100_000 })
    await sleep(Number(moment) * 1000)
    await sandbox.kill(joining)
    await first.catch(() => undefined)
    await sandbox.start(joining)
    await finishes(words, `no power after ${moment} s`)
  })
})

async function killedWhileEtcdGetsItsData(words: readonly string[]): Promise<void> {
  const script = '"$@" >/root/said 2>&1 & p=$!; until [ -e /var/lib/etcd/member ]; do sleep 0.01; done; kill -KILL $p'
  await sandbox.run(joining, ['bash', '-c', script, 'killed', ...words])
  expect(await sandbox.run(joining, ['ls', '/etc/kubernetes/manifests'])).toBe('')
  expect(await sandbox.run(joining, ['ls', '/var/lib/etcd'])).toBe('member\n')
}

/** None in the short form. */
function longRounds(rounds: number): readonly { readonly round: number; readonly rounds: number }[] {
  return Array.from({ length: isLongRun ? rounds : 0 }, (_, round) => ({ round, rounds }))
}

/** Seconds. A whole run takes some 8 s here. */
function momentOf(round: number, rounds: number): string {
  return (0.5 + (7.5 * (round + Math.random())) / rounds).toFixed(3)
}

async function wasDone(): Promise<boolean> {
  return (await sandbox.exec(joining, ['tail', '-n1', '/var/lib/kadm/journal.jsonl'])).stdout.includes('"outcome":"done"')
}

/** The next run ends what the ones before have begun; nothing of them is left in etcd, in the API or on the host. */
async function finishes(words: readonly [string, ...string[]], told: string): Promise<void> {
  if (!(await wasDone())) {
    const again = await sandbox.exec(joining, words, { timeout: 150_000 })
    expect(again.exitCode, `${told}, then: ${again.stdout}${again.stderr}`).toBe(0)
  }
  expect(await members()).toMatch(/^h1 voter\nh2 voter$/)
  expect(JSON.stringify(await node())).toContain('node-role.kubernetes.io/control-plane')
  expect(await sandbox.run(joining, ['ls', '/etc/kubernetes'])).not.toContain('bootstrap')
  expect(await sandbox.run(joining, ['grep', 'server:', '/etc/kubernetes/kubelet.conf'])).toContain(sandbox.hosts[1]?.address)
}

interface Joined {
  readonly files: Readonly<Record<string, unknown>>
  readonly node: unknown
  readonly pods: Readonly<Record<string, unknown>>
  readonly members: string
  /** What is at the top of the host. */
  readonly top: string
}

async function freshCluster(maker: Tool): Promise<void> {
  await renewHosts(sandbox, ['h1', joining])
  const file = await putInitConfig(sandbox, 'h1', { controlPlaneEndpoint: 'h1:6443' })
  await sandbox.run('h1', [maker, 'init', '--config', file], { timeout: 180_000 })
  join = await joinWords(sandbox, 'h1')
}

async function controlPlaneWords(tool: Tool): Promise<readonly [string, ...string[]]> {
  const uploaded = await sandbox.run('h1', ['kubeadm', 'init', 'phase', 'upload-certs', '--upload-certs'])
  const key = uploaded.trim().split('\n').at(-1) ?? ''
  return [tool, ...join, '--control-plane', '--certificate-key', key, '--ignore-preflight-errors=SystemVerification']
}

async function joinedBy(tool: Tool): Promise<Joined> {
  await sandbox.run(joining, await controlPlaneWords(tool), { timeout: 180_000 })
  const { files } = treeMeaning(await hostFiles(sandbox, joining))
  const found = {
    files: Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith('/var/lib/kadm'))),
    node: await node(),
    pods: await mirrorPods(),
    members: await members(),
    top: await top(),
  }
  return withoutChance(found)
}

/**
 * The cluster draws the serial number of the kubelet's certificate and takes the next free range for a Node's Pods; etcd lists its members
 * by ids that it draws, which shows in the manifest and in its hash.
 */
function withoutChance(found: Joined): Joined {
  const drawn = /^(?:serial|podCIDRs?|kubernetes\.io\/config\.(?:hash|mirror))$/
  const sorted = (text: string): string => text.replace(/(?<=--initial-cluster=)[^\s"]+/, (list) => list.split(',').toSorted().join(','))
  return JSON.parse(
    JSON.stringify(found, (key: string, value: unknown) =>
      value === undefined ? undefined : drawn.test(key) ? '…' : typeof value === 'string' ? sorted(value) : value,
    ),
  ) as Joined
}

async function node(): Promise<unknown> {
  return until(async () => {
    const found = clusterObjects(await kubectl(sandbox, 'h1', ['get', 'nodes', '--output=json']))[`Node ${joining}`]
    return JSON.stringify(found)?.includes('node.alpha.kubernetes.io/ttl') ? found : undefined
  })
}

/** The kubelet shows the four static Pods of its host in the API. */
async function mirrorPods(): Promise<Readonly<Record<string, unknown>>> {
  return until(async () => {
    const pods = clusterObjects(
      await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'pods', '--selector=tier=control-plane', '--output=json']),
    )
    const own = Object.entries(pods).filter(([name]) => name.endsWith(`-${joining}`))
    return own.length === 4 ? Object.fromEntries(own) : undefined
  })
}

async function top(): Promise<string> {
  return sandbox.run(joining, ['ls', '-A', '/'])
}

/** `h1 voter`, a line each. */
async function members(): Promise<string> {
  return (await etcdMembers(sandbox, 'h1')).map(({ name, isLearner }) => `${name} ${isLearner ? 'learner' : 'voter'}`).join('\n')
}
