import { symlink } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Host } from '../../../src/host/host.ts'
import { staticPodPath } from '../../../src/manifests/write-static-pod.ts'
import { copyEtcdData, copyObstacle, finishRestore, hasEtcdDataCopy, restoreEtcdData } from '../../../src/phases/upgrade/etcd-data.ts'
import { staticPodHost } from '../../support/static-pod-host.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const backup = '/etc/kubernetes/tmp/kadm-upgrade-2026-05-01-00-00-00'
const dataDir = '/var/lib/etcd'
const folder = '/disk/etcd'
const database = `${folder}/member/snap/db`
const manifest = staticPodPath('etcd')

test('put back: what is beside the data stays, and a folder that is a link is followed', async () => {
  const host = await hostWithEtcd()
  await copyEtcdData({ host, backup, dataDir })
  await put(host, database, 'of the new etcd')
  await put(host, `${folder}/of-somebody`, 'changed since')
  const after = await restoreEtcdData({ host, backup, dataDir })
  expect(await host.readText(database)).toBe('before')
  expect(await host.readText(`${folder}/of-somebody`)).toBe('changed since')
  expect(await host.readText(`${after}/snap/db`)).toBe('of the new etcd')
  expect(await host.list(folder)).toEqual(['member', 'of-somebody'])
  expect(await host.stat(manifest)).toBeUndefined()
})

test('killed at any step, no etcd can begin without its data, and the next run finishes', async () => {
  let [step, killed] = [0, true]
  for (; killed; step++) {
    const host = await hostWithEtcd()
    await copyEtcdData({ host, backup, dataDir })
    await put(host, database, 'of the new etcd')
    killed = await restoreEtcdData({ host: killedAt(step, host), backup, dataDir }).then(
      () => false,
      () => true,
    )
    const left = await host.readText(database)
    const mayStart = (await host.stat(manifest)) !== undefined
    expect(!mayStart || left === 'of the new etcd', `step ${step}`).toBe(true)
    const isToBeWritten = await finishRestore({ host, backup, dataDir })
    expect(await host.readText(database), `step ${step}`).toBe(mayStart ? 'of the new etcd' : 'before')
    expect(isToBeWritten, `step ${step}`).toBe(!mayStart && killed)
    expect(await host.list(folder), `step ${step}`).toEqual(['member', 'of-somebody'])
  }
  expect(step).toBeGreaterThan(9)
})

test.each([
  {
    name: 'a disk of its own for the log',
    make: (host: Host) => put(host, '/proc/mounts', `/dev/sdb1 ${folder}/member/wal ext4 rw 0 0\n`),
    says: `something is mounted at "${folder}/member/wal"`,
  },
  {
    name: 'the log elsewhere',
    make: (host: Host) => put(host, manifest, etcdPod('--wal-dir=/var/wal')),
    says: 'a part of it is elsewhere (--wal-dir)',
  },
  {
    name: 'a link to the log',
    make: (host: Host) => host.run(['ln', '-s', 'elsewhere', `${folder}/member/wal`]),
    says: `"${folder}/member/wal" is neither a file nor a folder`,
  },
])('no copy to rely on, and nothing is put back: $name', async ({ make, says }) => {
  const host = await hostWithEtcd()
  expect(await copyObstacle(host, dataDir)).toBeUndefined()
  await copyEtcdData({ host, backup, dataDir })
  await put(host, database, 'of the new etcd')
  await make(host)
  expect(await copyObstacle(host, dataDir)).toBe(says)
  await expect(restoreEtcdData({ host, backup, dataDir })).rejects.toMatchObject({
    message: expect.stringContaining(says),
    details: [expect.stringContaining('the kubelet is not started'), expect.stringContaining(`${backup}/etcd-data/member`)],
  })
  expect(await host.readText(database)).toBe('of the new etcd')
})

test('half a copy is none', async () => {
  const host = await hostWithEtcd()
  const full: Host = { ...host, run: (argv) => (argv[0] === 'mv' ? Promise.reject(new Error('killed')) : host.run(argv)) }
  await expect(copyEtcdData({ host: full, backup, dataDir })).rejects.toThrow('killed')
  expect(await hasEtcdDataCopy({ host, backup })).toBe(false)
})

function etcdPod(argument: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: etcd}\nspec: {containers: [{name: etcd, command: [etcd, ${argument}]}]}\n`
}

/** Its data is reached by a link. */
async function hostWithEtcd(): Promise<Host> {
  const root = await temporaryDirectory()
  const host = staticPodHost(root)
  await put(host, database, 'before')
  await put(host, `${folder}/of-somebody`, '')
  await put(host, manifest, etcdPod('--name=h1'))
  await host.makeDirectory(path.dirname(dataDir), 0o755)
  await symlink(path.join(root, folder), path.join(root, dataDir))
  return host
}

/** After so many changes of this host there is nobody any more. */
function killedAt(step: number, host: Host): Host {
  let changes = 0
  const mayChange = async (): Promise<void> => {
    if (changes++ >= step) throw new Error('killed')
  }
  return {
    ...host,
    run: (...given) => mayChange().then(() => host.run(...given)),
    removeFile: (...given) => mayChange().then(() => host.removeFile(...given)),
  }
}

async function put(host: Host, file: string, content: string): Promise<void> {
  await host.writeFile(file, content, { mode: 0o600 })
}
