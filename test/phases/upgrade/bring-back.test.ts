import { expect, test } from 'vitest'
import { recordingCluster } from '../../../src/cluster/recording-cluster.ts'
import type { JournaledChange } from '../../../src/host/journal-file.ts'
import type { JournaledRun } from '../../../src/host/journal-runs.ts'
import { staticPodPath } from '../../../src/manifests/write-static-pod.ts'
import { bringBack } from '../../../src/phases/upgrade/bring-back.ts'
import { staticPodHost } from '../../support/static-pod-host.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const backup = '/etc/kubernetes/tmp/kadm-upgrade-2026-05-01-00-00-00'
const etcd = `apiVersion: v1
kind: Pod
metadata: {name: etcd}
spec: {containers: [{name: etcd}], volumes: [{name: etcd-data, hostPath: {path: /var/lib/etcd}}]}
`

test('cut off between two renames of etcd: its data is in its place, and then its manifest, before the kubelet starts', async () => {
  const root = await temporaryDirectory()
  const host = staticPodHost(root)
  await host.services.stop('kubelet')
  for (const [file, content] of Object.entries({
    [`${backup}/manifests/etcd.yaml`]: etcd,
    '/var/lib/etcd/.member.kadm-old/snap/db': 'of the new etcd',
    '/var/lib/etcd/.member.kadm-restore/snap/db': 'before',
  }))
    await host.writeFile(file, content, { mode: 0o600 })
  const seen: unknown[] = []
  const restart = async (): Promise<void> => {
    seen.push(await host.readText('/var/lib/etcd/member/snap/db'), await host.readText(staticPodPath('etcd')))
  }
  await bringBack(runWith([{ kind: 'stop-service', service: 'kubelet', wasActive: true }]), {
    host: { ...host, services: { ...host.services, restart } },
    cluster: async () => recordingCluster(undefined),
    backup,
    signal: new AbortController().signal,
    say: () => {},
    warn: () => {},
  })
  expect(seen).toEqual(['before', etcd])
  expect(await host.readText(`${backup}/etcd-data-after/snap/db`)).toBe('of the new etcd')
})

function runWith(changes: readonly JournaledChange[]): JournaledRun {
  return {
    id: 'x',
    command: 'upgrade apply',
    fingerprint: 'a',
    version: '1',
    startedAt: new Date(),
    outcome: 'cut-off',
    phasesDone: [],
    changes,
    found: {},
    isUndone: false,
  }
}
