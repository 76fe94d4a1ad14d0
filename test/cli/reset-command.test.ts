/** The words, the question and the configuration of `kadm reset`, beside kubeadm's (cases M). */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { controlPlaneFiles, resetByBoth, resetByKadm, type ResetScene } from '../phases/reset/jailed-reset.ts'

const files = controlPlaneFiles
const config = '/tmp/jail/reset.yaml'
const caKey = 'file /etc/kubernetes/pki/ca.key'

describe('the question', () => {
  test.for([
    { answer: 'y\n', goes: true },
    { answer: 'Y', goes: true },
    { answer: 'n\n', goes: false },
    { answer: '', goes: false },
    { answer: '\n', goes: false },
    { answer: 'yEs\n', goes: true },
    { answer: ' y\n', goes: false },
    { answer: 'ny\ny\n', goes: false },
  ])('$answer', async ({ answer, goes }, context) => {
    const { kadm, kubeadm } = await resetByBoth(context, { files, words: [], answer })
    for (const { exitCode, stdout, stderr, left } of [kadm, kubeadm]) {
      expect([exitCode, left.includes(caKey)], stderr).toEqual(goes ? [0, false] : [1, true])
      expect(stdout).toContain('[reset] Are you sure you want to proceed? [y/N]: ')
    }
    if (!goes) expect(kadm.left).toEqual(kubeadm.left)
  })

  test.for([['phase', 'preflight'], ['--skip-phases=preflight'], ['phase', 'cleanup-node'], ['--dry-run'], ['-f']])(
    '%s',
    async (words, context) => {
      const { kadm, kubeadm } = await resetByBoth(context, { files, words })
      expect([kadm.exitCode, kadm.stdout.includes('Are you sure')]).toEqual([kubeadm.exitCode, kubeadm.stdout.includes('Are you sure')])
      expect(kadm.left).toEqual(kubeadm.left)
    },
  )
})

const document = (body: string): ResetScene => ({
  files: { ...files, [config]: `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ResetConfiguration\n${body}` },
  words: ['--config', config],
})
const init = `apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n---\napiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n`
const random = randomBytes(3).toString('hex')

const same: Readonly<Record<string, ResetScene>> = {
  'all fields': document(
    'force: true\ncriSocket: unix:///run/x.sock\nignorePreflightErrors: [all]\nunmountFlags: [MNT_FORCE, MNT_DETACH]\ntimeouts: {etcdAPICall: 1s}\n',
  ),
  'an old socket': document('force: true\ncriSocket: /run/x.sock\n'),
  'with other kinds beside it (M6)': {
    ...document(''),
    files: { ...files, [config]: `${init}---\napiVersion: kubeadm.k8s.io/v1beta4\nkind: ResetConfiguration\nforce: true\n` },
  },
  'without its kind (M6)': { files: { ...files, [config]: init }, words: ['--config', config] },
  'the experimental version': {
    ...document(''),
    files: { ...files, [config]: 'apiVersion: kubeadm.k8s.io/v1\nkind: ResetConfiguration\nforce: true\n' },
  },
  'an old version': {
    ...document(''),
    files: { ...files, [config]: 'apiVersion: kubeadm.k8s.io/v1beta3\nkind: ResetConfiguration\nforce: true\n' },
  },
  'an unknown field': document(`force: true\nx${random}: 1\n`),
  'an unknown flag of umount': document(`force: true\nunmountFlags: [MNT_DETACH, MNT_${random}]\n`),
  'a relative folder': document(`force: true\ncertificatesDir: pki-${random}\n`),
  'a socket of another kind': document('force: true\ncriSocket: tcp://127.0.0.1:1\n'),
  'a wrong type': document('force: 1\n'),
  'dryRun of the file': document('dryRun: true\n'),
  'dryRun of the file, and --dry-run=false': { ...document('dryRun: true\nforce: true\n'), words: ['--config', config, '--dry-run=false'] },
  '--config and --force': { ...document(''), words: ['--config', config, '--force'] },
  '--config and --cert-dir': { ...document('force: true\n'), words: ['--config', config, '--cert-dir', '/etc/other'] },
  '--config, --dry-run and --skip-phases': { ...document(''), words: ['--config', config, '--dry-run', '--skip-phases', 'cleanup-node'] },
  '--ignore-preflight-errors beside all of the file': {
    ...document('force: true\nignorePreflightErrors: [all]\n'),
    words: ['--config', config, '--ignore-preflight-errors', 'Swap'],
  },
  'a file that is not there': { files, words: ['--config', `/tmp/jail/${random}`] },
  'an unknown phase to skip': { files, words: ['--force', '--skip-phases', `x${random}`] },
  'an unknown phase': { files, words: ['phase', `x${random}`] },
  'an unknown flag': { files, words: ['--force', `--x${random}`] },
  'a relative --cert-dir': { files, words: ['--force', '--cert-dir', `pki-${random}`] },
  'not root': { files, words: ['--force'], prefix: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] },
  'not root, a dry run': { files, words: ['--dry-run'], prefix: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] },
}

test.for(Object.entries(same))('%s: the same verdict and the same files by both', async ([, scene], context) => {
  const { kadm, kubeadm } = await resetByBoth(context, scene)
  expect([kadm.exitCode === 0, kadm.stderr]).toEqual([kubeadm.exitCode === 0, expect.not.stringContaining('[BUG]')])
  expect(kadm.left).toEqual(kubeadm.left)
})

test('a reset beside another kadm is refused', async () => {
  const lock =
    'echo "{\\"pid\\":$$,\\"startTime\\":\\"$(cut -d" " -f22 /proc/$$/stat)\\",\\"command\\":\\"kadm init\\",\\"since\\":\\"now\\"}" > /run/kadm.lock; "$@"'
  const { exitCode, stderr, left } = await resetByKadm({ files, prefix: ['sh', '-c', lock, 'sh'] })
  expect([exitCode, stderr, left.includes(caKey)]).toEqual([1, expect.stringContaining('[RUN_IN_PROGRESS]'), true])
})

test('--wait-lock is for a cluster file: on one host a reset does not wait', async () => {
  const { exitCode, stderr, left } = await resetByKadm({ files, words: ['--force', '--wait-lock=1m'] })
  expect([exitCode, stderr, left.includes(caKey)]).toEqual([1, expect.stringMatching(/--wait-lock .*\[USAGE\]/), true])
})

test('--cleanup with another word is refused', async () => {
  const { exitCode, stderr } = await resetByKadm({ words: ['--force', '--cleanup=network,everything'] })
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('--cleanup: "everything" is not one of network, kubeconfig [USAGE]')])
})

test('words after it are refused, which kubeadm passes over', async (context) => {
  const { kadm, kubeadm } = await resetByBoth(context, { files, words: ['--force', 'h2'] })
  expect([kadm.exitCode, kadm.left.includes(caKey), kubeadm.exitCode]).toEqual([1, true, 0])
})
