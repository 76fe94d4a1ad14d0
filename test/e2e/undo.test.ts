/** A host of a fleet as it was before the last run of kadm on it, by its journal. */
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { fleetOperator, type FleetOperator } from '../support/fleet-operator.ts'
import { changesBetween, snapshotFiles, type FileSnapshot } from '../support/host-files.ts'
import { isLongRun } from '../support/long-run.ts'
import { folderOfFile } from '../support/temporary.ts'
import { etcdVoters } from '../support/whole-cluster.ts'

const folder = folderOfFile('undo')

let sandbox: Sandbox
let operator: FleetOperator

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 2 })
  operator = fleetOperator(sandbox, folder)
}, 300_000)

test('a worker is as before its join, its Node is gone, and apply brings it again', { timeout: 300_000 }, async () => {
  const before = await looks('h2')
  const file = await operator.write({ h1: 'control-plane', h2: 'worker' }, { labels: { 'example.com/kind': 'test' } })
  const applied = await operator.kadm(['apply', '-f', file, '--yes'])
  expect(applied.exitCode, applied.stderr).toBe(0)
  expect(changesBetween(before.files, (await looks('h2')).files)).toContain('+ /etc/kubernetes/kubelet.conf')

  const asked = await operator.kadm(['undo', '-f', file, '--host', 'h2'])
  expect([asked.exitCode, asked.stderr]).toEqual([1, expect.stringContaining('NOT_CONFIRMED')])
  const undone = await operator.kadm(['undo', '-f', file, '--host', 'h2', '--yes'])
  expect([undone.exitCode, undone.stderr], undone.stdout).toEqual([0, ''])
  expect(undone.stdout).toContain('  remove    /etc/kubernetes/kubelet.conf\n')
  const after = await looks('h2')
  expect(changesBetween(before.files, after.files)).toEqual([])
  expect(after.rest).toEqual(before.rest)
  // What kadm keeps of it: the journal says who did what, and that it is undone.
  expect((await sandbox.run('h2', ['ls', '/var/lib/kadm'])).split('\n').filter(Boolean)).toEqual(['journal.jsonl'])
  expect(await nodes()).toEqual(['h1'])

  const log = await operator.kadm(['log', '-f', file])
  expect([log.exitCode, log.stdout]).toEqual([
    0,
    expect.stringMatching(/ h2 {2}kadm join: done, .*, undone since \(kadm \S+, by \S+@\S+\)/),
  ])
  expect(log.stdout).toMatch(/ \S+@\S+ {2}kadm undo -f \S+: done, h2 undo done/)
  const again = await operator.kadm(['apply', '-f', file, '--yes'])
  expect(again.exitCode, again.stderr).toBe(0)
  expect(await nodes()).toEqual(['h1', 'h2'])
})

test('labels of a Node that stays have their former values again', { timeout: 180_000 }, async () => {
  await kubectl(sandbox, 'h1', ['label', 'node', 'h2', 'example.com/old=mine'])
  const file = await operator.write(
    { h1: 'control-plane', h2: 'worker' },
    { labels: { 'example.com/kind': 'other', 'example.com/old': 'kadm', 'example.com/new': 'kadm' } },
  )
  const applied = await operator.kadm(['apply', '-f', file, '--yes'])
  expect(applied.exitCode, applied.stderr).toBe(0)
  expect(await labels('h2')).toEqual({ kind: 'other', old: 'kadm', new: 'kadm' })
  const undone = await operator.kadm(['undo', '-f', file, '--host', 'h2', '--yes'])
  expect([undone.exitCode, undone.stderr], undone.stdout).toEqual([0, ''])
  expect(await labels('h2')).toEqual({ kind: 'test', old: 'mine' })
})

test('the only control plane does not go from under its worker', { timeout: 180_000 }, async () => {
  const file = path.join(folder, 'cluster.yaml')
  const refused = await operator.kadm(['undo', '-f', file, '--host', 'h1', '--yes'])
  expect([refused.exitCode, refused.stderr]).toEqual([
    1,
    expect.stringContaining('h1 is the only control plane of a cluster that others are in: h2'),
  ])
  expect(await nodes()).toEqual(['h1', 'h2'])
})

describe.runIf(isLongRun)('two control planes', () => {
  test(
    'killed at random moments and run again, the one that joined is gone without a trace, then the one that made the cluster',
    { timeout: 600_000 },
    async () => {
      await renewHosts(sandbox)
      const before = { h1: await looks('h1'), h2: await looks('h2') }
      const controlPlaneEndpoint = `${sandbox.hosts[0]?.address}:6443`
      const file = await operator.write({ h1: 'control-plane', h2: 'control-plane' }, { controlPlaneEndpoint })
      for (const killAfter of [3, 4 + 3 * Math.random(), 2 + 8 * Math.random()]) {
        const applied = await operator.kadm(['apply', '-f', file, '--yes'])
        expect(applied.exitCode, applied.stderr).toBe(0)
        expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1', 'h2'])
        await operator.kadm(['undo', '-f', file, '--host', 'h2', '--yes'], { killAfter })
        const undone = await operator.kadm(['undo', '-f', file, '--host', 'h2', '--yes'])
        expect(undone.exitCode, undone.stderr).toBe(0)
        const after = await looks('h2')
        expect(changesBetween(before.h2.files, after.files), `killed after ${killAfter} s`).toEqual([])
        expect(after.rest).toEqual(before.h2.rest)
        expect(await etcdVoters(sandbox, 'h1')).toEqual(['h1'])
        expect(await nodes()).toEqual(['h1'])
      }
      const undone = await operator.kadm(['undo', '-f', file, '--host', 'h1', '--yes'])
      expect(undone.exitCode, undone.stderr).toBe(0)
      expect(changesBetween(before.h1.files, (await looks('h1')).files)).toEqual([])
    },
  )
})

interface Looks {
  readonly files: FileSnapshot
  readonly rest: { readonly isEnabled: string; readonly rules: number; readonly containers: string; readonly mounts: string }
}

async function looks(host: string): Promise<Looks> {
  const [files, isEnabled, rules, containers, mounts] = await Promise.all([
    snapshotFiles(
      sandbox,
      host,
      ['/etc', '/var/lib/kubelet', '/var/lib/etcd', '/usr/lib/systemd', '/usr/libexec', '/opt', '/var/log/pods', '/var/log/containers'],
      ['/opt/kadm'],
    ),
    // It ends with 1 for "disabled".
    sandbox.exec(host, ['systemctl', 'is-enabled', 'kubelet']),
    sandbox.run(host, ['sh', '-c', 'iptables-save && ip6tables-save']),
    sandbox.run(host, ['ctr', '--namespace', 'k8s.io', 'containers', 'list', '--quiet']),
    // None found: 1.
    sandbox.run(host, ['sh', '-c', 'grep /var/lib/kubelet /proc/mounts || [ $? = 1 ]']),
  ])
  return {
    files,
    rest: { isEnabled: isEnabled.stdout, rules: rules.split('KUBE-').length - 1, containers, mounts },
  }
}

async function nodes(): Promise<readonly string[]> {
  return (await kubectl(sandbox, 'h1', ['get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ')
}

async function labels(node: string): Promise<Readonly<Record<string, string>>> {
  const all = JSON.parse(await kubectl(sandbox, 'h1', ['get', 'node', node, '-o', 'jsonpath={.metadata.labels}'])) as Record<string, string>
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => (key.startsWith('example.com/') ? [[key.slice('example.com/'.length), value]] : [])),
  )
}
