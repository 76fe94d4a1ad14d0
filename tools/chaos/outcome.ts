/** What an apply has led to, by what it means: two clusters that were brought to the same file have the same, whatever happened on the way. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { meaningOfObjects } from '../../test/support/cluster-objects.ts'
import { kubectl } from '../../test/support/cluster.ts'
import { etcdMembers } from '../../test/support/etcd-members.ts'
import { meaningOfFiles, readFiles } from '../../test/support/host-files.ts'
import { hostsOf, type Apply, type Stage } from './applies.ts'

/** A line of text for each thing that can differ, by its name. */
export type Outcome = Readonly<Record<string, string>>

/** Lays the pod network first: only then do all Pods run. */
export async function settledOutcome(stage: Stage, apply: Apply, file: string): Promise<Outcome> {
  await stage.sandbox.network()
  for (let before = await outcomeOf(stage, apply, file); ;) {
    await sleep(2000)
    const now = await outcomeOf(stage, apply, file)
    if (!Object.keys(now).some((name) => name.startsWith('pod ') && now[name] !== 'ready') && differences(before, now).length === 0) return now
    before = now
  }
}

/** Waits up to 90 s for what controllers, kubelets and garbage collectors still have to do. Returns what differs then. */
export async function lastingDifferences(stage: Stage, { apply, file, expected }: { readonly apply: Apply; readonly file: string; readonly expected: Outcome }): Promise<readonly string[]> {
  await stage.sandbox.network()
  const deadline = performance.now() + 90_000
  for (;;) {
    const found = await outcomeOf(stage, apply, file).catch((error: unknown) => ({ 'the cluster': String(error) }))
    const differing = differences(expected, found)
    if (differing.length === 0 || performance.now() > deadline) return differing
    await sleep(1000)
  }
}

function differences(expected: Outcome, found: Outcome): readonly string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].toSorted()
  return names.flatMap((name) => (expected[name] === found[name] ? [] : [`${name}:\n    unbroken ${expected[name] ?? 'has none'}\n    here     ${found[name] ?? 'has none'}`]))
}

async function outcomeOf({ sandbox, operator }: Stage, apply: Apply, file: string): Promise<Outcome> {
  const first = 'h1'
  const [hosts, objects, pods, members, lease, plan, log] = await Promise.all([
    Promise.all(hostsOf(apply).map((host) => hostOutcome(sandbox, host))),
    meaningOfObjects(sandbox, first),
    podStates(sandbox),
    etcdMembers(sandbox, first),
    kubectl(sandbox, first, ['-n', 'kube-system', 'get', 'lease', 'kadm', '--ignore-not-found', '-o', 'name']),
    operator.kadm(['plan', '-f', file]),
    operator.kadm(['log', '-f', file]),
  ])
  return {
    ...Object.assign({}, ...hosts) as Outcome,
    ...objects,
    ...pods,
    'etcd members': JSON.stringify(members),
    'lease of kadm': lease,
    'kadm plan': `${plan.stdout}${plan.stderr}`,
    'chains of the journals': log.stderr,
  }
}

const configured = ['/etc/kubernetes', '/var/lib/kubelet/config.yaml', '/var/lib/kubelet/instance-config.yaml', '/var/lib/kubelet/kubeadm-flags.env']

async function hostOutcome(sandbox: Sandbox, host: string): Promise<Outcome> {
  const [files, left] = await Promise.all([readFiles(sandbox, host, configured), sandbox.run(host, ['sh', '-c', leftovers])])
  // Members of etcd are named in the order in which they came.
  const meaning = Object.entries(meaningOfFiles(files)).map(([name, text]) => [`${host} ${name}`, text.replace(/--initial-cluster=\S+/, '--initial-cluster=…')])
  return { ...(Object.fromEntries(meaning) as Outcome), [`${host} leftovers`]: left }
}

/** Temporary files, locks, shells of kadm that nobody holds, secrets of a run, a journal without its end. */
const leftovers = `find /etc /var/lib/kubelet /var/lib/kadm /var/lib/etcd /usr/bin /root /tmp -xdev -name '.*kadm-*' 2>/dev/null
ls -d /run/*kadm.* /var/lib/kadm/run-secrets 2>/dev/null
tail -qn1 /var/lib/kadm/journal.jsonl 2>/dev/null | grep -v '"kind":"run-finished".*"outcome":"done"'
true`

/** Pods of a DaemonSet and static ones by their node, the others by a number. */
async function podStates(sandbox: Sandbox): Promise<Outcome> {
  const { items } = JSON.parse(await kubectl(sandbox, 'h1', ['get', 'pods', '-A', '-o', 'json'])) as { items: readonly Pod[] }
  const named = items.map(({ metadata, spec, status }): readonly [string, string] => {
    const [owner] = metadata.ownerReferences ?? []
    const at = owner?.kind === 'ReplicaSet' ? '' : ` on ${spec.nodeName}`
    const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' && metadata.deletionTimestamp === undefined
    return [`${metadata.generateName?.replace(/-[a-f0-9]{8,10}-$/, '-') ?? metadata.name}${at}`, ready ? 'ready' : `not ready: ${status.phase}`]
  })
  const groups = Map.groupBy(named, ([name]) => name)
  return Object.fromEntries([...groups].flatMap(([name, pods]) => pods.map(([, state], index) => [`pod ${name} ${index + 1}`, state] as const)))
}

interface Pod {
  readonly metadata: { readonly name: string; readonly generateName?: string; readonly deletionTimestamp?: string; readonly ownerReferences?: readonly { readonly kind: string }[] }
  readonly spec: { readonly nodeName?: string }
  readonly status: { readonly phase: string; readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}
