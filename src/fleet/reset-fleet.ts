/** The end of a cluster: every host of its file is reset, all at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from '../errors.ts'
import { firstThatAnswers, tidyUp } from './apply/cluster-access.ts'
import { takeLease } from './apply/cluster-lease.ts'
import { fleetFailed } from './fleet-failed.ts'
import { endTold, ownName, type FleetCommand } from './fleet-run.ts'
import type { Place } from './host-flags.ts'
import { leaseHolder } from './apply/lease-holder.ts'
import { notReached, reachedHosts } from './open-fleet.ts'
import { requireFree } from './apply/require-free.ts'
import { requestOf, resetHost } from './apply/run-action.ts'

export interface ResetFleetInput extends FleetCommand {
  /** All hosts of the file. */
  readonly places: readonly Place[]
  /** Their names. */
  readonly hosts: ReadonlySet<string>
  /** What upgrades have put aside in /etc/kubernetes/tmp goes too. */
  readonly cleanupTmpDir: boolean
}

/** Milliseconds that the API of a cluster which may be broken is waited for. */
const apiPatience = 5000
/** Milliseconds that giving the Lease back may take: what is left of the cluster may take a question and say nothing. */
const releaseTime = 5000

/**
 * Throws RUN_IN_PROGRESS before anything is begun when another kadm works on the cluster or one of these hosts. Hosts that cannot be
 * reached, or fail, do not hold up the others: FLEET_FAILED then, with what happened on each of them.
 */
export async function resetFleet(input: ResetFleetInput): Promise<void> {
  const release = await holdCluster(input)
  try {
    await requireNobodyAtWork(input)
    await resetAll(input)
  } finally {
    await release()
  }
}

/**
 * Takes the Lease of the cluster, where an API answers: one that is broken is reset without. Resolves to what gives it back. Throws
 * RUN_IN_PROGRESS.
 */
async function holdCluster({ fleet, hosts, owner, wait, report, signal }: ResetFleetInput): Promise<() => Promise<void>> {
  const controlPlanes = [...reachedHosts(fleet).values()].filter(({ name, state }) => hosts.has(name) && state.node === 'control-plane')
  const entry = await firstThatAnswers(
    controlPlanes.map(({ host }) => host),
    { timeout: apiPatience, signal },
  ).catch(() => signal.throwIfAborted())
  if (entry === undefined) return async () => {}
  try {
    const lease = await takeLease(entry.cluster, {
      owner,
      holder: await leaseHolder(),
      wait,
      patience: apiPatience,
      signal,
      say: (text) => report({ host: controlPlanes[0]?.name ?? ownName, event: { kind: 'line', phase: 'lease', text, at: new Date() } }),
      // Held on to while API servers still answer, so that nobody begins anything. It ends with them: that is no reason to stop in the
      // middle, and the locks of the hosts hold.
      lost: () => {},
    })
    return async () => {
      await Promise.race([tidyUp(entry, [lease.release], { signal, patience: 0 }), sleep(releaseTime, undefined, { ref: false })])
      await entry.cluster.close()
    }
  } catch (error) {
    await entry.cluster.close()
    signal.throwIfAborted()
    if (isInProgress(error)) throw error
    return async () => {}
  }
}

/** What else is wrong with a host is told when it is its turn. Throws RUN_IN_PROGRESS. */
async function requireNobodyAtWork({ fleet, places, hosts, signal }: ResetFleetInput): Promise<void> {
  await Promise.all(
    Array.from(fleet.hosts, async ([name, host]) => {
      if (!hosts.has(name)) return
      await requireFree([{ name, host }], { command: 'kadm reset', places }).catch((error: unknown) => {
        if (isInProgress(error)) throw error
      })
    }),
  )
  signal.throwIfAborted()
}

function isInProgress(error: unknown): boolean {
  return hasCode(error, 'RUN_IN_PROGRESS')
}

async function resetAll({ fleet, places, hosts, cleanupTmpDir, report, within, signal }: ResetFleetInput): Promise<void> {
  const failures = new Map<string, unknown>()
  for (const place of places) {
    const { name } = place
    const state = fleet.states.get(name)
    if (hosts.has(name) && state?.kind === 'unreachable' && !fleet.hosts.has(name)) failures.set(name, notReached(place, state, 'it'))
  }
  // One that does not say what it is may have a broken journal: that is no reason to stay.
  const reset = [...fleet.hosts]
    .filter(([name]) => hosts.has(name))
    .map(async ([name, host]) => {
      const on = { name, host }
      // Nothing of etcd is to survive: no member has to leave it in good order.
      const flags = { force: true, 'skip-phases': ['remove-etcd-member/member'], 'cleanup-tmp-dir': cleanupTmpDir }
      report({ host: name, event: { kind: 'started', phase: 'reset', at: new Date() } })
      await endTold(report, { host: name, phase: 'reset' }, () =>
        resetHost(on, { ...requestOf('reset', { run: { report, within }, on, signal }), flags }),
      ).catch((error: unknown) => void failures.set(name, error))
    })
  // Also when it was stopped: the lock of a host is held, and its connection kept, until what goes on there has come to its end.
  await Promise.all(reset)
  signal.throwIfAborted()
  if (failures.size > 0) throw fleetFailed(failures, places)
}
