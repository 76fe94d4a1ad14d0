/** One kadm at a time on a cluster: a Lease with owner and expiry, which others are shown. */
import { isRefusal, isTransient } from '../../cluster/api-error.ts'
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts'
import { kinds } from '../../cluster/kinds.ts'
import { textAt, valueAt } from '../../cluster/object-fields.ts'
import { retryUntil } from '../../cluster/wait.ts'
import { KadmError } from '../../errors.ts'
import { pauseFor } from '../../host/wait.ts'
import type { LeaseHolder } from './lease-holder.ts'

export interface ClusterLease {
  /** No renewals any more; it is given back unless somebody else has it. `by`: the same cluster, by a connection that no stop has ended. */
  readonly release: (by: Cluster) => Promise<void>
}

const ref = { ...kinds.lease, namespace: 'kube-system', name: 'kadm' }
const leaseSeconds = 30
/** Milliseconds that the clocks of two operators may differ by: only what ended longer ago has ended for certain. */
const clockDifference = 60_000

export interface LeaseOptions {
  /** Who is shown to others. */
  readonly owner: string
  readonly holder: LeaseHolder
  /** Milliseconds that the end of one that nobody renews is waited for. */
  readonly wait: number
  /** Milliseconds that an API which does not answer is asked again; default 60_000. */
  readonly patience?: number
  readonly signal: AbortSignal
  /** Told once, when there is something to wait for. */
  readonly say: (text: string) => void
  /** Told when it is not ours any more, with RUN_IN_PROGRESS: it ran out while the API did not answer, and somebody else took it. */
  readonly lost: (error: KadmError) => void
  readonly now?: () => Date
}

/**
 * Renewed every 10 s until it is released. One that nobody renews for as long as it lasts is taken over, whatever its own times say: they
 * are of another clock. That of a process of this machine that is gone, and one that ended long ago, at once. Throws RUN_IN_PROGRESS, which
 * says who has it and until when, as soon as somebody renews it or gives it back: a plan of before is of no use then.
 */
export async function takeLease(
  cluster: Cluster,
  { owner, holder, wait, patience = 60_000, signal, say, lost, now = () => new Date() }: LeaseOptions,
): Promise<ClusterLease> {
  const found = await endedLease(cluster, { holder, wait, patience, signal, say, now })
  const since = now()
  const write = async (before: KubernetesObject | undefined): Promise<KubernetesObject> => {
    const lease = leaseObject({ owner, process: holder.own, since, now: now() }, before?.metadata.resourceVersion)
    return before === undefined ? cluster.create(lease) : cluster.replace(lease)
  }
  const isOurs = (lease: KubernetesObject | undefined): lease is KubernetesObject => lease !== undefined && processOf(lease) === holder.own
  // A young API has no kube-system yet, and the answer to a write may be lost.
  let held = await patiently({ patience, signal }, async () => {
    try {
      return await write(found)
    } catch (error) {
      if (!isRefusal(error, ...taken)) throw error
      const other = await cluster.get(ref)
      if (isOurs(other)) return other
      throw takenBy(other)
    }
  })
  const renew = async (): Promise<void> => {
    try {
      held = await write(held)
    } catch (error) {
      if (!isRefusal(error, 'NotFound', ...taken)) throw error
      // A renewal whose answer was lost, or somebody has written a note on it.
      const other = await cluster.get(ref)
      if (isOurs(other)) return void (held = other)
      clearInterval(renewal)
      lost(takenBy(other))
    }
  }
  let renewed = now().getTime()
  // By the time of day, looked at often: timers stand still while the machine sleeps, and what others know of the Lease does not.
  const renewal: NodeJS.Timeout = setInterval(() => {
    if (Math.abs(now().getTime() - renewed) < (leaseSeconds * 1000) / 3) return
    renewed = now().getTime()
    void renew().catch(() => undefined) // the next try may do; work on hosts has locks of its own
  }, 1000)
  return {
    release: async (by) => {
      clearInterval(renewal)
      if (isOurs(await by.get(ref))) await by.delete(ref)
    },
  }
}

/** Somebody was faster. */
const taken = ['AlreadyExists', 'Conflict']

/** Resolves to what is left of it. Its owner may have been killed, or works on: only the next renewal tells. */
async function endedLease(
  cluster: Cluster,
  { holder, wait, patience, signal, say, now }: Required<Omit<LeaseOptions, 'owner' | 'lost'>>,
): Promise<KubernetesObject | undefined> {
  const begin = performance.now()
  let before: { readonly owner: string; readonly end: Date } | undefined
  for (;;) {
    const found = await patiently({ patience, signal }, () => cluster.get(ref))
    const end = found === undefined ? undefined : endOf(found)
    // Given back: somebody has changed the cluster since the plan was made.
    if (found === undefined && before !== undefined) throw inProgress(before.owner, undefined)
    if (found === undefined || end === undefined || end.getTime() + clockDifference <= now().getTime()) return found
    if (await holder.isGone(processOf(found))) return found
    const owner = holderOf(found)
    const isRenewed = before !== undefined && end > before.end
    const waited = performance.now() - begin
    if (!isRenewed && waited >= durationOf(found)) return found
    if (isRenewed || waited >= wait) throw inProgress(owner, end)
    if (before === undefined) say(`${owner} holds the cluster until ${end.toISOString()}: waiting for the end of that, or for its renewal`)
    before = { owner, end }
    await pauseFor(500, signal)
  }
}

/** An API server that is restarted has an answer a moment later. */
function patiently<T>({ patience, signal }: Required<Pick<LeaseOptions, 'patience' | 'signal'>>, ask: () => Promise<T>): Promise<T> {
  return retryUntil(ask, {
    timeout: patience,
    signal,
    describe: `the Lease "${ref.name}" of the cluster`,
    giveUp: (error) => !isTransient(error),
  })
}

function leaseObject(
  { owner, process, since, now }: { readonly owner: string; readonly process: string; readonly since: Date; readonly now: Date },
  resourceVersion: string | undefined,
): KubernetesObject {
  // MicroTime has six digits.
  const [acquireTime, renewTime] = [since, now].map((time) => time.toISOString().replace('Z', '000Z'))
  return {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: {
      name: ref.name,
      namespace: ref.namespace,
      annotations: { [processAnnotation]: process },
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    spec: { holderIdentity: owner, leaseDurationSeconds: leaseSeconds, acquireTime, renewTime },
  }
}

function endOf(lease: KubernetesObject): Date | undefined {
  const end = new Date(Date.parse(textAt(lease, 'spec.renewTime')) + durationOf(lease))
  return Number.isNaN(end.getTime()) ? undefined : end
}

/** Milliseconds that it lasts without being renewed. */
function durationOf(lease: KubernetesObject): number {
  return Number(valueAt(lease, 'spec.leaseDurationSeconds')) * 1000
}

const processAnnotation = 'kadm.dev/process'

function processOf({ metadata }: KubernetesObject): string {
  return metadata.annotations?.[processAnnotation] ?? ''
}

/** With since when, where it is told. */
function holderOf(lease: KubernetesObject): string {
  const holder = textAt(lease, 'spec.holderIdentity')
  if (holder === '') return 'another kadm'
  const since = textAt(lease, 'spec.acquireTime').replace(/\.\d+Z$/, 'Z')
  return since === '' ? holder : `${holder} (since ${since})`
}

function takenBy(lease: KubernetesObject | undefined): KadmError {
  return inProgress(lease === undefined ? 'another kadm' : holderOf(lease), lease && endOf(lease))
}

function inProgress(owner: string, until: Date | undefined): KadmError {
  const held = until === undefined ? '' : ` and holds the cluster until ${until.toISOString()}`
  return new KadmError('RUN_IN_PROGRESS', `${owner} is working on this cluster${held}`, {
    remedy: [
      'wait until it is done: --wait-lock 10m',
      'kubectl -n kube-system get lease kadm -o yaml   # one that nobody renews ends by itself',
    ],
  })
}
