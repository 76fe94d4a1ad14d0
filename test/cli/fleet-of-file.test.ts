import { expect, test } from 'vitest'
import { whoRuns } from '../../src/cli/fleet-of-file.ts'

test('who runs kadm logs in, also where no variable says who that is; one without a name is told to name another', () => {
  const account = (): { readonly username: string } => ({ username: 'ann' })
  expect(whoRuns({ USER: 'bob' }, account)).toBe('bob')
  for (const environment of [{}, { USER: '' }]) expect(whoRuns(environment, account)).toBe('ann')
  const nobody = (): never => {
    throw new Error('uv_os_get_passwd returned ENOENT')
  }
  expect(() => whoRuns({}, nobody)).toThrow(expect.objectContaining({ code: 'USAGE', remedy: [expect.stringContaining('spec.ssh.user')] }))
})
