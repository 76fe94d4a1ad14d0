/**
 * What an apply has led to, by what it means: two clusters that were brought to the same file have the same, whatever happened on the way.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { meaningOfObjects } from '../../test/support/cluster-objects.ts'
import { kubectl } from '../../test/support/cluster.ts'
import { etcdMembers } from '../../test/support/etcd-members.ts'
import { meaningOfFiles, readFiles } from '../../test/support/host-files.ts'
import { hostsOf, type Apply, type Stage } from './applies.ts'

export interface Outcome {
  /** What kadm has done and left, on the hosts and with the cluster: there as soon as it ends. */
  readonly own: Lines
  /** What controllers, kubelets and garbage collectors have made of it, some time later. */
  readonly cluster: Lines
}

/** A text for each thing that can differ, by its name. */
type Lines = Readonly<Record<string, string>>

/**
 * Of a cluster that nothing has disturbed. Lays the pod network first: only then do all Pods run. Throws when it does not come to rest
 * within 3 min.
 */
export async function settledOutcome(stage: Stage, apply: Apply, file: string): Promise<Outcome> {
  const own = await ownOutcome(stage, apply, file)
  await stage.sandbox.network()
  const deadline = performance.now() + 180_000
  for (let before = await clusterOutcome(stage); ;) {
    await sleep(2000)
    if (performance.now() > deadline) throw new Error('the cluster of an unbroken apply does not come to rest')
    const now = await clusterOutcome(stage)
    const allReady = Object.entries(now).every(([name, state]) => !name.startsWith('pod ') || state === 'ready')
    if (allReady && differences(before, now).length === 0) return { own, cluster: now }
    before = now
  }
}

export interface Comparison {
  readonly apply: Apply
  readonly file: string
  readonly expected: Outcome
  /**
   * Milliseconds for what controllers, kubelets and garbage collectors still have to do; default 240_000. After a power cut a
   * controller-manager may come to lead late, and then waits a minute before it takes away the Pods of a Node that has gone.
   */
  readonly patience?: number
}

/** What kadm itself does is done when it ends; the rest is waited for. Returns what differs at the end, some lines each. */
export async function lastingDifferences(
  stage: Stage,
  { apply, file, expected, patience = 240_000 }: Comparison,
): Promise<readonly string[]> {
  const own = differences(expected.own, await ownOutcome(stage, apply, file))
  await stage.sandbox.network()
  const deadline = performance.now() + patience
  for (;;) {
    const found = await clusterOutcome(stage).catch((error: unknown) => ({ 'the cluster': String(error) }))
    const ofCluster = differences(expected.cluster, found)
    if (ofCluster.length === 0 || performance.now() > deadline) return [...own, ...ofCluster]
    await sleep(1000)
  }
}

function differences(expected: Lines, found: Lines): readonly string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].toSorted()
  return names.flatMap((name) =>
    expected[name] === found[name]
      ? []
      : [`${name}:\n    unbroken ${expected[name] ?? 'has none'}\n    here     ${found[name] ?? 'has none'}`],
  )
}

async function ownOutcome({ sandbox, operator }: Stage, apply: Apply, file: string): Promise<Lines> {
  const hosts = await Promise.all(hostsOf(apply).map((host) => hostOutcome(sandbox, host)))
  const lease = await kubectl(sandbox, first, ['-n', 'kube-system', 'get', 'lease', 'kadm', '--ignore-not-found', '-o', 'name'])
  const plan = await operator.kadm(['plan', '-f', file])
  const log = await operator.kadm(['log', '-f', file])
  return {
    ...(Object.assign({}, ...hosts) as Lines),
    'lease of kadm': lease,
    'kadm plan': `${plan.stdout}${plan.stderr}`,
    'chains of the journals': log.stderr,
  }
}

async function clusterOutcome({ sandbox }: Stage): Promise<Lines> {
  const [objects, pods, members] = await Promise.all([meaningOfObjects(sandbox, first), podStates(sandbox), etcdMembers(sandbox, first)])
  return { ...objects, ...pods, 'etcd members': JSON.stringify(members) }
}

const first = 'h1'
const configured = [
  '/etc/kubernetes',
  '/var/lib/kubelet/config.yaml',
  '/var/lib/kubelet/instance-config.yaml',
  '/var/lib/kubelet/kubeadm-flags.env',
]

async function hostOutcome(sandbox: Sandbox, host: string): Promise<Lines> {
  const [files, left] = await Promise.all([readFiles(sandbox, host, configured), sandbox.run(host, ['sh', '-c', leftovers])])
  // Members of etcd are named in the order in which they came, what an upgrade keeps by the time at which it began. One that has failed
  // says so in its folder, and the next has another: what was before is in the first.
  const meaning = Object.entries(meaningOfFiles(files))
    .filter(([name]) => !/kadm-upgrade-[^/]+\/state$/.test(name))
    .toReversed()
    .map(([name, text]) => [`${host} ${withoutTime(name)}`, withoutTime(text).replace(/--initial-cluster=\S+/, '--initial-cluster=…')])
  return { ...(Object.fromEntries(meaning) as Lines), [`${host} leftovers`]: left }
}

function withoutTime(text: string): string {
  return text.replace(/kadm-upgrade-[\d-]+/g, 'kadm-upgrade-<time>')
}

/**
 * What is at the top of the host, which nobody has to do with; temporary files, locks that are held, shells of kadm that nobody holds,
 * secrets of a run, the mark of a reset, a journal without its end. The lock of a process that is gone is nobody's.
 */
const leftovers = `ls -A /
find /etc /etc/kubernetes /var/lib/kubelet /var/lib/kadm /var/lib/etcd /usr/bin /root /tmp -xdev -name '.*kadm-*' 2>/dev/null | sort -u
ls -d /run/*kadm.* /var/lib/kadm/run-secrets /var/lib/kadm/reset-begun 2>/dev/null | grep -vx /run/kadm.lock
pid=$(sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' /run/kadm.lock 2>/dev/null); [ -z "$pid" ] || [ ! -d "/proc/$pid" ] || echo "/run/kadm.lock of $pid"
tail -qn1 /var/lib/kadm/journal.jsonl 2>/dev/null | grep -v '"kind":"run-finished".*"outcome":"done"'
true`

/**
 * Pods of a DaemonSet and static ones by their node, the others by a number. Those of a Node that has gone are left out: the garbage
 * collector takes them away in its own time.
 */
async function podStates(sandbox: Sandbox): Promise<Lines> {
  const nodes = (await kubectl(sandbox, first, ['get', 'nodes', '-o', 'name'])).split('\n')
  const all = JSON.parse(await kubectl(sandbox, first, ['get', 'pods', '-A', '-o', 'json'])) as { items: readonly Pod[] }
  const items = all.items.filter(({ spec }) => spec.nodeName === undefined || nodes.includes(`node/${spec.nodeName}`))
  const named = items.map(({ metadata, spec, status }): readonly [string, string] => {
    const [owner] = metadata.ownerReferences ?? []
    const at = owner?.kind === 'ReplicaSet' ? '' : ` on ${spec.nodeName}`
    const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' && metadata.deletionTimestamp === undefined
    return [
      `${metadata.generateName?.replace(/-[a-f0-9]{8,10}-$/, '-') ?? metadata.name}${at}`,
      ready ? 'ready' : `not ready: ${status.phase}`,
    ]
  })
  const groups = Map.groupBy(named, ([name]) => name)
  return Object.fromEntries(
    [...groups].flatMap(([name, pods]) => pods.map(([, state], index) => [`pod ${name} ${index + 1}`, state] as const)),
  )
}

interface Pod {
  readonly metadata: {
    readonly name: string
    readonly generateName?: string
    readonly deletionTimestamp?: string
    readonly ownerReferences?: readonly { readonly kind: string }[]
  }
  readonly spec: { readonly nodeName?: string }
  readonly status: { readonly phase: string; readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}
