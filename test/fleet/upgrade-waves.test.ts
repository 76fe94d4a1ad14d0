/** Who is upgraded after whom, and what lies between: the phases of an upgrade of all hosts, walked without one. */
import { expect, test } from 'vitest'
import { fleetEvent, fleetPhases } from '../../src/fleet/apply/fleet-phases.ts'
import type { FleetEvent, FleetRun } from '../../src/fleet/fleet-run.ts'
import type { Phase } from '../../src/phases/phase.ts'
import { runPhases } from '../../src/phases/runner.ts'
import { fileOf } from './planned.ts'

const at = new Date(0)

test('control planes are upgraded one by one, each behind the gate of the one before it; then the waves of workers', () => {
  const run = upgradeOf(
    { h1: 'control-plane', h2: 'control-plane', h3: 'control-plane', h4: 'worker', h5: 'worker', h6: 'worker' },
    {
      maxUnavailable: 2,
    },
  )
  expect(needsOf(run)).toEqual({
    h1: [],
    'after-wave-1': ['hosts/h1/upgrade'],
    h2: ['after-wave-1'],
    'after-wave-2': ['hosts/h2/upgrade'],
    h3: ['after-wave-2'],
    'after-wave-3': ['hosts/h3/upgrade'],
    h4: ['after-wave-3'],
    h5: ['after-wave-3'],
    'after-wave-4': ['hosts/h4/upgrade', 'hosts/h5/upgrade'],
    h6: ['after-wave-4'],
    'after-wave-5': ['hosts/h6/upgrade'],
  })
})

test('nobody else is begun before the canary was looked at for the time of the soak', async () => {
  const { told, times } = await walked(upgradeOf({ h1: 'control-plane', h2: 'worker', h3: 'worker' }, { canary: ['h2'], soak: '300ms' }))
  expect(told).toEqual([
    'h1 upgrade',
    'kadm after-wave-1 skipped',
    'h2 upgrade',
    'kadm after-wave-2',
    'h3 upgrade',
    'kadm after-wave-3 skipped',
  ])
  const [began = 0, ended = 0] = ['kadm after-wave-2', 'h3 upgrade'].map((one) => times.get(one))
  expect(ended - began).toBeGreaterThanOrEqual(290)
})

test('of canaries in more than one wave the last is soaked after alone, and each is followed by the probe', async () => {
  const roles = { h1: 'control-plane', h2: 'worker', h3: 'worker', h4: 'worker', h5: 'worker', h6: 'worker' }
  const settings = { canary: ['h3', 'h5', 'h6'], maxUnavailable: 2, soak: '1ms' }
  const { told } = await walked(upgradeOf(roles, settings))
  expect(told).toEqual([
    'h1 upgrade',
    'kadm after-wave-1 skipped',
    'h3 upgrade',
    'h5 upgrade',
    'kadm after-wave-2 skipped',
    'h6 upgrade',
    'kadm after-wave-3',
    'h2 upgrade',
    'h4 upgrade',
    'kadm after-wave-4 skipped',
  ])
  const asked: string[] = []
  const run = upgradeOf(roles, { ...settings, probe: './smoke.sh' }, (probe) => asked.push(probe))
  expect((await walked(run)).told.filter((one) => one.includes('skipped'))).toEqual([])
  expect(asked).toEqual(Array.from({ length: 4 }, () => './smoke.sh'))
})

/** Of hosts that are all due. */
function upgradeOf(roles: Readonly<Record<string, string>>, upgrade: object, hear: (probe: string) => void = () => {}): FleetRun {
  return {
    file: fileOf(roles, {}, { upgrade }),
    actions: Object.keys(roles).map((host) => ({ host, kind: 'upgrade', why: '' })),
    hosts: new Map(),
    folder: '/',
    failures: new Map(),
    operator: {
      query: async (argv: readonly string[]) => {
        hear(argv.at(-1) ?? '')
        return { argv, exitCode: 0, stdout: '', stderr: '' }
      },
    },
    report: () => {},
  } as unknown as FleetRun
}

/** By host, and by name of a gate; in the order of time. */
function needsOf(run: FleetRun): Readonly<Record<string, readonly string[] | undefined>> {
  const [hosts, ...gates] = fleetPhases(run)
  return Object.fromEntries([
    ...(hosts?.phases ?? []).map(({ name, phases }) => [name, phases?.[0]?.needs]),
    ...gates.map(({ name, needs }) => [name, needs]),
  ])
}

/** What was begun or passed over, in the order of time, and when. The upgrades themselves do nothing. */
async function walked(run: FleetRun): Promise<{ readonly told: readonly string[]; readonly times: ReadonlyMap<string, number> }> {
  const times = new Map<string, number>()
  const hear = ({ host, event }: FleetEvent): void => {
    times.set(`${host} ${event.phase}${event.kind === 'skipped' ? ' skipped' : ''}`, performance.now())
  }
  const { signal } = new AbortController()
  const phases = fleetPhases(run).map((phase) => (phase.name === 'hosts' ? idle(phase) : phase))
  await runPhases(phases, run, { now: () => at, signal, report: (event) => fleetEvent(event).forEach(hear) })
  expect([...run.failures]).toEqual([])
  return { told: [...times.keys()], times }
}

function idle({ run: _run, ...phase }: Phase<FleetRun>): Phase<FleetRun> {
  return { ...phase, ...(phase.phases === undefined ? { run: async () => {} } : { phases: phase.phases.map(idle) }) }
}
