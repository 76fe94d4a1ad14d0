/** What reset takes away and what stays, beside the real kubeadm on an equal host. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { controlPlaneFiles, etcdManifest, foreignFiles, resetByBoth, resetByKadm, type ResetScene } from './jailed-reset.ts'

const some = randomBytes(3).toString('hex')
const files = { ...controlPlaneFiles, ...foreignFiles }
const config = '/tmp/jail/reset.yaml'
const reset = (body: string): Readonly<Record<string, string>> => ({
  [config]: `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ResetConfiguration\n${body}`,
})

const alike: Readonly<Record<string, ResetScene>> = {
  'a control plane with files of others': { files },
  'a worker': { files: { '/etc/kubernetes/kubelet.conf': 'x', '/etc/kubernetes/pki/ca.crt': 'x', '/var/lib/kubelet/config.yaml': 'x' } },
  'a host that has nothing': {},
  'no manifests': { files: { '/etc/kubernetes/pki/ca.crt': 'x', '/etc/kubernetes/kubelet.conf': 'x' } },
  'certificates that are a file': { files: { '/etc/kubernetes/pki': 'x', '/etc/kubernetes/admin.conf': 'x' } },
  '--cleanup-tmp-dir': { files, words: ['--force', '--cleanup-tmp-dir'] },
  'another folder of certificates by flag': {
    files: { ...files, '/etc/other/ca.crt': 'x', '/etc/other/etcd/ca.key': 'x' },
    words: ['--force', '--cert-dir', '/etc/other'],
  },
  'another folder of certificates and tmp by file': {
    files: { ...files, '/etc/other/ca.crt': 'x', ...reset('force: true\ncertificatesDir: /etc/other\ncleanupTmpDir: true\n') },
    words: ['--config', config],
  },
  'a folder of certificates that is a link': {
    files: { '/tmp/jail/kept/pki/ca.crt': 'x', '/etc/kubernetes/admin.conf': 'x' },
    before: [['ln', '-s', '/tmp/jail/kept/pki', '/etc/kubernetes/pki']],
  },
  'links in the folder of certificates': {
    files: { ...files, '/tmp/jail/kept/ca.key': 'x', '/tmp/jail/kept/more/x': 'x' },
    before: [
      ['ln', '-s', '/tmp/jail/kept/ca.key', '/etc/kubernetes/pki/linked.key'],
      ['ln', '-s', '/tmp/jail/kept/more', '/etc/kubernetes/pki/more'],
    ],
  },
  "a kubelet's folder that is a link": {
    files: { '/tmp/jail/kept/kubelet/config.yaml': 'x' },
    before: [['ln', '-s', '/tmp/jail/kept/kubelet', '/var/lib/kubelet']],
  },
  'names with blanks, quotes and line ends': {
    files: { [`/etc/kubernetes/pki/a '${some}" \n*.key`]: 'x', [`/var/lib/kubelet/-rf ${some}`]: 'x' },
  },
  '--skip-phases=cleanup-node': { files, words: ['--force', '--skip-phases=cleanup-node'] },
  'skipPhases of a file': { files: { ...files, ...reset('force: true\nskipPhases: [cleanup-node]\n') }, words: ['--config', config] },
  'phase cleanup-node': { files, words: ['phase', 'cleanup-node'] },
  'phase cleanupnode --cleanup-tmp-dir': { files, words: ['phase', 'cleanupnode', '--cleanup-tmp-dir'] },
  'phase preflight': { files, words: ['phase', 'preflight', '--force'] },
  'etcd: data where the manifest says': {
    files: {
      '/etc/kubernetes/manifests/etcd.yaml': etcdManifest(`/var/lib/etcd-${some}`),
      [`/var/lib/etcd-${some}/member/wal/0.wal`]: 'x',
    },
  },
  'etcd: a manifest without its volume': {
    files: {
      '/etc/kubernetes/manifests/etcd.yaml': etcdManifest('/x').replace('etcd-data', 'other'),
      '/var/lib/etcd/member/wal/0.wal': 'x',
    },
    words: ['phase', 'remove-etcd-member'],
  },
  'etcd: a manifest that is no YAML': {
    files: { '/etc/kubernetes/manifests/etcd.yaml': '{', '/var/lib/etcd/member/wal/0.wal': 'x' },
    words: ['phase', 'remove-etcd-member'],
  },
}

describe('the same is left by kadm and by kubeadm', () => {
  test.for(Object.entries(alike))('%s', async ([, scene], context) => {
    const { kadm, kubeadm } = await resetByBoth(context, scene)
    expect([kadm.exitCode, kadm.stderr]).toEqual([0, expect.not.stringContaining('error:')])
    expect(kubeadm.exitCode).toBe(0)
    expect(kadm.left).toEqual(kubeadm.left)
  })
})

describe('kadm leaves what is not of the cluster, and kubeadm removes it', () => {
  const data = { '/var/lib/etcd/member/wal/0.wal': 'x' }
  const different: Readonly<Record<string, { readonly scene: ResetScene; readonly stays: readonly string[] }>> = {
    'data of an etcd that no manifest here tells of': {
      scene: { files: { ...files, ...data } },
      stays: ['file /var/lib/etcd/member/wal/0.wal'],
    },
    'files beside the data of etcd': {
      scene: {
        files: {
          ...data,
          '/etc/kubernetes/manifests/etcd.yaml': etcdManifest('/var/lib/etcd'),
          '/var/lib/etcd/snapshot.db': 'x',
          '/var/lib/etcd/lost+found/x': 'x',
        },
      },
      stays: ['file /var/lib/etcd/snapshot.db', 'file /var/lib/etcd/lost+found/x'],
    },
  }

  test.for(Object.entries(different))('%s', async ([, { scene, stays }], context) => {
    const { kadm, kubeadm } = await resetByBoth(context, scene)
    expect([kadm.exitCode, kubeadm.exitCode]).toEqual([0, 0])
    expect(kadm.left).toEqual(expect.arrayContaining([...stays]))
    for (const one of stays) expect(kubeadm.left).not.toContain(one)
    for (const one of stays) expect(kadm.stdout).toContain(`  ${one.split(' ')[1]?.split('/').slice(0, 5).join('/')} (`)
  })

  test.for(['/etc', '/etc/kubernetes', '/var/lib', '/etc/other'])('a folder of certificates that is none: %s', async (folder) => {
    const scene = { files: { ...files, '/etc/other/project/x': 'x' }, words: ['--force', '--cert-dir', folder] }
    const whole = await resetByKadm(scene)
    expect(whole.exitCode).toBe(1)
    expect(whole.stderr).toContain(`[ERROR CertificatesDirectory]: "${folder}" would be emptied, and it holds "`)
    const single = await resetByKadm({ ...scene, words: ['phase', 'cleanup-node', '--cert-dir', folder] })
    expect(single.exitCode).toBe(0)
    expect(single.stderr).toContain(`"${folder}" is left as it is: "`)
    for (const { left } of [whole, single])
      expect(left).toEqual(expect.arrayContaining(['file /etc/kubernetes/audit-policy.yaml', 'file /etc/other/project/x']))
  })
})

test('certificates that the API server has elsewhere go too, unasked', async () => {
  const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver}\nspec:\n  containers: [{name: kube-apiserver}]\n  volumes: [{name: k8s-certs, hostPath: {path: /etc/other}}]\n`
  const { exitCode, left } = await resetByKadm({
    files: { ...files, '/etc/kubernetes/manifests/kube-apiserver.yaml': pod, '/etc/other/ca.key': 'x', '/etc/other/etcd/peer.crt': 'x' },
  })
  expect(exitCode).toBe(0)
  expect(left.filter((line) => line.includes('other'))).toEqual(['directory /etc/other'])
  const shared = await resetByKadm({
    files: {
      '/etc/kubernetes/manifests/kube-apiserver.yaml': pod,
      ...Object.fromEntries(['ca.key', 'sa.pub', 'app.key', 'etcd/ca.key', 'etcd/mine.crt'].map((name) => [`/etc/other/${name}`, 'x'])),
    },
  })
  const mine = ['/etc/other/app.key', '/etc/other/etcd/mine.crt']
  expect(shared.left.filter((line) => line.startsWith('file /etc/other'))).toEqual(mine.map((file) => `file ${file}`))
  for (const file of mine) expect(shared.stderr).toContain(`"${file}"`)
})

describe('no kubelet that is started begins anew on the data that is gone', () => {
  const manifest = etcdManifest(`/var/lib/etcd-${some}`)
  const data = { [`/var/lib/etcd-${some}/member/wal/0.wal`]: 'x' }
  const dataLeft = (left: readonly string[]): readonly string[] => left.filter((line) => line.includes(`etcd-${some}/`))

  test('phase remove-etcd-member puts the manifests aside, which kubeadm leaves', async (context) => {
    const { kadm, kubeadm } = await resetByBoth(context, {
      files: { ...files, '/etc/kubernetes/manifests/etcd.yaml': manifest, ...data },
      words: ['phase', 'remove-etcd-member'],
    })
    expect([kadm.exitCode, kubeadm.exitCode, dataLeft(kadm.left)]).toEqual([0, 0, []])
    const aside = (line: string): string => line.replace(/manifests\/(etcd|kube-apiserver)\.yaml$/, 'manifests/.$1.yaml')
    expect(kadm.left).toEqual(kubeadm.left.map(aside).toSorted())
    expect(kadm.left).toContain('file /etc/kubernetes/manifests/.etcd.yaml')
  })

  test('a reset that was cut off with them aside is run again: it finds the data, and takes them too', async () => {
    const { exitCode, left } = await resetByKadm({ files: { ...files, '/etc/kubernetes/manifests/.etcd.yaml': manifest, ...data } })
    expect([exitCode, dataLeft(left), left.filter((line) => line.includes('manifests/'))]).toEqual([0, [], []])
  })

  test('a whole run has put them aside before the data goes', async () => {
    const { exitCode, stdout } = await resetByKadm({
      files: { ...files, '/etc/kubernetes/manifests/etcd.yaml': manifest, ...data },
      words: ['--force', '--dry-run'],
    })
    expect(exitCode).toBe(0)
    const lines = stdout.split('\n')
    const at = (text: string): number => lines.findIndex((line) => line.includes(text))
    for (const name of ['etcd', 'kube-apiserver']) {
      const moved = at(`Would run "mv -fT /etc/kubernetes/manifests/${name}.yaml /etc/kubernetes/manifests/.${name}.yaml"`)
      expect(moved).toBeGreaterThan(-1)
      expect(moved).toBeLessThan(at(`/var/lib/etcd-${some}/member`))
    }
    expect(stdout).not.toContain('to end')
  })
})

test('a dry run changes nothing, and names every path that the real run takes away, and no other', async () => {
  const scene = {
    files: {
      ...files,
      '/etc/kubernetes/manifests/etcd.yaml': etcdManifest('/var/lib/etcd'),
      '/var/lib/etcd/member/wal/0.wal': 'x',
      '/var/lib/kadm/journal.jsonl': '',
      '/var/lib/kadm/backups/1/1-ca.key': 'x',
      '/var/lib/kadm/other': 'x',
    },
    words: ['--force', '--cleanup-tmp-dir'],
  }
  const unchanged = await resetByKadm({ ...scene, words: ['phase', 'preflight', '--force'] })
  const planned = await resetByKadm({ ...scene, words: [...scene.words, '--dry-run'] })
  const done = await resetByKadm(scene)
  expect([planned.exitCode, done.exitCode]).toEqual([0, 0])
  const counts = (path: string): boolean => /^\/(etc|var\/lib)\//.test(path)
  const paths = ({ tree }: typeof done): readonly string[] => [...tree.keys()].filter(counts)
  expect(paths(planned)).toEqual(paths(unchanged))
  const named = [...planned.stdout.matchAll(/^\[dryrun\] Would remove (?:file|directory) "(.*)"$/gm)].map(([, path = '']) => path)
  expect(named.toSorted()).toEqual(
    paths(unchanged)
      .filter((path) => !done.tree.has(path))
      .toSorted(),
  )
  expect(done.tree.has('/var/lib/kadm/other')).toBe(true)
})

test('nothing that is broken on the host is an obstacle', async () => {
  const { exitCode, stderr, left } = await resetByKadm({
    files: {
      ...files,
      '/etc/kubernetes/kubelet.conf': JSON.stringify({
        kind: 'Config',
        'current-context': 'a',
        contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster: {} }],
        users: [{ name: 'u', user: { 'client-certificate-data': 'AAAA' } }],
      }),
    },
    before: [
      [
        'sh',
        '-c',
        'cd /etc/kubernetes && rm pki/ca.crt && mkdir -p pki/ca.crt manifests/etcd.yaml && rm manifests/kube-apiserver.yaml && mkdir manifests/kube-apiserver.yaml && ln -s loop /var/lib/etcd',
      ],
    ],
  })
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error:')])
  expect(left.filter((line) => /pki\/|manifests\/|kubelet\.conf/.test(line))).toEqual([])
})

test('phase cleanup-node says that the data of etcd stays', async () => {
  const data = { '/etc/kubernetes/manifests/etcd.yaml': etcdManifest('/var/lib/etcd'), '/var/lib/etcd/member/wal/0.wal': 'x' }
  const { exitCode, stderr, left } = await resetByKadm({ files: { ...files, ...data }, words: ['phase', 'cleanup-node'] })
  expect([exitCode, stderr, left]).toEqual([
    0,
    expect.stringContaining('the data of etcd stays'),
    expect.arrayContaining(['file /var/lib/etcd/member/wal/0.wal']),
  ])
})

test('what may be wanted of it is named: copies of keys, the Node', async () => {
  const { stdout } = await resetByKadm({ files })
  expect(stdout).toContain('  /etc/kubernetes/tmp (may hold copies of keys; --cleanup-tmp-dir empties it)\n')
})

test('a damaged journal is no obstacle', async () => {
  const { exitCode, tree } = await resetByKadm({ files: { ...files, '/var/lib/kadm/journal.jsonl': '{"what\n' } })
  expect([exitCode, tree.has('/var/lib/kadm')]).toEqual([0, false])
})

test('a file that cannot be removed: the others go, and it is named', async () => {
  const { exitCode, stderr, left } = await resetByKadm({
    files,
    before: [['mount', '--bind', '/etc/kubernetes/pki/ca.crt', '/etc/kubernetes/scheduler.conf']],
  })
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('/etc/kubernetes/scheduler.conf')])
  expect(left.filter((line) => /\.conf$|kubelet\//.test(line))).toEqual(['file /etc/kubernetes/scheduler.conf'])
})

describe('a whole reset is noted on the host from before its first change until its end', () => {
  const mark = '/var/lib/kadm/reset-begun'
  const stuck = [['mount', '--bind', '/etc/kubernetes/pki/ca.crt', '/etc/kubernetes/scheduler.conf']]
  const cases: Readonly<Record<string, { readonly scene: ResetScene; readonly isNoted: boolean }>> = {
    'one that failed half-way': { scene: { files, before: stuck }, isNoted: true },
    'one that ended': { scene: { files }, isNoted: false },
    'one that ended where one before was cut off': { scene: { files: { ...files, [mark]: '' } }, isNoted: false },
    'one that preflight refused': { scene: { files, words: ['--force', '--cert-dir', '/etc/kubernetes'] }, isNoted: false },
    'a phase alone that failed': { scene: { files, before: stuck, words: ['phase', 'cleanup-node'] }, isNoted: false },
    'one that is to leave the node as it is': { scene: { files, words: ['--force', '--skip-phases=cleanup-node'] }, isNoted: false },
    'a dry run': { scene: { files, before: stuck, words: ['--force', '--dry-run'] }, isNoted: false },
  }

  test.for(Object.entries(cases))('%s', async ([, { scene, isNoted }]) => {
    const { tree } = await resetByKadm(scene)
    expect(tree.get(mark)?.mode).toBe(isNoted ? 0o600 : undefined)
  })
})
