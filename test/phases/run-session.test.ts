import { expect, test } from 'vitest'
import { runText } from '../../src/cli/run/run-log.ts'
import { fleetLog } from '../../src/fleet/fleet-log.ts'
import { observeHost } from '../../src/fleet/look/host-state.ts'
import type { Host } from '../../src/host/host.ts'
import { readJournal } from '../../src/host/journal/journal-file.ts'
import { runsOf, unfinishedRun } from '../../src/host/journal/journal-runs.ts'
import { openJournal } from '../../src/host/journal/journal.ts'
import { openRunSession, type RunInput } from '../../src/phases/run-session.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const upgrade: RunInput = { command: 'upgrade node', fingerprint: 'a', version: '1' }

test('a run that finds nothing left to do finishes what one before it has left', async () => {
  const host = await fresh()
  await cutOff(host, upgrade)
  const again = await openRunSession(host, upgrade)
  expect(again.resumed?.outcome).toBe('failed')
  await again.finish('done')
  expect(unfinishedRun(await readJournal(host))).toBeUndefined()
  expect(runsOf(await readJournal(host)).map(({ outcome }) => outcome)).toEqual(['failed', 'done'])
})

test('who is at work stands in the journal and in the log, of older runs nobody', async () => {
  const host = { ...(await fresh()), operator: 'ann@desk' }
  await (await openJournal(host)).append({ kind: 'run-started', run: 'r1', command: 'init', fingerprint: 'f', version: '0.1.0' })
  await cutOff(host, upgrade)
  expect(runsOf(await readJournal(host)).map(({ by }) => by)).toEqual([undefined, 'ann@desk'])
  const { runs } = await fleetLog([], { hosts: new Map([['h1', host]]), states: new Map() }, { host, file: '/no-journal' })
  expect(runs.map(runText)).toEqual([
    'h1  kadm init: cut-off, 0 phases, 0 changes (kadm 0.1.0)',
    'h1  kadm upgrade node: failed, 0 phases, 3 changes (kadm 1, by ann@desk)',
  ])
})

test('an undo that has changed nothing does not come between a run and the one that goes on with it', async () => {
  const host = await fresh()
  await cutOff(host, upgrade)
  await (await openJournal(host)).append({ kind: 'run-started', run: 'u1', command: 'undo', fingerprint: 'u', version: '1' })
  const { resumed, finish } = await openRunSession(host, upgrade)
  await finish('failed')
  expect(resumed?.command).toBe('upgrade node')
})

test('one that changes nothing and finishes nothing leaves no trace', async () => {
  const host = await fresh()
  for (const outcome of ['done', 'failed'] as const) await (await openRunSession(host, upgrade)).finish(outcome)
  expect(await host.stat('/var/lib/kadm')).toBeUndefined()
  await cutOff(host, upgrade)
  await (await openRunSession(host, upgrade)).finish('failed')
  expect(runsOf(await readJournal(host))).toHaveLength(1)
})

test.each([
  { command: 'upgrade apply', taken: 'unfinished' },
  { command: 'upgrade node phase kubelet', taken: 'unfinished' },
  { command: 'upgrade node', taken: 'unfinished' },
  { command: 'init', taken: 'neither' },
])('an upgrade takes up what another upgrade has left: $command is $taken', async ({ command, taken }) => {
  const host = await fresh()
  await cutOff(host, upgrade)
  const { resumed, unfinished, finish } = await openRunSession(host, { ...upgrade, command, fingerprint: 'b' })
  await finish('failed')
  expect([resumed, unfinished?.command]).toEqual([undefined, taken === 'unfinished' ? 'upgrade node' : undefined])
})

test('what upgrades before the last one have left is known too, up to one that was done', async () => {
  const host = await fresh()
  await cutOff(host, upgrade, '/etc/kubernetes/a')
  await (await openRunSession(host, upgrade)).finish('done')
  await cutOff(host, upgrade, '/etc/kubernetes/b')
  await cutOff(host, { ...upgrade, command: 'upgrade apply', fingerprint: 'c' }, '/etc/kubernetes/c')
  const again = { ...upgrade, fingerprint: 'd' }
  await cutOff(host, again, '/etc/kubernetes/d')
  const { resumed, leftByAll, owns, finish } = await openRunSession(host, again)
  await finish('failed')
  const written = [resumed, leftByAll].map((run) =>
    run?.changes.flatMap((change) => (change.kind === 'write-file' ? [change.path.slice(-1)] : [])),
  )
  expect(written).toEqual([['d'], ['b', 'c', 'd']])
  expect(['b', 'c', 'd'].map((name) => owns(`/etc/kubernetes/${name}`))).toEqual([false, false, true])
  const other = await openRunSession(host, { ...upgrade, command: 'init' })
  await other.finish('failed')
  expect(other.leftByAll).toBeUndefined()
})

test('what lay in a folder that will be filled is noted with the first change', async () => {
  const host = await fresh()
  await host.writeFile('/data/member', 'x', { mode: 0o600 })
  const session = await openRunSession(host, upgrade)
  session.noteFolder('/data')
  await session.host.writeFile('/data/more', 'x', { mode: 0o600 })
  await session.finish('done')
  expect(runsOf(await readJournal(host))[0]?.found).toMatchObject({ '/data': ['member'], '/var/lib/kubelet': null })
})

test.each([
  { command: 'join', outcome: 'done', isOver: true },
  { command: 'join', outcome: 'failed', isOver: false },
  { command: 'mark', outcome: 'done', isOver: false },
] as const)(
  'after a reset that was cut off the host is a node again by a whole join alone: $command, $outcome',
  async ({ command, outcome, isOver }) => {
    const host = await fresh()
    await host.writeFile('/var/lib/kadm/reset-begun', '', { mode: 0o600 })
    const session = await openRunSession(host, { ...upgrade, command })
    await session.host.writeFile('/etc/kubernetes/file', 'text', { mode: 0o600 })
    await session.finish(outcome)
    expect((await observeHost(host, 'v1.37.2')).unfinished).toBe(isOver ? undefined : 'reset')
  },
)

/** Its lock is taken from all the world. */
async function fresh(): Promise<Host> {
  return { ...rootedHost(await temporaryDirectory()), lock: async () => async () => {} }
}

async function cutOff(host: Host, input: RunInput, file = '/etc/kubernetes/file'): Promise<void> {
  const session = await openRunSession(host, input)
  await session.host.writeFile(file, 'text', { mode: 0o600 })
  await session.finish('failed')
}
