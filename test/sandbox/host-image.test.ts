import { execFileSync } from 'node:child_process'
import { access, lstat, readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import type { TestContext } from 'vitest'
import { expect, test } from 'vitest'
import { cacheDirectory } from '../../src/sandbox/cache.ts'
import { maskedUnits } from '../../src/sandbox/host-image-files.ts'
import { ensureHostImage } from '../../src/sandbox/host-image.ts'
import { imagesOf, releases } from '../../src/sandbox/releases.ts'

async function builtImage(context: TestContext): Promise<string> {
  const built = await access(path.join(cacheDirectory(), 'host-image/debian-13')).then(
    () => true,
    () => false,
  )
  if (process.getuid?.() !== 0 || (!built && process.env['CI'] !== 'true'))
    context.skip('the host image is not built, or this is not root (npm run test:all builds it)')
  return (await ensureHostImage({ say: () => undefined })).root
}

const inside = (root: string, ...argv: readonly string[]): string =>
  execFileSync('chroot', [root, ...argv], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

test('the image holds nothing that hosts must not share', async (context) => {
  const root = await builtImage(context)
  const exists = (file: string): Promise<boolean> =>
    lstat(path.join(root, file)).then(
      () => true,
      () => false,
    )
  for (const file of ['etc/machine-id', 'var/lib/dbus/machine-id', 'root/.ssh/authorized_keys', 'etc/hostname'])
    expect([file, await exists(file)]).toEqual([file, false])
  expect((await readdir(path.join(root, 'etc/ssh'))).filter((name) => name.startsWith('ssh_host_'))).toEqual([])
  expect(await readdir(path.join(root, 'var/lib/containerd'))).toEqual([])
})

test('its units are those of a node before kubeadm comes', async (context) => {
  const root = await builtImage(context)
  const units = path.join(root, 'etc/systemd/system')
  for (const unit of maskedUnits) expect([unit, await readlink(path.join(units, unit))]).toEqual([unit, '/dev/null'])
  const state = (unit: string): string => inside(root, 'sh', '-c', 'systemctl --root=/ is-enabled "$1" || :', 'sh', unit).trim()
  expect(['ssh', 'containerd', 'kubelet', 'haproxy', 'etcd'].map((unit) => [unit, state(unit)])).toEqual([
    ['ssh', 'enabled'],
    ['containerd', 'enabled'],
    ['kubelet', 'enabled'],
    ['haproxy', 'disabled'],
    ['etcd', 'disabled'],
  ])
})

test('it has the versions that the pins are for, and containerd reads its configuration', async (context) => {
  const root = await builtImage(context)
  expect(inside(root, 'systemctl', '--version')).toMatch(/^systemd 257 /) // the last that runs on cgroup v1
  expect(inside(root, 'containerd', '--version')).toMatch(/ v?2\.\d+\.\d+/) // the first with the CRI's RuntimeConfig
  const config = inside(root, 'containerd', 'config', 'dump')
  expect(config).toMatch(/SystemdCgroup = true/)
  expect(config).toMatch(/restrict_oom_score_adj = true/)
  for (const release of releases) expect(config).toContain(`sandbox = '${imagesOf(release)['pause']}'`)
  expect(
    inside(
      root,
      'sh',
      '-c',
      'for tool in haproxy conntrack ethtool socat nft iptables runc ctr etcdctl curl openssl; do command -v $tool || echo no $tool; done',
    ),
  ).not.toContain('no ')
  expect(inside(root, 'sh', '-c', 'ls /opt/cni/bin/')).toMatch(/\bbridge\n[^]*\bportmap\n/)
})
