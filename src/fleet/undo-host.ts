/** The last run on one host of a fleet is undone; what the cluster knows of it goes by way of a control plane that stays. */
import type { ClusterFile } from '../config/cluster-file.ts'
import { KadmError } from '../errors.ts'
import type { PhaseEvent } from '../phases/phase.ts'
import { startUndo, type UndoOutcome, type UndoRequest } from '../phases/undo/start-undo.ts'
import { firstThatAnswers, tidyUp, type Entry } from './apply/cluster-access.ts'
import { takeLease, type ClusterLease } from './apply/cluster-lease.ts'
import { placedError } from './fleet-remedies.ts'
import type { FleetCommand } from './fleet-run.ts'
import { leaseHolder } from './apply/lease-holder.ts'
import { notReached, reachedHosts } from './open-fleet.ts'
import { requestOf } from './apply/run-action.ts'

export interface UndoHostInput extends FleetCommand, Pick<UndoRequest, 'all' | 'force' | 'confirm'> {
  readonly file: ClusterFile
  /** Of the host in the file. */
  readonly name: string
}

/** @returns as `startUndo`. Throws USAGE, what kept the host from being looked at (HOST_UNREACHABLE, JOURNAL_BROKEN), and as `startUndo`. */
export async function undoHostOfFleet({
  file,
  fleet,
  name,
  all,
  force,
  owner,
  wait,
  confirm,
  report,
  within,
  signal,
}: UndoHostInput): Promise<UndoOutcome> {
  const state = fleet.states.get(name)
  const place = file.hosts.find((host) => host.name === name)
  if (place !== undefined && state?.kind === 'unreachable') throw notReached(place, state)
  if (state?.kind === 'lost')
    throw new KadmError('USAGE', `"${name}" is lost by the cluster file: there is no machine to undo anything on`, {
      remedy: ['give it another role in the file, if its machine is there'],
    })
  const on = reachedHosts(fleet).get(name)
  if (on === undefined)
    throw new KadmError('USAGE', `the cluster file has no host "${name}"`, {
      remedy: [`its hosts: ${file.hosts.map((host) => host.name).join(', ')}`],
    })
  const controlPlanes = file.hosts.filter(({ role }) => role === 'control-plane').map((host) => host.name)
  const others = controlPlanes.filter((other) => other !== name).flatMap((other) => fleet.hosts.get(other) ?? [])
  const tell = (event: PhaseEvent): void => report({ host: name, event })
  let entry: Entry | undefined
  let lease: ClusterLease | undefined
  const lost = new AbortController()
  const stop = AbortSignal.any([signal, lost.signal])
  try {
    const outcome = await startUndo(on.host, {
      ...requestOf('undo', { run: { report, within }, on, signal: stop }),
      all,
      force,
      node: name,
      confirm,
      cluster: async ({ isEntry, marks }) => {
        tell({ kind: 'started', phase: 'undo', at: new Date() })
        const asked = isEntry || !controlPlanes.includes(name) ? others : [...others, on.host]
        if (isEntry || marks.length > 0) entry = await firstThatAnswers(asked, { timeout: 5000, signal }).catch(() => undefined)
        if (entry !== undefined)
          lease = await takeLease(entry.cluster, {
            owner,
            holder: await leaseHolder(),
            wait,
            signal: stop,
            lost: (error) => lost.abort(error),
            say: (text) => tell({ kind: 'line', phase: 'undo', text, at: new Date() }),
          })
        return entry?.cluster
      },
    })
    if (outcome === 'done') tell({ kind: 'done', phase: 'undo', at: new Date() })
    return outcome
  } catch (error) {
    tell({ kind: 'failed', phase: 'undo', error, at: new Date() })
    throw place !== undefined && error instanceof KadmError ? placedError(error, place) : error
  } finally {
    if (entry !== undefined) {
      await tidyUp(entry, lease === undefined ? [] : [lease.release], { signal, others, patience: 5000 })
      await entry.cluster.close()
    }
  }
}
