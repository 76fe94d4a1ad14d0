import { expect, test } from 'vitest'
import { recordingCluster } from '../../../src/cluster/recording-cluster.ts'
import type { JournaledChange } from '../../../src/host/journal/journal-file.ts'
import type { JournaledRun } from '../../../src/host/journal/journal-runs.ts'
import { staticPodPath } from '../../../src/manifests/write-static-pod.ts'
import { bringBack, goOnWith } from '../../../src/phases/upgrade/bring-back.ts'
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

test.each([
  { name: 'one that was cut off or stuck', state: 'replacing\n', by: 'another', isTakenUp: true },
  { name: 'one that has gone back to what was before', state: 'closed\n', by: 'itself', isTakenUp: false },
  { name: 'one that was killed before or behind the static Pods, by itself', state: undefined, by: 'itself', isTakenUp: true },
  { name: 'one that was killed before or behind the static Pods, by another', state: undefined, by: 'another', isTakenUp: false },
])('the folder of an earlier run is used again: $name: $isTakenUp', async ({ state, by, isTakenUp }) => {
  const host = staticPodHost(await temporaryDirectory())
  if (state !== undefined) await host.writeFile(`${backup}/state`, state, { mode: 0o600 })
  // The folder of the run that this one had begun with is over.
  const run = runWith([write(`${backup.replace('05', '04')}/README`), write(`${backup}/manifests/etcd.yaml`), write('/etc/kubernetes/x')])
  const now = new Date('2026-09-01T12:00:00Z')
  const found = await goOnWith(
    { resumed: undefined, unfinished: undefined, leftByAll: run, [by === 'itself' ? 'resumed' : 'unfinished']: run },
    { host, now },
  )
  const fresh = { earlier: undefined, backup: '/etc/kubernetes/tmp/kadm-upgrade-2026-09-01-12-00-00' }
  expect(found).toEqual(isTakenUp ? { earlier: run, backup } : fresh)
})

test.each([
  { name: 'on its way: as one with it', state: 'replacing\n', isTakenUp: true },
  { name: 'gone back to what was before: without it', state: 'closed\n', isTakenUp: false },
  { name: 'killed before or behind the static Pods: without it', state: undefined, isTakenUp: false },
])('the same run once more, which had begun no folder itself; one before it was $name', async ({ state, isTakenUp }) => {
  const host = staticPodHost(await temporaryDirectory())
  if (state !== undefined) await host.writeFile(`${backup}/state`, state, { mode: 0o600 })
  const resumed = runWith([{ kind: 'restart-service', service: 'kubelet', wasActive: false }])
  const leftByAll = runWith([write(`${backup}/README`), { kind: 'stop-service', service: 'kubelet', wasActive: true }, ...resumed.changes])
  const found = await goOnWith({ resumed, unfinished: undefined, leftByAll }, { host, now: new Date('2026-09-01T12:00:00Z') })
  const fresh = { earlier: resumed, backup: '/etc/kubernetes/tmp/kadm-upgrade-2026-09-01-12-00-00' }
  expect(found).toEqual(isTakenUp ? { earlier: leftByAll, backup } : fresh)
})

function write(path: string): JournaledChange {
  return { kind: 'write-file', path, before: 'absent', after: { mode: 0o600 } }
}

function runWith(changes: readonly JournaledChange[]): JournaledRun {
  return {
    id: 'x',
    command: 'upgrade apply',
    fingerprint: 'a',
    version: '1',
    startedAt: new Date(),
    outcome: 'cut-off',
    phasesStarted: [],
    phasesDone: [],
    changes,
    found: {},
    isUndone: false,
  }
}
