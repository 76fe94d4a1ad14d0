import { expect, test } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { failed, passed, warned, type Check, type Findings } from '../../src/preflight/check.ts'
import { runChecks } from '../../src/preflight/run-checks.ts'

test('all errors of a group at once, in list order; the next group is not run', async () => {
  const lines: string[] = []
  const later = check('Later', () => Promise.reject(new Error('must not run')))
  const error = await failure(
    runChecks(
      [
        [
          check('A', slow(failed('1', '2'))),
          check('B', passedNow),
          check('C', slow(warned('w'))),
          check('D', () => Promise.resolve(failed('4'))),
        ],
        [later],
      ],
      { ignore: new Set(), warn: (line) => lines.push(line) },
    ),
  )
  expect(error).toMatchObject({
    code: 'PREFLIGHT_FAILED',
    message: 'preflight checks failed: 3 problems',
    details: ['[ERROR A]: 1', '[ERROR A]: 2', '[ERROR D]: 4'],
  })
  expect(error.remedy.join()).toContain('--ignore-preflight-errors=A,D')
  expect(lines).toEqual(['[WARNING C]: w'])
})

test('a group without errors is followed by the next', async () => {
  const error = await failure(
    runChecks([[check('A', () => Promise.resolve(warned('w')))], [check('B', () => Promise.resolve(failed('x')))]], {
      ignore: new Set(),
      warn: () => {},
    }),
  )
  expect(error.details).toEqual(['[ERROR B]: x'])
})

test('the checks of a group run side by side', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const waits = check('A', () => promise.then(() => passed))
  const opens = check('B', async () => (resolve(), passed))
  await runChecks([[waits, opens]], { ignore: new Set(), warn: () => {} })
})

test.for(['all', 'port-1'])('with %s ignored, errors are warnings', async (ignored) => {
  const lines: string[] = []
  await runChecks([[check('Port-1', () => Promise.resolve({ warnings: ['w'], errors: ['x'] }))]], {
    ignore: new Set([ignored]),
    warn: (line) => lines.push(line),
  })
  expect(lines).toEqual(['[WARNING Port-1]: w', '[WARNING Port-1]: x'])
})

test('a foreseen failure is an error of its check; a bug is not hidden', async () => {
  const foreseen = check('A', () => Promise.reject(new KadmError('FILE_FAILED', 'cannot read', { remedy: ['ls'] })))
  expect((await failure(runChecks([[foreseen]], { ignore: new Set(), warn: () => {} }))).details).toEqual(['[ERROR A]: cannot read'])
  await expect(
    runChecks([[check('B', () => Promise.reject(new TypeError('bug')))]], { ignore: new Set(['all']), warn: () => {} }),
  ).rejects.toThrow(TypeError)
})

function check(name: string, run: () => Promise<Findings>): Check {
  return { name, requires: 'nothing', run }
}

function passedNow(): Promise<Findings> {
  return Promise.resolve(passed)
}

function slow(findings: Findings): () => Promise<Findings> {
  return () => new Promise((resolve) => setTimeout(() => resolve(findings), 20))
}

async function failure(running: Promise<void>): Promise<KadmError> {
  const error: unknown = await running.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof KadmError) return error
  throw new Error(`a KadmError was due, not ${String(error)}`)
}
