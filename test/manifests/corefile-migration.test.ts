import { expect, test } from 'vitest'
import { defaultCorefile } from '../../src/manifests/addons/corefile.ts'
import { migrationProblem, unknownPlugins } from '../../src/manifests/addons/corefile-migration.ts'
import { parseCorefile } from '../../src/manifests/addons/parse-corefile.ts'

function unknown(corefile: string): readonly string[] {
  return unknownPlugins(parseCorefile(corefile) ?? [])
}

test('a CoreDNS goes to a newer one that is known, with or without v', () => {
  for (const from of ['v1.12.1', '1.13.1', 'v1.14.2', 'v1.14.6']) expect(migrationProblem(from, 'v1.14.6'), from).toBeUndefined()
  // Equal ones need not be known: nothing is migrated.
  expect(migrationProblem('v9.9.9', '9.9.9')).toBeUndefined()
  expect(migrationProblem('v1.11.3', 'v1.14.6')).toContain('"v1.11.3", which the cluster runs, is not a version that kadm knows')
  expect(migrationProblem('v1.14.5', 'v1.14.6')).toContain('not a version that kadm knows')
  expect(migrationProblem('v1.14.6', 'v1.14.2')).toContain('is newer than')
})

test('what is known of plugins and options', () => {
  expect(unknown(defaultCorefile('cluster.local'))).toEqual([])
  expect(
    unknown(
      '.:53 {\n  hosts {\n    10.0.0.1 a\n    fd00:1::2 b\n    ttl 5\n    strange\n  }\n  mystery\n  cache 30 {\n    prefetch 2\n    deep\n  }\n}\nexample.org {\n  mystery\n}\n',
    ),
  ).toEqual(['option "strange" of plugin "hosts"', 'plugin "mystery"', 'option "deep" of plugin "cache"'])
  // Words that every object has are no plugins.
  expect(unknown('.:53 {\n  constructor\n}\n')).toEqual(['plugin "constructor"'])
})
