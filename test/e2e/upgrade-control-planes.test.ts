/**
 * Three control planes behind a balancer and two workers from 1.36.3 to 1.37.2, one after the other, without an outage: by kadm, and by
 * kadm and kubeadm mixed; and hosts that lose power meanwhile.
 */
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureComponents } from '../../src/sandbox/components.ts'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { startCounter, stopCounter } from '../support/api-counter.ts'
import { joinWords, kubectl, putInitConfig, renewHosts, sharedSandbox, type Tool } from '../support/cluster.ts'
import { kubeadmSuite } from '../support/kubeadm-suite.ts'
import { isLongRun } from '../support/long-run.ts'
import { startProbe, stopProbe, type Met } from '../support/outage-probe.ts'
import { cgroupVersion, newer, older } from '../support/upgrade-scene.ts'

const controlPlanes = ['h1', 'h2', 'h3']
const hosts = [...controlPlanes, 'h4', 'h5']
const nextKubelet = `/root/kubelet-${newer}`

let sandbox: Sandbox

describe.runIf(isLongRun)('three control planes, two workers, a balancer', () => {
  beforeAll(async () => {
    sandbox = await sharedSandbox({ hosts: 5, furtherVersions: [older], loadBalancer: true })
  }, 300_000)

  test.each<{ readonly name: string; readonly tools: readonly Tool[] }>([
    { name: 'by kadm', tools: ['kadm', 'kadm', 'kadm', 'kadm', 'kadm'] },
    { name: 'begun by kubeadm, finished by kadm', tools: ['kubeadm', 'kadm', 'kadm', 'kubeadm', 'kadm'] },
    { name: 'begun by kadm, finished by kubeadm', tools: ['kadm', 'kubeadm', 'kadm', 'kadm', 'kubeadm'] },
  ])('$name', { timeout: 1_500_000 }, async ({ tools }) => {
    await olderCluster()
    await startProbe(sandbox, 'h1')
    const byKadm = tools.every((tool) => tool === 'kadm')
    for (const [index, tool] of tools.entries()) {
      const host = `h${index + 1}`
      const isWorker = !controlPlanes.includes(host)
      // A worker of kadm gets its kubelet too: it is drained, and the Service goes on.
      const words = index === 0 ? ['apply', newer, '--yes'] : ['node', ...(isWorker && tool === 'kadm' ? ['--kubelet', nextKubelet] : [])]
      const started = performance.now()
      const said = await sandbox.run(host, [tool, 'upgrade', ...words, cgroupVersion], { timeout: 400_000 })
      process.stdout.write(`${host}: ${tool} upgrade ${words[0]}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
      // Addons are the last one's matter.
      if (index < 2) expect(said).toContain('Skipping upgrade of addons because control plane instances')
      else if (index === 2) expect(said).toContain('Applied essential addon: CoreDNS')
    }
    const { lost, ...met } = await stopProbe(sandbox, 'h1')
    process.stdout.write(`${Object.entries(met).map(told).join('; ')}\n`)
    expect(lost).toEqual([])
    if (byKadm) expect(Object.values(met).map(({ unmended }) => unmended)).toEqual([0, 0, 0])
    expect(await olderImages()).toEqual([])
    expect(await etcdHashes()).toHaveLength(1)
    await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=240s'], { timeout: 250_000 })
    expect((await kubeadmSuite(sandbox, 'h1')).failed).toEqual([])
  })

  test('the host that leads etcd loses power in the middle, then the one that is upgraded', { timeout: 900_000 }, async () => {
    await olderCluster()
    await startCounter(sandbox, 'h3')
    const leader = 'h2'
    await moveLead(leader)
    const first = await upgradeUntilStop('h1', ['apply', newer, '--yes'], () => sandbox.kill(leader))
    process.stdout.write(`apply while ${leader} loses power: exit code ${first.exitCode}\n`)
    if (first.exitCode !== 0) expect(first.stdout).toMatch(/UPGRADE_ROLLED_BACK|UPGRADE_STUCK/)
    await sandbox.start(leader)
    await upgraded('h1', ['apply', newer, '--yes'])
    await upgradeUntilStop(leader, ['node'], () => sandbox.kill(leader))
    await sandbox.start(leader)
    await upgraded(leader, ['node'])
    await upgraded('h3', ['node'])
    expect((await stopCounter(sandbox, 'h3')).lost).toEqual([])
    expect(await olderImages()).toEqual([])
    expect(await etcdHashes()).toHaveLength(1)
  })
})

function told([client, { requests, failed, unmended, longest }]: readonly [string, Met]): string {
  return `${client}: ${requests} requests, ${failed} failed, ${unmended} for more than a second, the longest took ${longest} ms`
}

/** Once it stops components, the event happens. */
async function upgradeUntilStop(host: string, words: readonly string[], event: () => Promise<void>): Promise<ProgramResult> {
  await sandbox.run(host, ['bash', '-c', ': >/root/said'])
  const command = `kadm upgrade ${words.join(' ')} ${cgroupVersion} >/root/said 2>&1; code=$?; cat /root/said; exit $code`
  const run = sandbox.exec(host, ['bash', '-c', command], { timeout: 400_000 })
  const stops = sandbox.run(host, ['bash', '-c', 'until grep -q "Stopping the kubelet" /root/said; do sleep 0.05; done; sleep 1'], {
    timeout: 90_000,
  })
  const over = run.then(({ stdout }) => Promise.reject(new Error(`it ended before it had stopped anything:\n${stdout}`)))
  await Promise.race([stops, over])
  await event()
  return run
}

async function upgraded(host: string, words: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await sandbox.exec(host, ['kadm', 'upgrade', ...words, cgroupVersion], { timeout: 400_000 })
  expect(exitCode, stdout + stderr).toBe(0)
}

/** Of the control plane, as the API shows it. */
async function olderImages(): Promise<readonly string[]> {
  const path = 'jsonpath={range .items[*]}{.spec.containers[0].image}{"\\n"}{end}'
  const images = await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'pods', '-l', 'tier=control-plane', '-o', path])
  const isNew = (image: string): boolean => image.endsWith(newer) || image.endsWith('etcd:3.7.0-0')
  return images
    .trim()
    .split('\n')
    .filter((image) => !isNew(image))
}

async function olderCluster(): Promise<void> {
  await renewHosts(sandbox, hosts)
  const { bin } = await ensureComponents(newer, { say: () => {} })
  const kubeadm = await readFile(`${bin}/kubeadm`)
  for (const host of hosts) {
    await sandbox.run(host, ['cp', '/usr/bin/kubelet', nextKubelet])
    await sandbox.version(host, older)
  }
  const file = await putInitConfig(sandbox, 'h1', { kubernetesVersion: older, controlPlaneEndpoint: 'lb:6443' })
  await sandbox.run('h1', ['kubeadm', 'init', '--config', file], { timeout: 180_000 })
  const join = await joinWords(sandbox, 'h1')
  const key = (await sandbox.run('h1', ['kubeadm', 'init', 'phase', 'upload-certs', '--upload-certs'])).trim().split('\n').at(-1) ?? ''
  for (const host of hosts.slice(1)) {
    const more = controlPlanes.includes(host) ? ['--control-plane', '--certificate-key', key] : []
    await sandbox.run(host, ['kubeadm', ...join, ...more, cgroupVersion], { timeout: 240_000 })
  }
  await sandbox.network()
  await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=120s'], { timeout: 130_000 })
  await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=240s'], { timeout: 250_000 })
  for (const host of hosts) await sandbox.put(host, '/usr/bin/kubeadm', kubeadm, 0o755)
}

function etcdctl(...words: readonly string[]): Promise<string> {
  const certificates = [
    '--cacert=/etc/kubernetes/pki/etcd/ca.crt',
    '--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt',
    '--key=/etc/kubernetes/pki/etcd/healthcheck-client.key',
  ]
  return kubectl(sandbox, 'h1', ['-n', 'kube-system', 'exec', 'etcd-h1', '--', 'etcdctl', ...certificates, ...words])
}

async function moveLead(host: string): Promise<void> {
  const address = sandbox.hosts.find(({ name }) => name === host)?.address
  const members = (await etcdctl('endpoint', 'status', '--cluster', '--write-out=simple'))
    .trim()
    .split('\n')
    .map((row) => row.split(', '))
    .map(([server = '', id = '', ...more]) => ({ server, id, leads: more.find((word) => /^(?:true|false)$/.test(word)) === 'true' }))
  const next = members.find(({ server }) => server.includes(`//${address}:`))
  const leader = members.find(({ leads }) => leads)
  if (next === undefined || leader === undefined) throw new Error(`no leader, or no member on ${host}: ${JSON.stringify(members)}`)
  if (next !== leader) await etcdctl(`--endpoints=${leader.server}`, 'move-leader', next.id)
}

/** Of the data of all members, at one revision: the same, when the members are. */
async function etcdHashes(): Promise<readonly string[]> {
  const [status] = JSON.parse(await etcdctl('endpoint', 'status', '--write-out=json')) as readonly {
    readonly Status: { readonly header: { readonly revision: number } }
  }[]
  const found = JSON.parse(
    await etcdctl('endpoint', 'hashkv', '--cluster', `--rev=${status?.Status.header.revision}`, '--write-out=json'),
  ) as readonly { readonly HashKV: { readonly hash: number } }[]
  if (found.length !== 3) throw new Error(`etcd has ${found.length} members`)
  return [...new Set(found.map(({ HashKV }) => String(HashKV.hash)))]
}
