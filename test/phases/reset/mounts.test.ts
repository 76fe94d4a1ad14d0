/** Mounts below the kubelet's folder, and mounts in what is to be emptied, beside the real kubeadm. */
import { expect, test } from 'vitest'
import { etcdManifest, resetByBoth, resetByKadm } from './jailed-reset.ts'

const volumes = '/var/lib/kubelet/pods/1/volumes'
const files = {
  '/var/lib/kubelet/config.yaml': 'x',
  '/tmp/jail/kept/of-a-user': 'x',
  [`${volumes}/a/x`]: 'x',
  [`${volumes}/b c/x`]: 'x',
  '/etc/kubernetes/pki/ca.crt': 'x',
}
const config = '/tmp/jail/reset.yaml'
const showMounts = ['sh', '-c', 'cut -d" " -f2 /proc/mounts | grep -e ^/var/lib/ -e ^/etc/kubernetes || true']
const tmpfs = (point: string): readonly string[] => ['mount', '-t', 'tmpfs', 'tmpfs', point]
const bind = (point: string): readonly string[] => ['mount', '--bind', '/tmp/jail/kept', point]
// Stays in the mount until the jail ends.
const busy = (point: string): readonly string[] => ['bash', '-c', 'cd "$1" && (sleep 60 < /dev/null > /dev/null 2>&1 &)', 'sh', point]

test('tmpfs, the folder of a user and one with a blank in its name: unmounted, and what was in them is kept', async (context) => {
  const scene = { files, before: [tmpfs(`${volumes}/a`), bind(`${volumes}/b c`)], after: [showMounts] }
  const { kadm, kubeadm } = await resetByBoth(context, scene)
  expect([kadm.exitCode, kadm.after, kadm.left]).toEqual([0, '', expect.arrayContaining(['file /tmp/jail/kept/of-a-user'])])
  expect(kadm.left.some((line) => line.includes('/var/lib/kubelet/'))).toBe(false)
  // kubeadm does not decode the blank, finds no such mount, and says that it failed; or worse, goes on.
  expect(kubeadm.exitCode).toBe(1)
})

test('one in the other, and one upon the other', async () => {
  const before = [tmpfs(`${volumes}/a`), ['mkdir', `${volumes}/a/inner`], tmpfs(`${volumes}/a/inner`), bind(`${volumes}/a/inner`)]
  const { exitCode, after, left } = await resetByKadm({ files, before, after: [showMounts] })
  expect([exitCode, after, left]).toEqual([0, '', expect.arrayContaining(['file /tmp/jail/kept/of-a-user'])])
})

test("the kubelet's folder itself stays mounted, and is emptied", async (context) => {
  const { kadm, kubeadm } = await resetByBoth(context, {
    before: [['mkdir', '/var/lib/kubelet'], tmpfs('/var/lib/kubelet'), ['touch', '/var/lib/kubelet/x']],
    after: [showMounts, ['ls', '/var/lib/kubelet']],
  })
  expect([kadm.exitCode, kadm.after]).toEqual([0, '/var/lib/kubelet\n'])
  expect([kubeadm.exitCode, kubeadm.after]).toEqual([0, kadm.after])
})

test("a disk that is given to kadm's own folder stays mounted, and is empty", async () => {
  const before = [['mkdir', '-p', '/var/lib/kadm'], tmpfs('/var/lib/kadm'), ['touch', '/var/lib/kadm/journal.jsonl']]
  const { exitCode, after } = await resetByKadm({ files, before, after: [showMounts, ['ls', '-A', '/var/lib/kadm']] })
  expect([exitCode, after]).toEqual([0, '/var/lib/kadm\n'])
})

test('a mount in use: an error by both, no file is removed; with MNT_DETACH it goes', async (context) => {
  const scene = { files, before: [tmpfs(`${volumes}/a`), busy(`${volumes}/a`)], after: [showMounts] }
  const { kadm, kubeadm } = await resetByBoth(context, scene)
  for (const { exitCode, after, left } of [kadm, kubeadm]) {
    expect([exitCode, after, left]).toEqual([
      1,
      `${volumes}/a\n`,
      expect.arrayContaining(['file /var/lib/kubelet/config.yaml', 'file /etc/kubernetes/pki/ca.crt']),
    ])
  }
  expect(kadm.stderr).toMatch(new RegExp(`^error: 1 of the file systems .*\\n.*umount: ${volumes}/a: target is busy`, 'm'))
  const detach = `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ResetConfiguration\nforce: true\nunmountFlags: [MNT_DETACH, UMOUNT_NOFOLLOW]\n`
  const again = await resetByBoth(context, { ...scene, files: { ...files, [config]: detach }, words: ['--config', config] })
  for (const { exitCode, after, left } of Object.values(again)) {
    expect([exitCode, after, left.some((line) => line.includes('/var/lib/kubelet/'))]).toEqual([0, '', false])
  }
})

test('a mount in use: the data of etcd stays with its manifest, for a kubelet that is started would begin a new cluster without it', async () => {
  const manifest = '/etc/kubernetes/manifests/etcd.yaml'
  const { exitCode, left } = await resetByKadm({
    files: { ...files, [manifest]: etcdManifest('/var/lib/etcd'), '/var/lib/etcd/member/wal/0.wal': 'x' },
    before: [tmpfs(`${volumes}/a`), busy(`${volumes}/a`)],
  })
  expect([exitCode, left]).toEqual([1, expect.arrayContaining(['file /var/lib/etcd/member/wal/0.wal', `file ${manifest}`])])
})

test('the folder of a user that is mounted where certificates or manifests are: kadm does not go into it, and says so', async (context) => {
  const before = [
    ['mkdir', '-p', '/etc/kubernetes/pki/backup/old', '/etc/kubernetes/manifests/x'],
    bind('/etc/kubernetes/pki/backup/old'),
    bind('/etc/kubernetes/manifests/x'),
  ]
  const { kadm, kubeadm } = await resetByBoth(context, { files, before })
  expect(kadm.exitCode).toBe(0)
  expect(kadm.left).toEqual(expect.arrayContaining(['file /tmp/jail/kept/of-a-user', 'directory /etc/kubernetes/pki/backup/old']))
  expect(kadm.left).not.toContain('file /etc/kubernetes/pki/ca.crt')
  expect(kadm.stderr).toContain('"/etc/kubernetes/pki/backup/old" is a mount point: it is left as it is')
  expect(kubeadm.left).not.toContain('file /tmp/jail/kept/of-a-user')
})

test('a plan names the mounts, and what lies beside them', async () => {
  const { exitCode, stdout, after } = await resetByKadm({
    files,
    before: [bind(`${volumes}/a`)],
    words: ['--force', '--dry-run'],
    after: [showMounts],
  })
  expect([exitCode, after]).toEqual([0, `${volumes}/a\n`])
  expect(stdout).toContain(`[dryrun] Would run "umount ${volumes}/a"\n`)
  expect(stdout).toContain(`[dryrun] Would remove file "${volumes}/b c/x"\n`)
  expect(stdout).not.toContain('of-a-user')
})
