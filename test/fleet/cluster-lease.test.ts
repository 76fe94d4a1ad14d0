import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../../src/cluster/api-error.ts'
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts'
import type { KadmError } from '../../src/errors.ts'
import { takeLease, type ClusterLease, type LeaseOptions } from '../../src/fleet/apply/cluster-lease.ts'
import { leaseHolder } from '../../src/fleet/apply/lease-holder.ts'

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

test('it is renewed while it is held, and gone when it is given back', async () => {
  const api = leaseServer()
  const lease = await takeLease(api.cluster, options('ann'))
  const first = renewedAt(api.found())
  await vi.advanceTimersByTimeAsync(25_000)
  expect(renewedAt(api.found())).toBeGreaterThan(first)
  await lease.release(api.cluster)
  expect(api.found()).toBeUndefined()
})

test('a renewal whose answer was lost, and a note that somebody writes on it, do not end it', async () => {
  const api = leaseServer()
  const lost: KadmError[] = []
  const lease = await takeLease(api.cluster, { ...options('ann'), lost: (error) => lost.push(error) })
  api.losesAnswers(1)
  await vi.advanceTimersByTimeAsync(21_000)
  api.write({ ...api.found(), note: 'of kubectl annotate' })
  await vi.advanceTimersByTimeAsync(40_000)
  expect(renewedAt(api.found())).toBeGreaterThan(Date.now() - 15_000)
  expect(lost).toEqual([])
  await lease.release(api.cluster)
  expect(api.found()).toBeUndefined()
})

test('who has lost it is told whose it is now, and leaves it alone', async () => {
  const api = leaseServer()
  const lost: KadmError[] = []
  const ann = await takeLease(api.cluster, { ...options('ann'), lost: (error) => lost.push(error) })
  api.isAway(true)
  await vi.advanceTimersByTimeAsync(31_000)
  // It has ended by its own times alone: ann's clock may be behind.
  await expect(takeLease(api.byAnotherWay, options('bob'))).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' })
  const taking = takeLease(api.byAnotherWay, { ...options('bob'), wait: 60_000 })
  await vi.advanceTimersByTimeAsync(31_000)
  const bob = await taking
  api.isAway(false)
  await vi.advanceTimersByTimeAsync(11_000)
  expect(lost).toEqual([
    expect.objectContaining({ code: 'RUN_IN_PROGRESS', message: expect.stringMatching(/^bob \(since .*\) is working on this cluster/) }),
  ])
  await ann.release(api.cluster)
  expect(api.found()).toMatchObject({ spec: { holderIdentity: 'bob' } })
  await bob.release(api.cluster)
})

test.each([
  { clock: 'ahead', difference: 40_000 },
  { clock: 'behind', difference: -40_000 },
])('one that is renewed is not taken by who has a clock $clock, and one that is not is', async ({ difference }) => {
  const api = leaseServer()
  const ann = await takeLease(api.cluster, options('ann'))
  const bob = { ...options('bob'), wait: 60_000, now: () => new Date(Date.now() + difference) }
  const renewed = takeLease(api.cluster, bob).catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(12_000)
  expect(await renewed).toMatchObject({ code: 'RUN_IN_PROGRESS' })
  api.isAway(true)
  const taking = takeLease(api.byAnotherWay, bob)
  await vi.advanceTimersByTimeAsync(31_000)
  await (await taking).release(api.byAnotherWay)
  api.isAway(false)
  await ann.release(api.cluster)
})

test('one that ended long ago, as when its machine is gone, is taken at once', async () => {
  const api = leaseServer()
  await takeLease(api.cluster, options('ann'))
  const later = { ...options('bob'), now: () => new Date(Date.now() + 100_000) }
  await (await takeLease(api.byAnotherWay, later)).release(api.byAnotherWay)
})

test('after the machine has slept it is renewed within a second, or found to be lost', async () => {
  const api = leaseServer()
  const lost: KadmError[] = []
  const ann = await takeLease(api.cluster, { ...options('ann'), lost: (error) => lost.push(error) })
  // Timers stood still.
  vi.setSystemTime(Date.now() + 600_000)
  const bob = await takeLease(api.byAnotherWay, options('bob'))
  await vi.advanceTimersByTimeAsync(1100)
  expect(lost).toHaveLength(1)
  await ann.release(api.cluster)
  await bob.release(api.cluster)
})

test('an API server that is restarted just then is asked again', async () => {
  const api = leaseServer()
  vi.useRealTimers()
  api.isAway(true)
  const taking = takeLease(api.cluster, options('ann'))
  await sleep(100)
  api.isAway(false)
  await (await taking).release(api.cluster)
})

test('who waits for the end of one is told when it is renewed or given back meanwhile: the cluster is another than when the plan was made', async () => {
  vi.useRealTimers()
  const waiting = async (meanwhile: (api: LeaseServer, ann: ClusterLease) => void): Promise<unknown> => {
    const api = leaseServer()
    const ann = await takeLease(api.cluster, options('ann'))
    const said: string[] = []
    const bob = { ...options('bob'), wait: 60_000, signal: AbortSignal.timeout(5000) }
    const say = (text: string): void => {
      said.push(text)
      meanwhile(api, ann)
    }
    const outcome = await takeLease(api.cluster, { ...bob, say }).catch((error: unknown) => error)
    await ann.release(api.cluster)
    expect(said).toEqual([expect.stringMatching(/^ann .* holds the cluster until .*: waiting for the end of that, or for its renewal$/)])
    return outcome
  }
  const renewed = await waiting((api) => {
    const { spec } = api.found() as unknown as { readonly spec: object }
    api.write({ ...api.found(), spec: { ...spec, renewTime: new Date(Date.now() + 1000).toISOString() } })
  })
  const refusedFor = (rest: string): unknown =>
    expect.objectContaining({
      code: 'RUN_IN_PROGRESS',
      message: expect.stringMatching(new RegExp(`^ann \\(since .*\\) is working on this cluster${rest}$`)),
    })
  expect(renewed).toEqual(refusedFor(' and holds the cluster until .*'))
  expect(await waiting((api, ann) => void ann.release(api.cluster))).toEqual(refusedFor(''))
})

test('that of a process of this machine that is gone is taken at once, that of one that lives is not', async () => {
  vi.useRealTimers()
  const machine = await leaseHolder()
  const gone = spawn('true', { stdio: 'ignore' })
  await once(gone, 'exit')
  const api = leaseServer()
  const own = { ...options('ann'), holder: machine }
  await takeLease(api.cluster, { ...own, holder: { ...machine, own: machine.own.replace(` ${process.pid} `, ` ${gone.pid} `) } })
  const lease = await takeLease(api.cluster, own)
  await expect(takeLease(api.cluster, own)).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' })
  await lease.release(api.cluster)
  // Of another machine nobody here knows.
  await takeLease(api.cluster, { ...own, holder: { ...machine, own: `another boot pid:[1] ${gone.pid} 5` } })
  await expect(takeLease(api.cluster, own)).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' })
})

function options(owner: string): LeaseOptions {
  const holder = { own: owner, isGone: async () => false }
  return { owner, holder, wait: 0, signal: new AbortController().signal, say: () => {}, lost: () => {} }
}

function renewedAt(lease: KubernetesObject | undefined): number {
  return Date.parse((lease as { readonly spec: { readonly renewTime: string } } | undefined)?.spec.renewTime ?? '')
}

interface LeaseServer {
  readonly cluster: Cluster
  /** Never away. */
  readonly byAnotherWay: Cluster
  readonly found: () => KubernetesObject | undefined
  readonly write: (lease: object) => void
  readonly isAway: (away: boolean) => void
  /** So many writes are done, and not answered. */
  readonly losesAnswers: (count: number) => void
}

/** An API with one object, which it takes only from who knows its version. */
function leaseServer(): LeaseServer {
  let stored: KubernetesObject | undefined
  let version = 0
  let away = false
  let lost = 0
  const write = (lease: object): KubernetesObject => {
    const one = lease as KubernetesObject
    stored = { ...one, metadata: { ...one.metadata, resourceVersion: String(++version) } }
    return stored
  }
  const by = (isAway: () => boolean): Cluster => {
    const answer = async <T>(act: () => T): Promise<T> => {
      if (isAway()) throw refusal(503, 'ServiceUnavailable')
      return act()
    }
    return {
      get: () => answer(() => stored),
      create: (lease: KubernetesObject) =>
        answer(() => {
          if (stored !== undefined) throw refusal(409, 'AlreadyExists')
          return write(lease)
        }),
      replace: (lease: KubernetesObject) =>
        answer(() => {
          if (lease.metadata.resourceVersion !== stored?.metadata.resourceVersion) throw refusal(409, 'Conflict')
          const written = write(lease)
          if (lost-- > 0) throw refusal(503, 'ServiceUnavailable')
          return written
        }),
      delete: () => answer(() => void (stored = undefined)),
    } as unknown as Cluster
  }
  return {
    cluster: by(() => away),
    byAnotherWay: by(() => false),
    found: () => stored,
    write,
    isAway: (value) => void (away = value),
    losesAnswers: (count) => void (lost = count),
  }
}

function refusal(status: number, reason: string): ApiError {
  return new ApiError('work on the Lease', { status, reason, message: '' })
}
