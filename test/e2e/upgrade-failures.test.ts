/** `kadm upgrade apply` that is killed, and new components that do not come up: the node is upgraded or as before, and nothing is lost. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { startCounter, stopCounter } from '../support/api-counter.ts'
import { kubectl, sharedSandbox } from '../support/cluster.ts'
import { isLongRun } from '../support/long-run.ts'
import { allAt, kept, newer, older, olderCluster, runningVersions, upgrade, upgradeKilled, upgradeWith } from '../support/upgrade-scene.ts'

// What is at the beginning of these files tells an etcd that they are its own.
const breakData =
  'for f in /var/lib/etcd/member/snap/db /var/lib/etcd/member/wal/*.wal; do dd if=/dev/urandom of=$f bs=4096 count=8 conv=notrunc; done; exit 1'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 1, furtherVersions: [older] })
}, 300_000)

describe('killed at a random moment, and run again', () => {
  const rounds = isLongRun ? 30 : 1

  test.each(Array.from({ length: rounds }, (_, round) => ({ round })))(
    'in part $round of its time',
    { timeout: 300_000 },
    async ({ round }) => {
      await olderCluster(sandbox)
      await startCounter(sandbox, 'h1')
      // Before that line it only checks; from there it takes some 10 s.
      const seconds = (10 * (round + Math.random())) / rounds
      const said = await upgradeKilled(sandbox, { line: 'Upgrading your static Pod-hosted control plane', seconds })
      const started = performance.now()
      const again = await sandbox.exec('h1', upgrade, { timeout: 200_000 })
      const took = ((performance.now() - started) / 1000).toFixed(1)
      const story = `killed ${seconds.toFixed(3)} s after it began: ${said}\nthen (${took} s): ${again.stdout}${again.stderr}`
      expect(again.exitCode, story).toBe(0)
      expect(await runningVersions(sandbox), story).toEqual(allAt(newer))
      const { acknowledged, lost } = await stopCounter(sandbox, 'h1')
      expect(acknowledged).toBeGreaterThan(10)
      expect(lost, story).toEqual([])
      process.stdout.write(`killed ${seconds.toFixed(1)} s after it began; the second run took ${took} s\n`)
    },
  )
})

describe.runIf(isLongRun)('new components that do not come up: the node is as before, and says so', () => {
  test.each([
    {
      name: 'an API server that ends',
      component: 'kube-apiserver',
      patch: ['args: ["--no-such-flag"]'],
      says: 'unknown flag: --no-such-flag',
    },
    { name: 'etcd that ends', component: 'etcd', patch: ['args: ["--no-such-flag"]'], says: 'does not know one of its arguments' },
    {
      name: 'an image that is not there',
      component: 'kube-controller-manager',
      patch: ['image: lab.test/busybox:none'],
      says: 'busybox:none',
    },
    {
      name: 'etcd that breaks its data',
      component: 'etcd',
      patch: ['image: lab.test/busybox:1', `command: [sh, -c, "${breakData}"]`],
      says: 'it was put back as it was before the upgrade',
    },
  ])('$name', { timeout: 500_000 }, async ({ component, patch, says }) => {
    await olderCluster(sandbox)
    await startCounter(sandbox, 'h1')
    const before = await kept(sandbox)
    const patches = {
      [`${component}.yaml`]: ['spec:', '  containers:', `  - name: ${component}`, ...patch.map((line) => `    ${line}`)].join('\n'),
    }
    const result = await upgradeWith(sandbox, patches, 60)
    expect(result.stderr).toContain('UPGRADE_ROLLED_BACK')
    expect(result.stderr).toContain(says)
    expect(await kept(sandbox)).toEqual(before)
    expect(await foldersOf('state')).toEqual(['closed'])
    expect(await foldersOf('etcd-data')).toEqual([])
    expect(await runningVersions(sandbox)).toEqual(allAt(older))
    expect((await stopCounter(sandbox, 'h1')).lost).toEqual([])
    // The cause is mended: the next run finishes, once the kubelet has found the API again, which it looks for more and more seldom.
    await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'node/h1', '--timeout=120s'], { timeout: 130_000 })
    const again = await sandbox.exec('h1', upgrade, { timeout: 200_000 })
    expect(again.exitCode, again.stdout + again.stderr).toBe(0)
    expect(await runningVersions(sandbox)).toEqual(allAt(newer))
  })

  test('what has happened between two upgrades that fail stays: certificates, and writes', { timeout: 300_000 }, async () => {
    await olderCluster(sandbox)
    await startCounter(sandbox, 'h1')
    const patches = { 'kube-apiserver.yaml': 'spec:\n  containers:\n  - name: kube-apiserver\n    args: ["--no-such-flag"]\n' }
    expect((await upgradeWith(sandbox, patches, 60)).stderr).toContain('UPGRADE_ROLLED_BACK')
    await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'node/h1', '--timeout=120s'], { timeout: 130_000 })
    await sandbox.run('h1', ['kubeadm', 'certs', 'renew', 'all'], { timeout: 60_000 })
    const before = await kept(sandbox)
    expect((await upgradeWith(sandbox, patches, 61)).stderr).toContain('UPGRADE_ROLLED_BACK')
    expect(await kept(sandbox)).toEqual(before)
    expect(await foldersOf('state')).toEqual(['closed', 'closed'])
    expect((await stopCounter(sandbox, 'h1')).lost).toEqual([])
  })
})

/** What of this name is in the folders of upgrades: of a file its words. */
async function foldersOf(name: string): Promise<readonly string[]> {
  const found = await sandbox.run('h1', ['find', '/etc/kubernetes/tmp', '-mindepth', '2', '-maxdepth', '2', '-name', name])
  const paths = found.split('\n').filter((path) => path !== '')
  return Promise.all(paths.map(async (path) => (await sandbox.run('h1', ['cat', path])).trim()))
}
