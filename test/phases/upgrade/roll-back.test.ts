import { expect, test } from 'vitest'
import { recordingCluster } from '../../../src/cluster/recording-cluster.ts'
import { dumpYaml } from '../../../src/config/yaml.ts'
import type { KadmError } from '../../../src/errors.ts'
import type { Host } from '../../../src/host/host.ts'
import { patchedStaticPod, staticPodPath } from '../../../src/manifests/write-static-pod.ts'
import { isClosed, markReplacing } from '../../../src/phases/upgrade/backup.ts'
import { hasEtcdDataCopy } from '../../../src/phases/upgrade/etcd-data.ts'
import { rollBack } from '../../../src/phases/upgrade/roll-back.ts'
import { upgradeStaticPods } from '../../../src/phases/upgrade/upgrade-static-pods.ts'
import { initConfig } from '../../support/init-config.ts'
import { staticPodHost, type StaticPodHost } from '../../support/static-pod-host.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const backup = '/etc/kubernetes/tmp/kadm-upgrade-2026-05-01-00-00-00'
const data = '/var/lib/etcd/member/snap/db'
const copy = `${backup}/etcd-data/member/snap/db`
const config = initConfig()
const context = { signal: new AbortController().signal, say: () => {}, warn: () => {}, waiting: () => {}, result: () => {} }
const common = { cluster: recordingCluster(undefined), backup, timeout: 5000 }

test('the copy that an earlier run has made is never put back: etcd has served since', { timeout: 30_000 }, async () => {
  const host = await hostWithCopy()
  // The new etcd stayed when the first run went back: its manifest is there, and in the folder the one before.
  await put(host, staticPodPath('etcd'), await newEtcd())
  await put(host, `${backup}/manifests/etcd.yaml`, (await newEtcd()).replace(/etcd:3[0-9.-]*/, 'etcd:3.5.0-0'))
  await put(host, staticPodPath('kube-apiserver'), 'apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver}\n')
  const options = { ...common, config, host, etcdUpgrade: true, certificateRenewal: false, start: new Date() }
  await expect(upgradeStaticPods(options, context)).rejects.toMatchObject({ code: 'UPGRADE_STUCK' })
  expect(await host.readText(data)).toBe('of today')
  expect(await hasEtcdDataCopy({ host, backup })).toBe(false)
})

test.each([
  { name: 'made by this run, and no etcd has served since: it is put back', copyIsCurrent: true, left: 'of May' },
  { name: 'otherwise the data stays, and the error says where the copy is', copyIsCurrent: false, left: 'of today' },
])('the copy: $name', { timeout: 30_000 }, async ({ copyIsCurrent, left }) => {
  const host = await hostWithCopy()
  const error = await rollBackEtcd(host, copyIsCurrent)
  // This etcd does not come up with either.
  expect(error).toMatchObject({ code: 'UPGRADE_STUCK' })
  expect(await host.readText(data)).toBe(left)
  expect(await host.readText(copy)).toBe('of May')
  expect(error.details.join('\n')).toContain(`${backup}/etcd-data`)
})

test('data that cannot be put back: the kubelet is not started on it', { timeout: 30_000 }, async () => {
  const host = await hostWithCopy()
  await put(host, '/proc/mounts', '/dev/sdb1 /var/lib/etcd/member/wal ext4 rw 0 0\n')
  const error = await rollBackEtcd(host, true)
  expect(error.message).toContain('something is mounted at "/var/lib/etcd/member/wal"')
  expect(error.details.join('\n')).toContain('the kubelet is not started')
  expect([await host.readText(data), host.kubeletRuns()]).toEqual(['of today', false])
})

test('gone back: no later run takes what is in the folder for what was before', async () => {
  const host = await hostWithCopy()
  await markReplacing({ host, backup })
  const none = { component: 'kube-scheduler', pod: schedulerPod, text: '', before: undefined, state: 'changes' } as const
  const error = await rollBack([none], new Error('no'), { ...common, host, config, copyIsCurrent: false }, context)
  expect(error.code).toBe('UPGRADE_ROLLED_BACK')
  expect([await isClosed({ host, backup }), await hasEtcdDataCopy({ host, backup })]).toEqual([true, false])
})

test.each([
  { name: 'its certificates are as before, and its folder is closed', isContinued: false, left: 'of August' },
  { name: 'what an earlier run has begun stays, for the next one', isContinued: true, left: 'renewed' },
])('a run that ends before it replaces anything: $name', async ({ isContinued, left }) => {
  const host = staticPodHost(await temporaryDirectory())
  await put(host, staticPodPath('kube-apiserver'), 'apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver}\n')
  await put(host, '/etc/kubernetes/admin.conf', 'of August')
  if (isContinued) await markReplacing({ host, backup })
  const get = async (): Promise<never> => {
    await put(host, '/etc/kubernetes/admin.conf', 'renewed')
    throw new Error('no answer')
  }
  const cluster = { ...common.cluster, get }
  const options = { ...common, cluster, config, host, etcdUpgrade: false, certificateRenewal: false, start: new Date() }
  await expect(upgradeStaticPods(options, context)).rejects.toThrow('no answer')
  expect(await host.readText('/etc/kubernetes/admin.conf')).toBe(left)
  expect(await isClosed({ host, backup })).toBe(!isContinued)
})

async function hostWithCopy(): Promise<StaticPodHost> {
  const host = staticPodHost(await temporaryDirectory())
  await put(host, data, 'of today')
  await put(host, copy, 'of May')
  return host
}

async function rollBackEtcd(host: Host, copyIsCurrent: boolean): Promise<KadmError> {
  const pod = await patchedStaticPod('etcd', { config, host, ...context })
  if (pod === undefined) throw new Error('etcd is local')
  const etcd = { component: 'etcd', pod, text: dumpYaml(pod), before: { pod, text: dumpYaml(pod) }, state: 'changes' } as const
  return rollBack([etcd], new Error('no etcd'), { ...common, host, config, copyIsCurrent }, context)
}

async function newEtcd(): Promise<string> {
  return dumpYaml(await patchedStaticPod('etcd', { config, host: staticPodHost('/nowhere'), ...context }))
}

const schedulerPod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'kube-scheduler' } }

async function put(host: Host, file: string, content: string): Promise<void> {
  await host.writeFile(file, content, { mode: 0o600 })
}
