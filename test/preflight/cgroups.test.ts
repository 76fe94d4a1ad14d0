import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Host } from '../../src/host/host.ts'
import { cgroupMount, verifyCgroups } from '../../src/preflight/cgroups.ts'
import { readKernelConfig } from '../../src/preflight/kernel-config.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const versions = { kubelet: '1.37.2', kernel: '6.1.0' }
const version2 = 'cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n'
const controllers = '/sys/fs/cgroup/cgroup.controllers'

test('version 2 with all that is needed', async () => {
  const host = await hostWith({
    '/proc/mounts': version2,
    [controllers]: 'cpuset cpu io memory hugetlb pids\n',
    '/sys/fs/cgroup/init.scope/cgroup.freeze': '0',
  })
  const mount = await cgroupMount(host)
  expect(mount).toEqual({ path: '/sys/fs/cgroup', version: 2 })
  expect(mount && (await verifyCgroups(host, mount, versions))).toEqual({ warnings: [], errors: [] })
})

test('version 2 with controllers missing, and a kernel that cannot freeze', async () => {
  const host = await hostWith({ '/proc/mounts': version2, [controllers]: 'cpu pids\n', '/sys/fs/cgroup/init.scope/x': '' })
  const findings = await verifyCgroups(host, { path: '/sys/fs/cgroup', version: 2 }, versions)
  expect(findings).toEqual({
    warnings: ['missing optional cgroups: hugetlb io'],
    errors: ['missing required cgroups: cpuset freezer memory'],
  })
})

test('version 1: refused by kubelets from 1.35 on, their pre-releases too', async () => {
  const rows = ['#subsys_name hierarchy num_cgroups enabled', 'cpu 1 1 1', 'memory 2 1 0'].join('\n')
  const host = await hostWith({
    '/proc/mounts': 'tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n',
    '/sys/fs/cgroup/memory/x': '',
    '/proc/cgroups': rows,
  })
  const mount = await cgroupMount(host)
  expect(mount).toEqual({ path: '/sys/fs/cgroup', version: 1 })
  const found = async (kubelet: string): Promise<unknown> => mount && (await verifyCgroups(host, mount, { ...versions, kubelet }))
  expect(await found('1.35.0-alpha.1')).toMatchObject({
    errors: [expect.stringContaining('cgroups v1'), 'missing required cgroups: cpuacct cpuset devices freezer memory pids'],
  })
  expect(await found('1.34.9')).toMatchObject({ warnings: [expect.stringContaining('cgroups v1'), expect.stringContaining('blkio')] })
})

test('other places, and none', async () => {
  expect(await cgroupMount(await hostWith({ '/proc/mounts': 'cgroup /cg/cpu cgroup rw 0 0\ncgroup2 /cg2 cgroup2 rw 0 0\n' }))).toEqual({
    path: '/cg2',
    version: 2,
  })
  expect(await cgroupMount(await hostWith({ '/proc/mounts': 'tmpfs /sys/fs/cgroup tmpfs rw 0 0\n' }))).toEqual({
    path: '/sys/fs/cgroup',
    version: 2,
  })
  expect(await cgroupMount(await hostWith({ '/proc/mounts': 'proc /proc proc rw 0 0\n' }))).toBeUndefined()
})

test('the configuration of a kernel, packed or not', async () => {
  const text = '# a comment\nCONFIG_MEMCG=y\n CONFIG_EXT4_FS=m\nCONFIG_HZ=250\n# CONFIG_OFF is not set\n'
  for (const files of [
    { '/proc/config.gz': gzipSync(text) },
    { '/boot/config-6.1.0': text },
    { '/lib/modules/6.1.0/build/.config': text },
  ]) {
    expect(await readKernelConfig(await hostWith(files), '6.1.0')).toEqual(
      new Map([
        ['MEMCG', 'y'],
        ['EXT4_FS', 'm'],
      ]),
    )
  }
})

async function hostWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<Host> {
  const root = await temporaryDirectory()
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await writeFile(path.join(root, file), content)
  }
  return rootedHost(root)
}
