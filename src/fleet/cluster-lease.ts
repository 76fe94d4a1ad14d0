/** One kadm at a time on a cluster: a Lease with owner and expiry, which others are shown. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isRefusal } from '../cluster/api-error.ts'
import type { Cluster, KubernetesObject } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import { KadmError } from '../errors.ts'

export interface ClusterLease {
  readonly release: () => Promise<void>
}

const ref = { ...kinds.lease, namespace: 'kube-system', name: 'kadm' }
const seconds = 30
/** Milliseconds. With what the clocks of two operators may differ by; longer than that nobody is kept waiting. */
const longestLeft = (seconds + 5) * 1000

export interface LeaseOptions {
  readonly owner: string
  /** Milliseconds that the end of one that nobody renews is waited for. */
  readonly wait: number
  readonly signal: AbortSignal
  /** Told once, when there is something to wait for. */
  readonly say: (text: string) => void
  readonly now?: () => Date
}

/**
 * Renewed every 10 s until it is released. One that is not renewed any more is waited out, and taken over. Throws RUN_IN_PROGRESS, which
 * says who has it and until when, as soon as somebody renews it or gives it back: a plan of before is of no use then.
 */
export async function takeLease(
  cluster: Cluster,
  { owner, wait, signal, say, now = () => new Date() }: LeaseOptions,
): Promise<ClusterLease> {
  const found = await endedLease(cluster, { wait, signal, say, now })
  const since = now()
  const write = async (before: KubernetesObject | undefined): Promise<KubernetesObject> => {
    const lease = leaseObject({ owner, since, now: now() }, before?.metadata.resourceVersion)
    return before === undefined ? cluster.create(lease) : cluster.replace(lease)
  }
  let held = await write(found).catch((error: unknown) => {
    if (isRefusal(error, 'AlreadyExists', 'Conflict')) throw inProgress('another kadm', undefined)
    throw error
  })
  const renewal = setInterval(
    () => {
      write(held).then(
        (lease) => (held = lease),
        () => undefined, // the next try may do; work on hosts has locks of its own
      )
    },
    (seconds * 1000) / 3,
  )
  return {
    release: async () => {
      clearInterval(renewal)
      await cluster.delete(ref).catch(() => undefined)
    },
  }
}

/** Resolves to what is left of it. Its owner may have been killed, or works on: only the next renewal tells. */
async function endedLease(
  cluster: Cluster,
  { wait, signal, say, now }: Required<Omit<LeaseOptions, 'owner'>>,
): Promise<KubernetesObject | undefined> {
  const patience = now().getTime() + wait
  let before: { readonly owner: string; readonly end: Date } | undefined
  for (;;) {
    const found = await cluster.get(ref)
    const end = found === undefined ? undefined : endOf(found)
    // Given back: somebody has changed the cluster since the plan was made.
    if (found === undefined && before !== undefined) throw inProgress(before.owner, undefined)
    if (found === undefined || end === undefined || end <= now()) return found
    const owner = holderOf(found)
    const isRenewed = before !== undefined && end > before.end
    if (isRenewed || end.getTime() - now().getTime() > longestLeft || now().getTime() >= patience) throw inProgress(owner, end)
    if (before === undefined) say(`${owner} holds the cluster until ${end.toISOString()}: waiting for the end of that, or for its renewal`)
    before = { owner, end }
    await sleep(500, undefined, { signal })
  }
}

function leaseObject(
  { owner, since, now }: { readonly owner: string; readonly since: Date; readonly now: Date },
  resourceVersion: string | undefined,
): KubernetesObject {
  // MicroTime has six digits.
  const [acquireTime, renewTime] = [since, now].map((time) => time.toISOString().replace('Z', '000Z'))
  return {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: { name: ref.name, namespace: ref.namespace, ...(resourceVersion !== undefined && { resourceVersion }) },
    spec: { holderIdentity: owner, leaseDurationSeconds: seconds, acquireTime, renewTime },
  }
}

function endOf({ spec }: KubernetesObject): Date | undefined {
  if (typeof spec !== 'object' || spec === null || !('renewTime' in spec) || !('leaseDurationSeconds' in spec)) return undefined
  const end = new Date(Date.parse(String(spec.renewTime)) + Number(spec.leaseDurationSeconds) * 1000)
  return Number.isNaN(end.getTime()) ? undefined : end
}

/** With since when, where it is told. */
function holderOf({ spec }: KubernetesObject): string {
  if (typeof spec !== 'object' || spec === null || !('holderIdentity' in spec)) return 'another kadm'
  const since = 'acquireTime' in spec ? ` (since ${String(spec.acquireTime).replace(/\.\d+Z$/, 'Z')})` : ''
  return `${String(spec.holderIdentity)}${since}`
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
