import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { operatorName, whoRuns } from '../../src/host/who-runs.ts'

const account = (): { readonly username: string } => ({ username: 'ann' })
const nobody = (): never => {
  throw new Error('uv_os_get_passwd returned ENOENT')
}

test('who runs kadm logs in, also where no variable says who that is; one without a name is told to name another', () => {
  expect(whoRuns({ USER: 'bob' }, account)).toBe('bob')
  for (const environment of [{}, { USER: '' }]) expect(whoRuns(environment, account)).toBe('ann')
  expect(() => whoRuns({}, nobody)).toThrow(expect.objectContaining({ code: 'USAGE', remedy: [expect.stringContaining('spec.ssh.user')] }))
})

test('others are shown a person: who has become root by sudo, and a user without a name by number', () => {
  const names = [
    operatorName({ USER: 'bob' }, account),
    operatorName({ USER: '' }, account),
    operatorName({ USER: 'root', SUDO_USER: 'eve' }, account),
    operatorName({}, nobody),
  ]
  expect(names).toEqual(['bob', 'ann', 'eve', `uid ${process.getuid?.()}`].map((name) => `${name}@${hostname()}`))
})
