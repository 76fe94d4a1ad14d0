import { expect, test } from 'vitest'
import { enforceSkewPolicy, skewProblems, type SkewFacts } from '../../../src/phases/upgrade/skew-policy.ts'

interface Row {
  readonly to: string
  readonly cluster: string
  readonly kubelet: string
  readonly own: string
  readonly allow?: 'rc' | 'experimental'
  /** How many problems: mandatory, skippable. */
  readonly expected: readonly [number, number]
}

function facts({ to, cluster, kubelet, own, allow }: Row): SkewFacts {
  const minor = Number(/^v1\.(\d+)/.exec(own)?.[1])
  return {
    target: to,
    cluster,
    own,
    oldest: `v1.${minor - 1}.0`,
    kubelets: new Map([[kubelet, ['n1', 'n2']]]),
    allowExperimentalUpgrades: allow === 'experimental',
    allowRCUpgrades: allow === 'rc',
  }
}

// The first 20 are the cases of kubeadm's own TestEnforceVersionPolicies, in its order, with its verdicts. (In the fifth it counts one: it
// has no oldest version there.)
const rows: readonly Row[] = [
  { to: 'v1.36.5', cluster: 'v1.36.3', kubelet: 'v1.36.3', own: 'v1.36.5', expected: [0, 0] },
  { to: 'v1.37.0', cluster: 'v1.36.3', kubelet: 'v1.36.2', own: 'v1.37.1', expected: [0, 0] },
  { to: 'v1.36.2', cluster: 'v1.36.3', kubelet: 'v1.34.0', own: 'v1.36.3', expected: [0, 0] },
  { to: 'v1.36.3', cluster: 'v1.36.3', kubelet: 'v1.34.3', own: 'v1.36.3', expected: [0, 0] },
  { to: 'v1.10.10', cluster: 'v1.12.3', kubelet: 'v1.12.3', own: 'v1.12.3', expected: [2, 1] },
  { to: 'v1.13.0', cluster: 'v1.11.3', kubelet: 'v1.11.3', own: 'v1.13.0', expected: [1, 0] },
  { to: 'v1.15.0', cluster: 'v1.14.3', kubelet: 'v1.12.3', own: 'v1.15.0', expected: [0, 0] },
  { to: 'v1.15.0', cluster: 'v1.14.3', kubelet: 'v1.11.3', own: 'v1.15.0', expected: [0, 1] },
  { to: 'v1.37.0', cluster: 'v1.39.0', kubelet: 'v1.39.0', own: 'v1.37.0', expected: [1, 0] },
  { to: 'v1.36.5', cluster: 'v1.36.3', kubelet: 'v1.34.3', own: 'v1.36.3', expected: [0, 1] },
  { to: 'v1.37.0', cluster: 'v1.36.3', kubelet: 'v1.34.3', own: 'v1.36.3', expected: [1, 0] },
  { to: 'v1.13.0', cluster: 'v1.13.0', kubelet: 'v1.10.8', own: 'v1.13.0', expected: [0, 0] },
  { to: 'v1.14.0', cluster: 'v1.14.0', kubelet: 'v1.10.8', own: 'v1.14.0', expected: [0, 1] },
  { to: 'v1.37.0-beta.1', cluster: 'v1.36.3', kubelet: 'v1.34.3', own: 'v1.37.0-beta.1', allow: 'experimental', expected: [0, 0] },
  { to: 'v1.37.0-rc.1', cluster: 'v1.36.3', kubelet: 'v1.34.3', own: 'v1.37.0-rc.1', allow: 'rc', expected: [0, 0] },
  { to: 'v1.37.0-rc.1', cluster: 'v1.36.3', kubelet: 'v1.34.3', own: 'v1.37.0-rc.1', allow: 'experimental', expected: [0, 0] },
  { to: 'v1.37.0-beta.1', cluster: 'v1.36.3', kubelet: 'v1.34.3', own: 'v1.37.0-beta.1', allow: 'rc', expected: [0, 1] },
  { to: 'v1.37.0-rc.1', cluster: 'v1.36.3', kubelet: 'v1.34.3', own: 'v1.37.0-rc.1', expected: [0, 1] },
  { to: 'v1.36.6', cluster: 'v1.36.3', kubelet: 'v1.34.3', own: 'v1.37.0', expected: [0, 1] },
  { to: 'v1.36.0+build', cluster: 'v1.36.0', kubelet: 'v1.36.0', own: 'v1.36.0+build', expected: [0, 0] },
  // What a pre-release may, with --force only.
  { to: 'v1.38.0-alpha.1', cluster: 'v1.36.3', kubelet: 'v1.36.3', own: 'v1.37.2', allow: 'experimental', expected: [0, 2] },
  { to: 'v1.38.0-alpha.1', cluster: 'v1.36.3', kubelet: 'v1.36.3', own: 'v1.37.2', expected: [0, 3] },
  { to: 'v1.38.0', cluster: 'v1.37.2', kubelet: 'v1.37.2', own: 'v1.37.2', expected: [1, 0] },
  // Newer kubelets than the target are nobody's business here.
  { to: 'v1.36.3', cluster: 'v1.37.2', kubelet: 'v1.37.2', own: 'v1.36.3', expected: [0, 0] },
]

test.each(rows.map((row) => [`${row.cluster} to ${row.to} by ${row.own} with kubelets ${row.kubelet} ${row.allow ?? ''}`, row] as const))(
  '%s',
  (_, row) => {
    const { mandatory, skippable } = skewProblems(facts(row))
    expect([mandatory.length, skippable.length]).toEqual(row.expected)
  },
)

test('mandatory problems hide the others; force passes over what can be', () => {
  const told: string[] = []
  const warn = (line: string): void => void told.push(line)
  const [first, second] = [rows[4], rows[7]]
  if (first === undefined || second === undefined) throw new Error('no rows')
  expect(() => enforceSkewPolicy(facts(first), { force: true, warn })).toThrow(
    expect.objectContaining({
      code: 'VERSION_SKEW',
      details: [
        expect.stringContaining('"v1.10.10" is older than v1.11.0'),
        expect.stringContaining('too old for a cluster of v1.12.3'),
      ] as string[],
    }),
  )
  expect(() => enforceSkewPolicy(facts(second), { force: false, warn })).toThrow(
    /cannot go from v1\.14\.3 to "v1\.15\.0": kubelets that are too old for "v1\.15\.0": v1\.11\.3 on n1, n2/,
  )
  expect(told).toEqual([])
  enforceSkewPolicy(facts(second), { force: true, warn })
  expect(told).toEqual([expect.stringContaining('passed over, by --force')])
})
