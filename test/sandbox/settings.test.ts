/** What cannot become a sandbox is refused before anything is built for it. */
import { expect, test } from 'vitest'
import { checkSettings } from '../../src/sandbox/sandbox-up.ts'

test.each([
  ['a name with capitals', { name: 'A b', hosts: 1 }, 'USAGE', '"A b"'],
  ['no hosts', { name: 'ok', hosts: 0 }, 'USAGE', '"0" hosts'],
  ['more hosts than addresses', { name: 'ok', hosts: 101 }, 'USAGE', '"101" hosts'],
  ['a part of a host', { name: 'ok', hosts: 1.5 }, 'USAGE', '"1.5" hosts'],
  ['a version that was never built', { name: 'ok', hosts: 1, kubernetesVersion: 'v9.9.9' }, 'VERSION_UNSUPPORTED', '"v9.9.9"'],
  [
    'a further version of that kind',
    { name: 'ok', hosts: 1, kubernetesVersion: 'v1.37.2', furtherVersions: ['v9.9.9'] },
    'VERSION_UNSUPPORTED',
    '"v9.9.9"',
  ],
])('%s', (_, settings, code, words) => {
  expect(() => checkSettings(settings)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }))
})

test('what can', () => {
  expect(() => checkSettings({ name: 'try-2', hosts: 100, kubernetesVersion: 'v1.37.2', furtherVersions: ['v1.36.3'] })).not.toThrow()
})
