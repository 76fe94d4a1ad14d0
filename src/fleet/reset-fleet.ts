/** The end of a cluster: every host of its file is reset, all at once. */
import type { FleetEvent, WithinHost } from './fleet-run.ts'
import { fleetFailed } from './apply.ts'
import { notReached, type Fleet } from './open-fleet.ts'
import { requestOf, resetHost } from './steps.ts'

export interface ResetFleetInput {
  readonly fleet: Fleet
  /** Their names. */
  readonly hosts: ReadonlySet<string>
  /** What upgrades have put aside in /etc/kubernetes/tmp goes too. */
  readonly cleanupTmpDir: boolean
  readonly report: (event: FleetEvent) => void
  readonly within?: WithinHost | undefined
  readonly signal: AbortSignal
}

/** Hosts that cannot be reached, or fail, do not hold up the others. Throws FLEET_FAILED with what happened on each of them. */
export async function resetFleet({ fleet, hosts, cleanupTmpDir, report, within, signal }: ResetFleetInput): Promise<void> {
  const failures = new Map<string, unknown>()
  for (const [name, state] of fleet.states)
    if (hosts.has(name) && state.kind === 'unreachable' && !fleet.hosts.has(name)) failures.set(name, notReached(name, state, 'it'))
  // One that does not say what it is may have a broken journal: that is no reason to stay.
  const reset = [...fleet.hosts]
    .filter(([name]) => hosts.has(name))
    .map(async ([name, host]) => {
      const on = { name, host }
      const tell = (kind: 'started' | 'done'): void => report({ host: on.name, event: { kind, phase: 'reset', at: new Date() } })
      tell('started')
      try {
        // Nothing of etcd is to survive: no member has to leave it in good order.
        const flags = { force: true, 'skip-phases': ['remove-etcd-member/member'], 'cleanup-tmp-dir': cleanupTmpDir }
        await resetHost(on, { ...requestOf('reset', { run: { report, within }, on, signal }), flags })
        tell('done')
      } catch (error) {
        report({ host: on.name, event: { kind: 'failed', phase: 'reset', error, at: new Date() } })
        signal.throwIfAborted()
        failures.set(on.name, error)
      }
    })
  await Promise.all(reset)
  if (failures.size > 0) throw fleetFailed(failures)
}
