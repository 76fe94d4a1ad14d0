import { expect, test } from 'vitest'
import { resetScope, type ResetScope } from '../../src/fleet/reset-scope.ts'
import { fileOf, type Hosts } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const file = fileOf({ h1: 'control-plane', h2: 'worker', h3: 'worker', old: 'absent', gone: 'lost' })

test.each<{ readonly name: string; readonly hosts: Hosts; readonly reset: readonly string[]; readonly left: number }>([
  { name: 'one that left is in another cluster', hosts: { h1: { caHash: 'a' }, old: { caHash: 'b' } }, reset: ['h1', 'h2', 'h3'], left: 1 },
  {
    name: 'one that is to leave is still in it',
    hosts: { h1: { caHash: 'a' }, old: { caHash: 'a' } },
    reset: ['h1', 'h2', 'h3', 'old'],
    left: 0,
  },
  { name: 'nobody is in one but the one that left', hosts: { h1: {}, old: { caHash: 'b' } }, reset: ['h1', 'h2', 'h3'], left: 1 },
  { name: 'one that left and has nothing', hosts: { h1: { caHash: 'a' }, old: {} }, reset: ['h1', 'h2', 'h3'], left: 0 },
])('$name', ({ hosts, reset, left }) => {
  const scope = scopeOf(hosts)
  expect([[...scope.hosts], scope.left.length]).toEqual([reset, left])
})

test('with nobody left to tell by, it does not say which cluster an absent host is in, and says what resets it', () => {
  const [left] = scopeOf({ h1: {}, old: { caHash: 'b' } }).left
  expect(left).toMatch(/^old is in a cluster, .* it is left alone\n {4}kadm reset --host USER@192\.168\.7\.4 {3}# /)
  expect(scopeOf({ h1: { caHash: 'a' }, old: { caHash: 'b' } }).left).toEqual([expect.stringContaining('in another cluster')])
})

test('while a CA is replaced, hosts that trust the old one, the new one or both are in one cluster', () => {
  const hosts = { h1: { caHash: 'old' }, h2: { caHash: 'new' }, h3: { caHash: 'old new' }, old: { caHash: 'new' } }
  expect([...scopeOf(hosts).hosts]).toEqual(['h1', 'h2', 'h3', 'old'])
})

test('hosts in different clusters are refused', () => {
  expect(() => scopeOf({ h1: { caHash: 'a' }, h2: { caHash: 'b' }, h3: { caHash: 'a' } })).toThrow(
    expect.objectContaining({ code: 'PREFLIGHT_FAILED', message: expect.stringContaining('in different clusters: h1, h3 | h2') }),
  )
})

test('where the user is not root nothing is reset; what is left alone does not count', () => {
  expect(scopeOf({ h1: { caHash: 'a' }, h2: { uid: 1000 }, h3: { uid: 1000 }, old: { caHash: 'b', uid: 1000 } }).problems).toEqual([
    expect.stringMatching(/^h2, h3: the user who runs kadm is not root there\n {4}spec\.ssh\.become: sudo {3}# in the file\n/),
  ])
})

function scopeOf(hosts: Hosts): ResetScope {
  return resetScope(file, new Map(Object.entries(hosts).map(([name, state]) => [name, reachedHost(state)])))
}
