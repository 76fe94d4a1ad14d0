import { expect, test } from 'vitest'
import { kadmVersion } from '../../src/config/own-version.ts'
import { leftBy } from '../../src/phases/left-by.ts'

const began = { command: 'init', startedAt: new Date('2026-09-01T12:00:00Z') }

test('what an unfinished run left in the way is told', () => {
  expect(leftBy({ ...began, version: kadmVersion })).toMatchObject({
    message:
      '"kadm init" of 2026-09-01 12:00:00 UTC, which had other arguments or another configuration, was not finished and is in the way',
    remedy: ['kadm init   # with the arguments and the configuration of then: goes on with it', expect.stringContaining('kadm reset')],
  })
})

test('of another kadm nobody knows whether it had another input', () => {
  expect(leftBy({ ...began, version: '0.0.9' })).toMatchObject({
    message: `"kadm init" of 2026-09-01 12:00:00 UTC, by kadm 0.0.9 (this is ${kadmVersion}), was not finished and is in the way`,
    remedy: [expect.stringContaining('kadm init   # of kadm 0.0.9, with'), expect.stringContaining('kadm reset')],
  })
})
