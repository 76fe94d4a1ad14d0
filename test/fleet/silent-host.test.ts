/** A host that there is a connection to, and that cannot say what it is: its journal is broken. */
import { expect, test } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { fleetLog } from '../../src/fleet/fleet-log.ts'
import { silent, unreachable, type HostState } from '../../src/fleet/look/host-state.ts'
import { decide } from '../../src/fleet/plan/decide.ts'
import { undoHostOfFleet, type UndoHostInput } from '../../src/fleet/undo-host.ts'
import { readJournal } from '../../src/host/journal/journal-file.ts'
import { localHost } from '../../src/host/local-host.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { fileOf, running } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const damaged = { readFile: async () => Buffer.from('nonsense\n') }
const broken: unknown = await readJournal(damaged).catch((error: unknown) => error)
const aside = 'mv /var/lib/kadm/journal.jsonl /var/lib/kadm/journal.jsonl.broken   # on h2: kadm then starts a new one'

function statesWith(h2: HostState): ReadonlyMap<string, HostState> {
  return new Map([
    ['h1', reachedHost({ node: 'control-plane', caHash: 'sha256:a' })],
    ['h2', h2],
  ])
}

test('a plan says so with the code, and does not take the machine for gone', () => {
  for (const role of ['worker', 'absent']) {
    const { problems } = decide(fileOf({ h1: 'control-plane', h2: role }), statesWith(silent(broken)), running('h1', 'h2'))
    const told = new RegExp(`^h2 (?:is to leave .* and )?does not say what it is: .* at line 1 \\[JOURNAL_BROKEN\\]\n    ${aside}`)
    expect(problems).toEqual([expect.stringMatching(told)])
    expect(problems.join()).not.toContain('role: lost')
  }
  const lineBroke = new KadmError('HOST_UNREACHABLE', 'the connection broke', { remedy: ['ssh -v h2 true'] })
  expect(silent(lineBroke)).toEqual(unreachable(lineBroke))
})

test('an undo ends with the code, and a log names it', async () => {
  const file = fileOf({ h1: 'control-plane', h2: 'worker' })
  const fleet = { hosts: new Map(), states: statesWith(silent(broken)), close: async () => {} }
  await expect(undoHostOfFleet({ file, fleet, name: 'h2' } as unknown as UndoHostInput)).rejects.toMatchObject({
    code: 'JOURNAL_BROKEN',
    remedy: [expect.stringContaining(aside), expect.stringContaining('reset that host')],
  })
  const host = { ...rootedHost(await temporaryDirectory()), ...damaged }
  const { problems } = await fleetLog(
    file.hosts,
    { hosts: new Map([['h2', host]]), states: new Map([['h3', unreachable(new Error('no route'))]]) },
    { host: localHost(), file: '/nowhere/journal.jsonl' },
  )
  expect(problems).toEqual([
    { text: 'h3 cannot be reached: no route', remedy: [] },
    {
      text: expect.stringMatching(/^h2: the journal .* \[JOURNAL_BROKEN\]$/),
      remedy: [expect.stringContaining(aside), expect.stringContaining('reset that host')],
    },
  ])
})
