/**
 * `kadm upgrade node --kubelet`: a node of 1.36.3 in a cluster of 1.37.2 gets the newer kubelet, the old one back when that does not come
 * up, and is finished after a kill.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { joinWords, kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { rehearsalScene } from '../support/rehearsal-scene.ts'
import { isLongRun, skipInShortRun } from '../support/long-run.ts'
import { newer, older } from '../support/upgrade-scene.ts'

const next = `/root/kubelet-${newer}`
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: isLongRun ? 2 : 1, furtherVersions: [older] })
  const hosts = isLongRun ? ['h1', 'h2'] : ['h1']
  await renewHosts(sandbox, hosts)
  for (const host of hosts) {
    await sandbox.run(host, ['cp', '/usr/bin/kubelet', next])
    await sandbox.run(host, ['cp', '/usr/bin/kubeadm', '/root/kubeadm'])
    await sandbox.version(host, older)
  }
  const file = await putInitConfig(sandbox, 'h1', { kubernetesVersion: newer })
  await sandbox.run('h1', ['kadm', 'init', '--config', file], { timeout: 120_000 })
  if (isLongRun)
    await sandbox.run('h2', ['kadm', ...(await joinWords(sandbox, 'h1')), '--ignore-preflight-errors=SystemVerification'], {
      timeout: 60_000,
    })
  await sandbox.network()
  await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s'], { timeout: 70_000 })
}, 300_000)

function upgrade(host: string, ...words: readonly string[]): Promise<ProgramResult> {
  return sandbox.exec(host, ['kadm', 'upgrade', 'node', 'phase', 'kubelet', ...words], { timeout: 150_000 })
}

/** `v1.37.2 True `, with the word `cordoned` where it is. */
async function node(name: string): Promise<string> {
  const path = '{.status.nodeInfo.kubeletVersion} {.status.conditions[?(@.type=="Ready")].status} {.spec.unschedulable}'
  return (await kubectl(sandbox, 'h1', ['get', 'node', name, '-o', `jsonpath=${path}`])).replace('true', 'cordoned')
}

async function installed(host: string): Promise<string> {
  return (await sandbox.run(host, ['kubelet', '--version'])).trim()
}

const unchanged = `${older} True `

test('plan and diff of a cluster of 1.37.2 with a kubelet of 1.36.3: as the real kubeadm', { timeout: 120_000 }, async () => {
  await kubectl(sandbox, 'h1', ['cordon', 'h1']) // no Job is made then
  const always = [
    ['plan', 'v1.37.9', '-o', 'json'],
    ['diff', 'v1.37.9', '-c', '3'],
  ]
  const more = [
    ['plan', newer, '-o', 'json'],
    ['plan', '-o', 'yaml'],
    ['plan', 'v1.38.0', '-o', 'json'],
    ['diff', newer],
  ]
  for (const words of [...always, ...(isLongRun ? more : [])]) {
    const [theirs, ours] = [
      await sandbox.exec('h1', ['/root/kubeadm', 'upgrade', ...words]),
      await sandbox.exec('h1', ['kadm', 'upgrade', ...words]),
    ]
    const sorted = ({ stdout }: ProgramResult): readonly string[] =>
      stdout
        .split(/^(?=--- \/)/m)
        .filter((part) => !part.startsWith('[upgrade/diff]'))
        .toSorted()
    expect([words, ours.exitCode, sorted(ours)]).toEqual([words, theirs.exitCode, sorted(theirs)])
  }
  await kubectl(sandbox, 'h1', ['uncordon', 'h1'])
})

describe('the kubelet of a control plane', () => {
  test('a dry run tells all of it and does nothing', async () => {
    const { exitCode, stdout, stderr } = await upgrade('h1', '--kubelet', next, '--dry-run')
    expect(exitCode, stderr).toBe(0)
    const told = [
      'resource "nodes"',
      'action EVICT on resource "pods"',
      `"mv -fT /usr/bin/kubelet.kadm-new /usr/bin/kubelet"`,
      'restart service "kubelet"',
      `node "h1" to be Ready at ${newer}`,
    ]
    // With a second host the only Pods that could leave may be there.
    expect(told.filter((part) => !stdout.includes(part) && !(isLongRun && part.includes('EVICT')))).toEqual([])
    expect([await node('h1'), await installed('h1')]).toEqual([unchanged, `Kubernetes ${older}`])
  })

  test(
    'refused before anything is touched: no such file, no kubelet, another version, a Pod that would be lost',
    { timeout: 60_000 },
    async () => {
      await sandbox.put('h1', '/root/tomorrow', '#!/bin/sh\necho Kubernetes v1.38.0\n', 0o755)
      const refusals: readonly (readonly [words: readonly string[], code: string])[] = [
        [['--kubelet', '/root/none'], 'FILE_FAILED'],
        [['--kubelet', '/usr/bin/true'], 'COMMAND_FAILED'],
        [['--kubelet', next, '--kubelet-version', older], 'USAGE'],
        [['--kubelet-version', 'v1.37.1'], 'FILE_FAILED'],
        [['--kubelet', '/root/tomorrow'], 'VERSION_SKEW'],
        [[], 'USAGE'],
      ]
      for (const [words, code] of refusals) {
        const { exitCode, stderr } = await upgrade('h1', ...words)
        expect([exitCode, words, stderr]).toEqual([1, words, expect.stringContaining(`[${code}]`)])
      }
      expect(await node('h1')).toBe(unchanged)
      await kubectl(sandbox, 'h1', ['apply', '-f', '-'], { input: rehearsalScene })
      await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'pod', '-l', 'scene=rehearsal', '--timeout=30s'])
      const bare = await upgrade('h1', '--kubelet', next)
      expect([bare.exitCode, bare.stderr]).toEqual([1, expect.stringContaining('kubectl -n default delete pod bare')])
      await kubectl(sandbox, 'h1', ['delete', 'pod', 'bare', '--grace-period=0', '--force'])
      const guarded = await upgrade('h1', '--kubelet', next, '--drain-timeout', '3s')
      expect([guarded.exitCode, guarded.stderr]).toEqual([
        1,
        expect.stringMatching(/waited 3 s .*The disruption budget cart needs 1 healthy pods(.|\n)*kubectl get pdb -A/),
      ])
      expect([await node('h1'), await installed('h1')]).toEqual([`${unchanged}cordoned`, `Kubernetes ${older}`])
      await kubectl(sandbox, 'h1', ['delete', 'pdb,deployment', 'cart'])
    },
  )

  test('one that does not come up: the old one is back, and its log is told', { timeout: 120_000 }, async () => {
    await sandbox.put(
      'h1',
      '/root/broken',
      `#!/bin/sh\n[ "$1" = --version ] && { echo Kubernetes v1.37.1; exit 0; }\necho no such flag: --mystery >&2; exit 1\n`,
      0o755,
    )
    await sandbox.put(
      'h1',
      '/root/short.yaml',
      'apiVersion: kubeadm.k8s.io/v1beta4\nkind: UpgradeConfiguration\ntimeouts: {kubeletHealthCheck: 8s}\n',
    )
    const { exitCode, stderr } = await upgrade('h1', '--kubelet', '/root/broken', '--config', '/root/short.yaml')
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`did not come up: ${older} is back and Ready [KUBELET_NOT_UPGRADED]`)])
    expect(stderr).toContain('no such flag: --mystery')
    expect([await node('h1'), await installed('h1')]).toEqual([unchanged, `Kubernetes ${older}`])
  })

  test(
    'killed on the way, and run again: Ready at the new version, not cordoned, the old one kept',
    { timeout: 200_000 },
    async (context) => {
      skipInShortRun(context)
      const script =
        'kadm upgrade node phase kubelet --kubelet "$1" >/root/log 2>&1 & pid=$!; i=0; while ! grep -q "$2" /root/log && [ $i -lt 600 ]; do sleep 0.05; i=$((i+1)); done; kill -9 $pid; cat /root/log'
      const moment = ['Draining', 'Replacing', 'Waiting for a healthy kubelet'][Math.floor(Math.random() * 3)] ?? ''
      const log = await sandbox.run('h1', ['sh', '-c', script, 'killed', next, moment], { timeout: 60_000 })
      expect(log, moment).toContain(moment)
      await sleep(300)
      const result = await upgrade('h1', '--kubelet', next)
      expect([result.exitCode, moment, result.stderr]).toEqual([0, moment, expect.any(String)])
      expect(await node('h1')).toBe(`${newer} True `)
      expect(await installed('h1')).toBe(`Kubernetes ${newer}`)
      expect(await sandbox.run('h1', [`/usr/bin/kubelet-${older}`, '--version'])).toBe(`Kubernetes ${older}\n`)
      const again = await upgrade('h1', '--kubelet', next)
      expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining(`The kubelet is at ${newer} already`)])
    },
  )

  test('a worker drains itself, with the rights of its kubelet, in a whole run', { timeout: 120_000 }, async (context) => {
    skipInShortRun(context)
    await kubectl(sandbox, 'h1', ['create', 'deployment', 'web', '--image=lab.test/busybox:1', '--replicas=2', '--', 'sleep', '3600'])
    await kubectl(sandbox, 'h1', ['rollout', 'status', 'deployment/web', '--timeout=60s'], { timeout: 70_000 })
    const result = await sandbox.exec(
      'h2',
      ['kadm', 'upgrade', 'node', '--kubelet', next, '--ignore-preflight-errors=SystemVerification'],
      { timeout: 110_000 },
    )
    expect(result.exitCode, result.stderr).toBe(0)
    expect(result.stdout).toContain('Evicting Pod default/web-')
    expect(await node('h2')).toBe(`${newer} True `)
  })
})
