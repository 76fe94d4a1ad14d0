import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../../src/cluster/cluster.ts'
import { warnOfRemoved } from '../../../src/phases/upgrade/addon.ts'

const there: KubernetesObject = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'kube-proxy', namespace: 'kube-system' } }

test.each([
  ['that is there', there, []],
  ['that was taken away', undefined, [expect.stringMatching(/^kube-proxy was not there .*disabled: true/)]],
])('a kube-proxy %s', async (_, found, expected) => {
  const warnings: string[] = []
  await warnOfRemoved({ get: async () => found }, { warn: (line) => void warnings.push(line) })
  expect(warnings).toEqual(expected)
})
