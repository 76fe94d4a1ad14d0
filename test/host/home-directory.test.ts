import { expect, test } from 'vitest'
import { homeDirectory } from '../../src/host/home-directory.ts'

const none = (): never => {
  throw new Error('no such account')
}

test.each([
  { environment: { HOME: '/home/ann' }, account: none, home: '/home/ann' },
  { environment: {}, account: () => ({ homedir: '/home/of-account' }), home: '/home/of-account' },
  { environment: { HOME: '' }, account: () => ({ homedir: '/home/of-account' }), home: '/home/of-account' },
  { environment: { HOME: 'relative' }, account: () => ({ homedir: '/home/of-account' }), home: '/home/of-account' },
  { environment: { HOME: '' }, account: none, home: '/' },
])('$environment: $home', ({ environment, account, home }) => {
  expect(homeDirectory(environment, account)).toBe(home)
})
