/** What a host, a journal or the cluster says does not steer the terminal, nor looks like a line of another host; secrets do not show. */
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { errorText } from '../../src/cli/text/error-text.ts'
import { fleetPlanText, type ShownPlan } from '../../src/cli/text/fleet-plan-text.ts'
import { fleetProgress } from '../../src/cli/fleet-progress.ts'
import { outputPrinter } from '../../src/cli/text/output.ts'
import { logLines } from '../../src/cli/run/run-log.ts'
import { showPlan } from '../../src/cli/run/run-plan.ts'
import { undoPlanText } from '../../src/cli/text/undo-plan-text.ts'
import { KadmError } from '../../src/errors.ts'
import type { PhaseEvent } from '../../src/phases/phase.ts'
import { undoTarget } from '../../src/phases/undo/undo-target.ts'
import { eventLine } from '../../src/progress/event-lines.ts'
import { hostRows } from '../../src/progress/host-rows.ts'
import { plainHostLine } from '../../src/progress/plain-host-lines.ts'
import { plainLines } from '../../src/progress/plain-lines.ts'
import { taskTree } from '../../src/progress/task-tree.ts'

/** Clears the screen, sets its title, goes to the begin of the line; a token. */
const hostile = '\u001b[2J\u009b1A\u001b]0;x\u0007\r\u0008 abcdef.0123456789abcdef'
const spoof = `${hostile}\n[h1] join: done`
const at = new Date(0)
const events: readonly PhaseEvent[] = [
  { kind: 'line', phase: 'join', text: spoof, at },
  { kind: 'warning', phase: 'join', text: spoof, at },
  { kind: 'skipped', phase: 'join', reason: spoof, at },
  { kind: 'failed', phase: 'join', error: new Error(spoof), at },
]
const made: ShownPlan = {
  plan: {
    apiVersion: '',
    kind: 'Plan',
    cluster: 'c',
    kubernetesVersion: 'v1.37.2',
    file: { path: '', sha256: '' },
    seen: { hosts: {}, cluster: { kind: 'none' } },
    actions: [{ host: 'h4', kind: 'mark', why: spoof }],
  },
  first: 'h1',
  problems: [hostile],
  warnings: [hostile],
}
const run = {
  id: 'r',
  command: spoof,
  fingerprint: '',
  version: spoof,
  phasesDone: [],
  phasesStarted: [],
  changes: [],
  found: {},
  isUndone: false,
}

test.each<{ readonly name: string; readonly lines: number; readonly text: () => string }>([
  { name: 'lines of a fleet', lines: 4, text: () => events.map((event) => plainHostLine({ host: 'h4', event })).join('') },
  { name: 'a plan', lines: 4, text: () => fleetPlanText(made) },
  {
    name: 'warnings beside the JSON of a plan',
    lines: 1,
    text: () => written((io) => showPlan(made, 'json', { ...io, stdout: new PassThrough() })),
  },
  {
    name: 'a log',
    lines: 1,
    text: () => {
      const logged = { ...run, host: 'h4', startedAt: '', outcome: 'done', phases: 0, changes: 0 } as const
      return logLines({ runs: [logged], commands: [], problems: [], torn: [] })
        .map((line) => `${line}\n`)
        .join('')
    },
  },
  {
    name: 'the plan of an undo',
    lines: 2,
    text: () => {
      const set = { ...undoTarget({ records: [] } as never, { all: true }), runs: [{ ...run, startedAt: at, outcome: 'done' } as const] }
      const marks = [{ kind: 'mark-node', node: 'h4', labels: { a: { before: null, after: spoof } }, taints: {} } as const]
      return undoPlanText({ host: 'h4', target: { ...set, marks }, steps: [], node: undefined, ownNode: 'h4' })
    },
  },
  {
    name: 'an error',
    lines: 3,
    text: () => errorText(new KadmError('USAGE', hostile, { details: [`${hostile}.`], remedy: [hostile] }), 0),
  },
])('no orders to the terminal and no secrets: $name', ({ lines, text }) => {
  const shown = text()
  expect(shown).not.toMatch(/(?!\n)\p{Cc}/u)
  expect(shown).toContain('abcdef.[redacted]')
  expect(shown).not.toContain('0123456789abcdef')
  expect(shown.trimEnd().split('\n')).toHaveLength(lines)
})

test.each<{ readonly name: string; readonly text: () => string }>([
  { name: 'events', text: () => events.map((event) => eventLine({ host: 'h4', event })).join('') },
  { name: 'a plan', text: () => written((io) => showPlan({ ...made, warnings: [] }, 'json', io)) },
])('JSON without orders to the terminal, of the same meaning: $name', ({ text }) => {
  const shown = text()
  expect(shown).not.toMatch(/(?!\n)\p{Cc}/u)
  expect(shown).toContain(String.raw`\u001b[2J\u009b1A\u001b]0;x\u0007\r`)
})

test('results of single hosts in JSON, too', async () => {
  const print = outputPrinter<string>({ text: () => 'json' } as never, { kind: 'X', object: (text) => ({ text }), text: (text) => text })
  const shown = await print('a\u009b1A\u007f<')
  expect(shown).toContain(String.raw`"a\u009b1A\u007f\u003c"`)
})

test('the lines of one host hold no orders; a token that is to be seen is', () => {
  const shown = written((io) => events.forEach((event) => plainLines(io)(event)))
  expect(shown).not.toMatch(/(?!\n)\p{Cc}/u)
  expect(shown).toContain('abcdef.0123456789abcdef')
})

test('drawings and what stands below them hold no orders but their own', async () => {
  const drawn: string[] = []
  for (const stream of [process.stdout, process.stderr]) {
    const write = vi.spyOn(stream, 'write').mockImplementation((text) => drawn.push(String(text)) > 0)
    onTestFinished(() => write.mockRestore())
  }
  for (const event of events) {
    const rows = hostRows([{ host: 'h4', kind: 'join' }])
    rows.report({ host: 'h4', event })
    await rows.end()
    const tree = taskTree(['join'])
    tree.report(event)
    await tree.end()
  }
  const progress = fleetProgress(
    { stdin: process.stdin, stdout: Object.assign(process.stdout, { isTTY: true, columns: 80 }), stderr: process.stderr, environment: {} },
    { events: false, actions: [] },
  )
  for (const event of events) progress.report({ host: 'h4', event })
  await progress.end()
  expect(drawn.join('')).toContain('[h4] WARNING: ')
  for (const order of ['\u001b[2J', '\u009b', '\u0007', '\u0008']) expect(drawn.join('')).not.toContain(order)
})

/** Of both streams. */
function written(work: (io: { readonly stdout: NodeJS.WritableStream; readonly stderr: NodeJS.WritableStream }) => void): string {
  const texts: string[] = []
  const stream = { write: (text: string) => texts.push(text) > 0 } as NodeJS.WritableStream
  work({ stdout: stream, stderr: stream })
  return texts.join('')
}
