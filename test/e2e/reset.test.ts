/**
 * Hosts leave their clusters: what kadm's reset and kubeadm's leave of a host is the same, the member leaves etcd, and the host can begin
 * anew.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { busyboxImage } from '../../src/sandbox/images.ts'
import { labInitConfig } from '../../src/sandbox/lab-config.ts'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { joinWords, putInitConfig, renewHosts, sharedSandbox, type Tool } from '../support/cluster.ts'
import { listedMembers } from '../support/etcd-members.ts'
import { snapshotFiles } from '../support/host-files.ts'
import { isLongRun } from '../support/long-run.ts'

const canaryPod = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'canary' },
  spec: { hostNetwork: true, containers: [{ name: 'a', image: busyboxImage, command: ['sleep', '31337'], imagePullPolicy: 'Never' }] },
})
const slow = { timeout: isLongRun ? 600_000 : 240_000 }

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 2 })
  await Promise.all(['h1', 'h2'].map((host) => putConfig(host)))
}, 300_000)

describe('one resets the host of the other', () => {
  test('nothing of the cluster is left by either, and what is left is the same', slow, async () => {
    const [ours, theirs] = await Promise.all([left('h1', 'kubeadm', 'kadm'), left('h2', 'kadm', 'kubeadm')])
    expect(ours).toEqual(theirs)
    expect(ours.files).toContain('/etc/kubernetes/foreign.yaml')
    expect(ours.files.filter((file) => /^\/(etc\/kubernetes\/(pki|manifests)|var\/lib\/(etcd|kubelet))\/./.test(file))).toEqual([])
    expect([ours.containers, ours.mounts, ours.kubelet]).toEqual(['', '', 'inactive'])
  })

  test('the network rules that were left go on --cleanup=network, and others stay', async () => {
    const before = await sandbox.run('h1', ['sh', '-c', 'iptables -N MINE; iptables -A INPUT -j MINE; iptables-save; ip6tables-save'])
    expect(before).toContain('KUBE-FIREWALL')
    const { exitCode, stdout } = await sandbox.exec('h1', ['kadm', 'reset', '--force', '--cleanup=network'])
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/\[reset\] Removing iptables-\w+: \d+ rules in \d+ chains KUBE-\*\n/)])
    expect(stdout).not.toContain('leaves to you')
    const after = await sandbox.run('h1', ['sh', '-c', 'iptables-save; ip6tables-save'])
    expect([after.includes('KUBE-'), after.includes('-A INPUT -j MINE')]).toEqual([false, true])
  })

  test('so do the tables of a kube-proxy in nftables mode, and the addresses that the Pod network gave out', slow, async () => {
    const config = labInitConfig({ controlPlaneEndpoint: 'h1:6443' }).replace(/^conntrack:/m, 'mode: nftables\nconntrack:')
    await sandbox.put('h1', '/root/nftables.yaml', config, 0o600)
    await sandbox.run('h1', ['kadm', 'init', '--config', '/root/nftables.yaml'], slow)
    await sandbox.run('h1', [
      'sh',
      '-c',
      'for i in $(seq 300); do nft list table ip kube-proxy 2>/dev/null | grep -q service- && exit; sleep 0.1; done; exit 1',
    ])
    await sandbox.run('h1', ['nft', 'add', 'table', 'inet', 'mine'])
    const { exitCode, stdout, stderr } = await sandbox.exec('h1', ['kadm', 'reset', '--force', '--cleanup=network'])
    expect([exitCode, stderr]).toEqual([0, ''])
    for (const family of ['ip', 'ip6']) expect(stdout).toContain(`[reset] Removing nft: table "${family} kube-proxy"\n`)
    const tables = await sandbox.run('h1', ['nft', 'list', 'tables'])
    expect([tables.includes('kube-proxy'), tables.includes('table inet mine\n')]).toEqual([false, true])
  })
})

describe('a control plane of two leaves', () => {
  beforeAll(freshHosts)

  const first = 'h1'
  const second = 'h2'

  test('killed at two random moments of its reset and run again: it has left etcd, and joins again under its name', slow, async () => {
    await sandbox.run(first, ['kadm', 'init', '--config', '/root/init.yaml'], slow)
    await joinControlPlane()
    expect(await members(first)).toEqual([first, second])
    for (const round of isLongRun ? [0, 1, 2, 3, 4, 5, 6, 7] : [0, 1]) {
      const moment = (0.15 + ((round + Math.random()) * 1.2) / (isLongRun ? 8 : 2)).toFixed(3)
      const { exitCode, took } = await timed(second, ['timeout', '--signal=KILL', moment, 'kadm', 'reset', '--force'])
      // In the short form the second one cuts off what the first has left.
      if (!isLongRun) continue
      await expectGone(`killed after ${took} ms (exit code ${exitCode})`)
      await joinControlPlane()
    }
    await expectGone('killed twice')
    await joinControlPlane()
    expect(await members(first)).toEqual([first, second])
  })

  test('when the other one is down it is refused, and nothing is changed; --force goes on, and does not hang', slow, async () => {
    await stopEtcd(second)
    const before = await ownState(first)
    const { exitCode, stderr } = await sandbox.exec(first, ['sh', '-c', 'echo y | kadm reset'])
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('without this host it has 1 voting members, of which 1 must be healthy, and 0 are [ETCD_QUORUM]'),
    ])
    expect(stderr).toContain(`member "${second}" at https://`)
    expect(await ownState(first)).toEqual(before)
    const forced = await timed(first, ['kadm', 'reset', '--force'])
    expect([forced.exitCode, forced.stderr]).toEqual([0, expect.stringContaining('etcd would be left without a quorum')])
    expect(forced.took).toBeLessThan(30_000)
    expect(await stateOf(first)).toMatchObject({ containers: '', kubelet: 'inactive' })
  })

  test('an etcd that is dead is no reason to wait', async () => {
    const { exitCode, stderr, took } = await timed(second, ['kadm', 'reset', '--force'])
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("this host's member was not removed from etcd: etcd at ")])
    expect(took).toBeLessThan(30_000)
  })
})

describe('begins anew', () => {
  beforeAll(freshHosts)

  test.each(Array.from({ length: isLongRun ? 10 : 1 }, (_, round) => ({ round })))(
    'round $round: init, and a worker, and both give up',
    slow,
    async () => {
      await sandbox.run('h1', ['kadm', 'init', '--config', '/root/init.yaml'], slow)
      await sandbox.run('h2', ['kadm', ...(await joinWords(sandbox, 'h1')), '--ignore-preflight-errors=SystemVerification'], slow)
      const [worker, controlPlane] = await Promise.all([
        timed('h2', ['kadm', 'reset', '--force']),
        timed('h1', ['kadm', 'reset', '--force']),
      ])
      expect([worker.exitCode, controlPlane.exitCode, worker.stderr, controlPlane.stderr]).toEqual([0, 0, '', ''])
      expect([worker.stdout, controlPlane.stdout]).toEqual([
        expect.stringContaining('  the Node "h2" in the cluster (kubectl delete node h2)\n'),
        expect.not.stringContaining('delete node'),
      ])
    },
  )
})

describe('cut off when the data of etcd has gone', () => {
  beforeAll(freshHosts)

  test('the phase alone: etcd ends before its data goes, and a kubelet that is started anew begins no cluster', slow, async () => {
    await sandbox.run('h1', ['kadm', 'init', '--config', '/root/init.yaml'], slow)
    const { exitCode, stderr } = await sandbox.exec('h1', ['kadm', 'reset', 'phase', 'remove-etcd-member', '--force'], { timeout: 90_000 })
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error:')])
    // That it runs shows that the kubelet has read what is in the folder.
    const canary = '/etc/kubernetes/manifests/canary.yaml'
    await sandbox.put('h1', canary, canaryPod)
    await sandbox.run('h1', ['systemctl', 'restart', 'kubelet'])
    await sandbox.run('h1', ['sh', '-c', 'for i in $(seq 300); do pgrep -fx "sleep 31337" && exit; sleep 0.1; done; exit 1'], slow)
    await sandbox.run('h1', ['rm', canary])
    expect(await sandbox.run('h1', ['ls', '-A', '/etc/kubernetes/manifests'])).toContain('.etcd.yaml\n.kube-apiserver.yaml\n')
    expect(await sandbox.run('h1', ['sh', '-c', 'ls -A /var/lib/etcd; pgrep -x etcd || true'])).toBe('')
    const again = await sandbox.exec('h1', ['kadm', 'reset', '--force'], { timeout: 60_000 })
    expect(again.exitCode, again.stderr).toBe(0)
    expect(await sandbox.run('h1', ['ls', '-A', '/etc/kubernetes/manifests'])).toBe('')
  })
})

describe.runIf(isLongRun)('by the same tool', () => {
  test.each(['kadm', 'kubeadm'] as const)('%s: what the other one leaves of its own host', slow, async (tool) => {
    await freshHosts()
    const [ours, theirs] = await Promise.all([left('h1', tool, 'kadm'), left('h2', tool, 'kubeadm')])
    expect(ours).toEqual(theirs)
  })
})

interface Left {
  readonly files: readonly string[]
  readonly mounts: string
  readonly containers: string
  readonly kubelet: string
}

/** What is left of a host that `maker` made a control plane and `resetter` has reset. */
async function left(host: string, maker: Tool, resetter: Tool): Promise<Left> {
  await sandbox.run(host, [maker, 'init', '--config', '/root/init.yaml'], slow)
  await sandbox.put(host, '/etc/kubernetes/foreign.yaml', 'x')
  // kube-proxy's Pod has mounts of the kubelet.
  await sandbox.run(host, [
    'sh',
    '-c',
    'for i in $(seq 300); do grep -q " /var/lib/kubelet/pods" /proc/mounts && exit; sleep 0.1; done; exit 1',
  ])
  const { exitCode, stderr } = await sandbox.exec(host, [resetter, 'reset', '--force'], { timeout: 60_000 })
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('[BUG]')])
  return stateOf(host)
}

async function stateOf(host: string): Promise<Left> {
  const files = await snapshotFiles(
    sandbox,
    host,
    ['/etc/kubernetes', '/etc/cni', '/var/lib/kubelet', '/var/lib/etcd', '/var/lib/cni'],
    ['/etc/cni/net.d/.*'],
  )
  const ask = async (script: string): Promise<string> => (await sandbox.exec(host, ['sh', '-c', script])).stdout.trim()
  return {
    files: [...files.keys()].filter((path) => !path.startsWith('/var/lib/kubelet/pods')),
    mounts: await ask('cut -d" " -f2 /proc/mounts | grep /var/lib/kubelet/'),
    containers: await ask('ctr --namespace k8s.io containers list --quiet'),
    kubelet: await ask('systemctl is-active kubelet'),
  }
}

/** Of a host that is no member of a working cluster: its components come and go, and the kubelet's notes of them. */
async function ownState(host: string): Promise<unknown> {
  const { files, kubelet } = await stateOf(host)
  return { files: files.filter((path) => path.startsWith('/etc/kubernetes') || path === '/var/lib/etcd/member'), kubelet }
}

async function timed(host: string, argv: readonly [string, ...string[]]): Promise<ProgramResult & { readonly took: number }> {
  const began = performance.now()
  const result = await sandbox.exec(host, argv, { timeout: 60_000 })
  return { ...result, took: performance.now() - began }
}

/** In the place of whatever the tests before have left. */
async function freshHosts(): Promise<void> {
  await renewHosts(sandbox)
  await Promise.all(['h1', 'h2'].map((host) => putConfig(host)))
}

function putConfig(host: string): Promise<string> {
  return putInitConfig(sandbox, host, { controlPlaneEndpoint: `${host}:6443` })
}

async function joinControlPlane(): Promise<void> {
  const key = (await sandbox.run('h1', ['kubeadm', 'init', 'phase', 'upload-certs', '--upload-certs'])).trim().split('\n').at(-1) ?? ''
  await sandbox.run(
    'h2',
    [
      'kadm',
      ...(await joinWords(sandbox, 'h1')),
      '--control-plane',
      '--certificate-key',
      key,
      '--ignore-preflight-errors=SystemVerification',
    ],
    slow,
  )
}

async function expectGone(told: string): Promise<void> {
  const { exitCode, stderr } = await sandbox.exec('h2', ['kadm', 'reset', '--force'])
  expect([told, exitCode, stderr]).toEqual([told, 0, expect.not.stringContaining('error:')])
  expect(await members('h1')).toEqual(['h1'])
  expect(await stateOf('h2')).toMatchObject({ mounts: '', containers: '', kubelet: 'inactive' })
  expect(await sandbox.run('h2', ['sh', '-c', 'ls -A /var/lib/kadm /var/lib/etcd /run/kadm* 2>/dev/null | grep -v : || true'])).toBe('')
}

async function members(host: string): Promise<readonly string[]> {
  return (await listedMembers(sandbox, host)).map(({ name }) => name).toSorted()
}

/** As on a host whose etcd does not come up any more. */
async function stopEtcd(host: string): Promise<void> {
  await sandbox.run(host, [
    'sh',
    '-c',
    'systemctl stop kubelet; pkill -KILL -x etcd; for i in $(seq 50); do pgrep -x etcd || exit 0; sleep 0.1; done; exit 1',
  ])
}
