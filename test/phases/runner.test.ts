import { expect, test } from 'vitest'
import type { Phase, PhaseEvent } from '../../src/phases/phase.ts'
import { selectSteps } from '../../src/phases/phase-tree.ts'
import { runPhases } from '../../src/phases/runner.ts'

type Log = string[]

const step = (name: string, more: Partial<Phase<Log>> = {}): Phase<Log> => ({
  name,
  summary: name,
  run: async (log) => {
    log.push(`+${name}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
    log.push(`-${name}`)
  },
  ...more,
})

async function run(
  phases: readonly Phase<Log>[],
  more: { only?: string[]; except?: string[] } = {},
): Promise<{ log: Log; events: PhaseEvent[] }> {
  const log: Log = []
  const events: PhaseEvent[] = []
  await runPhases(phases, log, {
    report: (event) => void events.push(event),
    now: () => new Date(0),
    signal: new AbortController().signal,
    ...more,
  })
  return { log, events }
}

test('without needs, phases run one after the other in the order of the list, a parent before its children', async () => {
  const { log } = await run([step('a'), step('b', { phases: [step('c'), step('d')] }), step('e')])
  expect(log).toEqual(['+a', '-a', '+b', '-b', '+c', '-c', '+d', '-d', '+e', '-e'])
})

test('phases that do not need each other run side by side; a need may stand later in the list', async () => {
  const { log } = await run([step('a'), step('b', { needs: ['d'] }), step('c', { needs: [] }), step('d', { needs: ['a'] })])
  expect(log.slice(0, 2)).toEqual(['+a', '+c'])
  expect(log.filter((entry) => !entry.endsWith('c'))).toEqual(['+a', '-a', '+d', '-d', '+b', '-b'])
})

test('a parent stands for all that it holds', async () => {
  const { log } = await run([step('p', { phases: [step('x', { needs: [] }), step('y', { needs: [] })] }), step('after', { needs: ['p'] })])
  expect(log.slice(-2)).toEqual(['+after', '-after'])
  expect(log.slice(2, 4)).toEqual(['+x', '+y'])
})

test('a need that is left out is replaced by its own needs', () => {
  const steps = selectSteps([step('a'), step('b'), step('c')], { except: ['b'] })
  expect(steps.map(({ name, needs }) => [name, needs])).toEqual([
    ['a', []],
    ['c', ['a']],
  ])
})

test('a sub-phase alone runs without its parent', async () => {
  const { log } = await run([step('p', { phases: [step('x'), step('y')] })], { only: ['p/y'] })
  expect(log).toEqual(['+y', '-y'])
})

test('unknown names and missing dependencies are refused before anything runs', async () => {
  await expect(run([step('a')], { except: ['A'] })).rejects.toMatchObject({ code: 'PHASE_UNKNOWN' })
  const phases = [step('a'), step('show', { dependencies: ['a'] })]
  await expect(run(phases, { except: ['a'] })).rejects.toMatchObject({ code: 'PHASE_DEPENDENCY' })
  expect((await run(phases, { except: ['a', 'show'] })).log).toEqual([])
})

test('a failure stops the others by their signal, starts no more, and is what is thrown', async () => {
  const stopped: unknown[] = []
  const phases: Phase<Log>[] = [
    { name: 'fails', summary: '', needs: [], run: () => Promise.reject(new Error('no')) },
    {
      name: 'waits',
      summary: '',
      needs: [],
      run: (_log, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => (stopped.push(signal.reason), resolve()))),
    },
    step('later', { needs: ['waits'] }),
  ]
  const log: Log = []
  const running = runPhases(phases, log, { report: () => {}, now: () => new Date(0), signal: new AbortController().signal })
  await expect(running).rejects.toThrow('no')
  expect(stopped).toHaveLength(1)
  expect(log).toEqual([])
})

test('a circle of needs is found before anything runs', async () => {
  await expect(run([step('a', { needs: ['b'] }), step('b', { needs: ['a'] })])).rejects.toThrow('a -> b -> a')
})

test('a skipped phase says why and counts as done', async () => {
  const { events, log } = await run([step('a', { skip: () => 'not here' }), step('b')])
  expect(events[0]).toMatchObject({ kind: 'skipped', phase: 'a', reason: 'not here' })
  expect(log).toEqual(['+b', '-b'])
})
