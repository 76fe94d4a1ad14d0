import { expect, test } from 'vitest'
import { availableVersions } from '../../../src/phases/upgrade/available-versions.ts'

interface Case {
  readonly cluster: string
  readonly own: string
  /** What labels stand for: stable, the patch of the cluster's minor, latest, the branch before latest. */
  readonly stable?: string
  readonly patch?: string
  readonly latest?: string
  readonly previous?: string
  readonly allow?: 'rc' | 'experimental' | 'both'
  /** Each as `description: version (kadm)`. */
  readonly expected: readonly string[]
}

// Those of kubeadm's TestGetAvailableUpgrades.
const cases: Readonly<Record<string, Case>> = {
  'up to date': { cluster: 'v1.16.0', own: 'v1.16.0', stable: 'v1.16.0', patch: 'v1.16.0', expected: [] },
  'a patch': {
    cluster: 'v1.15.1',
    own: 'v1.15.2',
    stable: 'v1.15.3',
    patch: 'v1.15.3',
    expected: ['version in the v1.15 series: v1.15.3 (v1.15.3)'],
  },
  'a minor only': {
    cluster: 'v1.15.1',
    own: 'v1.16.0',
    stable: 'v1.16.0',
    patch: 'v1.15.1',
    expected: ['stable version: v1.16.0 (v1.16.0)'],
  },
  'a patch and a minor': {
    cluster: 'v1.15.3',
    own: 'v1.15.5',
    stable: 'v1.16.1',
    patch: 'v1.15.5',
    expected: ['version in the v1.15 series: v1.15.5 (v1.15.5)', 'stable version: v1.16.1 (v1.16.1)'],
  },
  'a patch, and a newer own version': {
    cluster: 'v1.15.3',
    own: 'v1.16.0',
    stable: 'v1.15.5',
    patch: 'v1.15.5',
    expected: ['version in the v1.15 series: v1.15.5 (v1.16.0)'],
  },
  'the newest experimental one is there': {
    cluster: 'v1.16.0-alpha.2',
    own: 'v1.15.5',
    stable: 'v1.15.5',
    latest: 'v1.16.0-alpha.2',
    previous: 'v1.15.5',
    allow: 'experimental',
    expected: [],
  },
  'an experimental one': {
    cluster: 'v1.15.5',
    own: 'v1.15.5',
    stable: 'v1.15.5',
    patch: 'v1.15.5',
    latest: 'v1.16.0-alpha.2',
    previous: 'v1.15.5',
    allow: 'experimental',
    expected: ['experimental version: v1.16.0-alpha.2 (v1.16.0-alpha.2)'],
  },
  'the branch before stands for an alpha.0': {
    cluster: 'v1.14.5',
    own: 'v1.14.5',
    stable: 'v1.14.5',
    patch: 'v1.14.5',
    latest: 'v1.16.0-alpha.0',
    previous: 'v1.15.0-beta.1',
    allow: 'experimental',
    expected: ['experimental version: v1.15.0-beta.1 (v1.15.0-beta.1)'],
  },
  'a release candidate': {
    cluster: 'v1.14.5',
    own: 'v1.14.5',
    stable: 'v1.14.5',
    patch: 'v1.14.5',
    latest: 'v1.16.0-alpha.1',
    previous: 'v1.15.0-rc.1',
    allow: 'rc',
    expected: ['release candidate version: v1.15.0-rc.1 (v1.15.0-rc.1)'],
  },
  'a release candidate and something newer': {
    cluster: 'v1.14.5',
    own: 'v1.14.5',
    stable: 'v1.14.5',
    patch: 'v1.14.5',
    latest: 'v1.16.0-alpha.2',
    previous: 'v1.15.0-rc.1',
    allow: 'both',
    expected: ['release candidate version: v1.15.0-rc.1 (v1.15.0-rc.1)', 'experimental version: v1.16.0-alpha.2 (v1.16.0-alpha.2)'],
  },
  'nothing can be looked up: the own version': { cluster: 'v1.15.1', own: 'v1.16.0', expected: ['stable version: v1.16.0 (v1.16.0)'] },
}

test.each(Object.entries(cases))('%s', async (_, { cluster, own, stable, patch, latest, previous, allow, expected }) => {
  const minor = (version = ''): number => Number(/^v1\.(\d+)/.exec(version)?.[1])
  const labels = new Map([
    ['stable', stable],
    [`stable-1.${minor(cluster)}`, patch],
    ['latest', latest],
    [`latest-1.${minor(latest) - 1}`, previous],
  ])
  const found = await availableVersions({
    cluster,
    own,
    allowExperimentalUpgrades: allow === 'experimental' || allow === 'both',
    allowRCUpgrades: allow === 'rc' || allow === 'both',
    lookUp: async (label) => labels.get(label),
    say: () => {},
    warn: () => {},
  })
  expect(found.map(({ description, version, kadm }) => `${description}: ${version} (${kadm})`)).toEqual(expected)
})
