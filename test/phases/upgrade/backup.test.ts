import { expect, test } from 'vitest'
import type { KadmError } from '../../../src/errors.ts'
import type { Host } from '../../../src/host/host.ts'
import { backUp, markReplacing } from '../../../src/phases/upgrade/backup.ts'
import { backupRoom } from '../../../src/phases/upgrade/backup-room.ts'
import { initConfig } from '../../support/init-config.ts'
import { rootedHost } from '../../support/rooted-host.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const temporary = '/etc/kubernetes/tmp'
const backup = `${temporary}/kadm-upgrade-2026-05-01-00-00-00`
const context = { signal: new AbortController().signal, say: () => {}, warn: () => {}, waiting: () => {}, result: () => {} }

test('a disk without room: other folders are named, and neither its own nor one that is gone on with', async () => {
  const host = await hostWithDisk({ '/var/lib/etcd': 100 }, 199)
  const [old, waiting, kubeadms] = ['kadm-upgrade-2026-04-01-00-00-00', 'kadm-upgrade-2026-04-02-00-00-00', 'kubeadm-backup-etcd-x y']
  await Promise.all([old, waiting, kubeadms, 'other'].map((name) => host.makeDirectory(`${temporary}/${name}`, 0o700)))
  await markReplacing({ host, backup: `${temporary}/${waiting}` })
  const etcd = {
    component: 'etcd',
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'etcd' } },
    text: '',
    before: undefined,
    state: 'changes',
  } as const
  const error: unknown = await backUp([etcd], { host, config: initConfig(), backup, isSoleMember: true }, context).catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'FILE_FAILED', message: expect.stringContaining('has room for 199 MiB') })
  expect((error as KadmError).remedy).toEqual([
    `df -h ${backup}`,
    `rm -rf ${temporary}/${old} '${temporary}/${kubeadms}'   # what earlier upgrades have kept`,
  ])
})

test('what the folder has of an earlier attempt is written anew: its room is there', async () => {
  const host = await hostWithDisk({ '/var/lib/etcd': 100, '/b/snapshot': 30, '/b/data': 100 }, 70)
  const room = { dataDir: '/var/lib/etcd', isSoleMember: true, backup: '/b', replaced: ['/b/snapshot', '/b/data', '/b/not-there'] }
  expect(await backupRoom(host, room)).toEqual({ data: 100 * 1024, needed: 70 * 1024, available: 70 * 1024 })
})

/** @param sizes MiB */
async function hostWithDisk(sizes: Readonly<Record<string, number>>, free: number): Promise<Host> {
  return {
    ...rootedHost(await temporaryDirectory()),
    query: async (argv) => {
      const file = argv.at(-1) ?? ''
      const size = sizes[file]
      const told = {
        readlink: `${file}\n`,
        du: size === undefined ? '' : `${size * 1024}\t${file}\n`,
        df: `Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 1 1 ${free * 1024} 1% /\n`,
      }
      return { argv, exitCode: 0, stdout: told[argv[0] as keyof typeof told], stderr: '' }
    },
  }
}
