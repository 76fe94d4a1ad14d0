/** Many hosts by one file, from an operator who has nothing but ssh to them. */
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { readTrace } from '../../src/progress/read-trace.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { checkEvents } from '../support/event-schema.ts'
import { fleetOperator, networkMark, type FleetOperator } from '../support/fleet-operator.ts'
import { isLongRun } from '../support/long-run.ts'
import { folderOfFile } from '../support/temporary.ts'

const folder = folderOfFile('fleet')

let sandbox: Sandbox
let operator: FleetOperator

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 3 })
  operator = fleetOperator(sandbox, folder)
}, 300_000)

describe('one control plane and two workers', () => {
  test('killed on the way, applied again, then nothing is left to do', { timeout: 150_000 }, async () => {
    const changes = { labels: { 'example.com/kind': 'test' }, network: networkMark }
    const file = await operator.write({ h1: 'control-plane', h2: 'worker' }, changes)
    const bare = await operator.kadm(['plan', '-f', file])
    expect(bare.stdout).toContain('h1: make the cluster (there is no cluster yet')
    const killed = await operator.kadm(['apply', '-f', file, '--yes', '--events'], { killAfter: 4 + 5 * Math.random() })
    expect(checkEvents(killed.stdout).problems).toEqual([])
    await operator.apply(file)
    expect(await nodes('{.metadata.name}:{.metadata.labels.example\\.com/kind} ')).toBe('h1: h2:test')
    expect(await hasNetwork()).toBe(true)

    const log = await operator.kadm(['log', '-f', file])
    expect(log.stdout).toMatch(/ h1 {2}kadm init: done, \d+ phases, \d+ changes/)
    expect(log.stdout).toMatch(/ h2 {2}kadm join: done/)

    const begin = performance.now()
    const third = await operator.kadm(['apply', '-f', file])
    expect([third.exitCode, third.stdout]).toEqual([0, 'shop: nothing to do on 2 hosts\n'])
    // Some 1 s on a quiet machine; `npm run bench -- fleet` measures it.
    expect(performance.now() - begin).toBeLessThan(15_000)
  })

  test('what is edited in the file afterwards is told, and not done', { timeout: 30_000 }, async () => {
    const roles = { h1: 'control-plane', h2: 'worker' } as const
    const file = await operator.write(roles, { labels: { 'example.com/kind': 'test' }, cluster: withVerbosity, kubelet: { maxPods: 77 } })
    const plan = await operator.kadm(['plan', '-f', file])
    const [apiServer, kubelet, ...others] = plan.stdout.trimEnd().split('\n')
    expect(apiServer).toMatch(/^WARNING: spec\.kubeadm\.clusterConfiguration\.apiServer\.extraArgs is not what the cluster has/)
    expect(kubelet).toMatch(/^WARNING: spec\.kubeadm\.kubeletConfiguration\.maxPods is not what the cluster has/)
    expect([plan.exitCode, others]).toEqual([0, ['shop: nothing to do on 2 hosts']])
  })

  test('no token was made, and the key of a kubelet has not left its host', { timeout: 30_000 }, async () => {
    const secrets = await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'secrets', '-o', 'name'])
    expect(secrets).not.toContain('bootstrap-token')
    const requests = await kubectl(sandbox, 'h1', ['get', 'csr', '-o', 'jsonpath={.items[*].spec.username}'])
    expect(requests).not.toMatch(/system:(bootstrap|node:h2)/)
    const journal = await sandbox.run('h2', ['cat', '/var/lib/kadm/journal.jsonl'])
    expect(journal).toContain('"argv":["openssl","req","-new"')
    expect(journal).not.toMatch(/PRIVATE KEY/)
    expect((await sandbox.run('h2', ['sh', '-c', 'stat -Lc %a /var/lib/kubelet/pki/kubelet-client-current.pem'])).trim()).toBe('600')
  })

  test('a removal that stops at a Pod which would be lost, and is not wanted any more', { timeout: 120_000 }, async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'alone', namespace: 'kube-system' },
      spec: { nodeName: 'h2', hostNetwork: true, containers: [{ name: 'alone', image: 'registry.k8s.io/pause:3.10.2' }] },
    }
    // The controller-manager makes it when it leads, some 11 s after it was started; without it no Pod may be made.
    await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'wait', '--for=create', 'serviceaccount/default', '--timeout=45s'])
    await kubectl(sandbox, 'h1', ['create', '-f', '-'], { input: JSON.stringify(pod) })
    const unschedulable = '{.metadata.name}:{.spec.unschedulable} '
    const changes = { labels: { 'example.com/kind': 'test' } }
    const removing = await operator.kadm(['apply', '-f', await operator.write({ h1: 'control-plane', h2: 'absent' }, changes), '--yes'])
    expect([removing.exitCode, removing.stderr]).toEqual([1, expect.stringContaining('DRAIN_BLOCKED')])
    expect(await nodes(unschedulable)).toBe('h1: h2:true')
    const kept = await operator.apply(await operator.write({ h1: 'control-plane', h2: 'worker' }, changes))
    expect(kept.stdout).toContain('h2: mark the Node (it was to leave the cluster, and takes Pods again)')
    expect(await nodes(unschedulable)).toBe('h1: h2:')
    await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'delete', 'pod', 'alone', '--now'])
  })

  test('a new worker: nothing is planned for the others, and a kept plan is of its time', { timeout: 90_000 }, async () => {
    const file = await operator.write({ h1: 'control-plane', h2: 'worker', h3: 'worker' }, { labels: { 'example.com/kind': 'test' } })
    const out = `${folder}/plan.json`
    await operator.kadm(['plan', '-f', file, '--out', out])
    const plan = JSON.parse(await readFile(out, 'utf8')) as {
      readonly actions: readonly { readonly host: string; readonly kind: string }[]
    }
    expect(plan.actions.map(({ host, kind }) => `${host} ${kind}`)).toEqual(['h3 join', 'h3 mark'])
    const before = await sandbox.run('h1', [
      'sh',
      '-c',
      'find /etc/kubernetes /var/lib/kubelet/config.yaml /var/lib/kadm -type f -printf "%p %T@\\n" | sort',
    ])

    const applied = await operator.kadm(['apply', out, '--events', '--trace', `${folder}/trace.json`])
    expect(applied.exitCode, applied.stderr).toBe(0)
    expect(checkEvents(applied.stdout).problems).toEqual([])
    const events = applied.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly host: string; readonly phase: string; readonly event: string })
    expect(new Set(events.map(({ host }) => host))).toEqual(new Set(['h3']))
    expect(events.at(-1)).toMatchObject({ host: 'h3', phase: 'mark', event: 'done' })
    expect(
      await sandbox.run('h1', [
        'sh',
        '-c',
        'find /etc/kubernetes /var/lib/kubelet/config.yaml /var/lib/kadm -type f -printf "%p %T@\\n" | sort',
      ]),
    ).toBe(before)

    const stale = await operator.kadm(['apply', out])
    expect([stale.exitCode, stale.stderr]).toEqual([1, expect.stringContaining('hosts.h3.node was "none", is "worker"')])
  })

  test(
    'the trace of it: the path goes from the plan to the labels, the sponsor works on its own host, and no secret is in it',
    { timeout: 30_000 },
    async () => {
      const text = await readFile(`${folder}/trace.json`, 'utf8')
      const trace = readTrace(text)
      expect(trace.path.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['kadm connections', 'kadm plan', 'h3 join/kubelet-start', 'h3 mark']),
      )
      expect(trace.path.reduce((sum, { dur }) => sum + dur, 0)).toBe(trace.length)
      const onH1 = trace.hosts.find(({ name }) => name === 'h1')?.lanes.flatMap(({ bars }) => bars) ?? []
      expect(onH1.map(({ category, args }) => [category, args['of']?.[0]])).toContainEqual(['call', 'h3:join/kubelet-start'])
      const key = await sandbox.run('h1', ['cat', '/etc/kubernetes/pki/ca.key'])
      expect(key.split('\n')[1]).toHaveLength(64)
      expect(text).not.toContain(key.split('\n')[1])
      expect(text).not.toMatch(/PRIVATE KEY|client-key-data: [^[]/)
    },
  )

  test('a host that is to be absent leaves; another kadm at work is shown', { timeout: 120_000 }, async () => {
    const file = await operator.write({ h1: 'control-plane', h2: 'absent', h3: 'worker' }, { labels: { 'example.com/kind': 'test' } })
    const until = new Date(Date.now() + 600_000).toISOString().replace('Z', '000Z')
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'kadm', namespace: 'kube-system' },
      spec: { holderIdentity: 'ann@desk', leaseDurationSeconds: 5, renewTime: until },
    }
    await kubectl(sandbox, 'h1', ['create', '-f', '-'], { input: JSON.stringify(lease) })
    const refused = await operator.kadm(['apply', '-f', file, '--yes', '--wait-lock', '0'])
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining('ann@desk is working on this cluster and holds the cluster until'),
    ])
    // Ann's kadm was killed: nobody renews it. That is seen after the 5 s that it lasts, whatever her clock said.
    const spec = { renewTime: new Date(Date.now() - 18_000).toISOString().replace('Z', '000Z') }
    await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'patch', 'lease', 'kadm', '--type=merge', '-p', JSON.stringify({ spec })])

    const applied = await operator.apply(file)
    expect(applied.stdout).toContain('ann@desk holds the cluster until')
    expect(await nodes('{.metadata.name} ')).toBe('h1 h3')
    expect(await sandbox.run('h2', ['sh', '-c', 'find /etc/kubernetes /var/lib/kubelet -type f'])).toBe('')
  })

  test.runIf(isLongRun)('what is edited in the file comes by the way that the plan tells', { timeout: 180_000 }, async () => {
    const file = await operator.write(
      { h1: 'control-plane', h3: 'worker' },
      { labels: { 'example.com/kind': 'test' }, cluster: withVerbosity },
    )
    const told = await operator.kadm(['plan', '-f', file])
    expect(told.stdout).toContain('edit configmap kubeadm-config, then kadm upgrade node --host USER@ADDRESS')
    const configMap = ['-n', 'kube-system', 'configmap', 'kubeadm-config'] as const
    const kept = await kubectl(sandbox, 'h1', ['get', ...configMap, '-o', 'jsonpath={.data.ClusterConfiguration}'])
    expect(kept).toContain('apiServer: {}\n')
    const data = { ClusterConfiguration: kept.replace('apiServer: {}\n', `apiServer: ${JSON.stringify(withVerbosity.apiServer)}\n`) }
    await kubectl(sandbox, 'h1', ['patch', ...configMap, '--type=merge', '-p', JSON.stringify({ data })])
    await sandbox.run('h1', ['kadm', 'upgrade', 'node', '--ignore-preflight-errors=SystemVerification'], { timeout: 150_000 })
    expect(await sandbox.run('h1', ['cat', '/etc/kubernetes/manifests/kube-apiserver.yaml'])).toContain('- --v=3\n')
    expect((await operator.kadm(['plan', '-f', file])).stdout).toBe('shop: nothing to do on 2 hosts\n')
  })

  test('reset of all', { timeout: 60_000 }, async () => {
    const file = await operator.write({ h1: 'control-plane', h2: 'worker', h3: 'worker' })
    const would = await operator.kadm(['reset', '--cluster-file', file, '--force', '--dry-run'])
    expect(would).toMatchObject({
      exitCode: 0,
      stdout: [
        'h1: would be reset (control-plane)\n',
        'h2: would be reset (nothing of a cluster is on it)\n',
        'h3: would be reset (worker)\n',
      ].join(''),
    })
    const done = await operator.kadm(['reset', '--cluster-file', file, '--force', '--events', '--cleanup-tmp-dir'])
    expect(done.exitCode, done.stderr).toBe(0)
    expect(checkEvents(done.stdout)).toMatchObject({ problems: [], kinds: expect.arrayContaining(['started', 'done', 'line']) })
    expect(await sandbox.run('h1', ['sh', '-c', 'find /etc/kubernetes /var/lib/kubelet /var/lib/etcd -type f'])).toBe('')
    expect((await operator.kadm(['plan', '-f', file])).stdout).toContain('h1: make the cluster (there is no cluster yet')
  })
})

describe.runIf(isLongRun)('what only some files ask for', () => {
  test('a pod network that cannot be laid is an error, and laid by the next apply', { timeout: 200_000 }, async () => {
    await renewHosts(sandbox)
    const bad = await operator.write({ h1: 'control-plane' }, { network: networkMark.replace('ConfigMap', 'NoSuchKind') })
    const failed = await operator.kadm(['apply', '-f', bad, '--yes'])
    expect([failed.exitCode, failed.stderr]).toEqual([1, expect.stringContaining('NoSuchKind')])
    await operator.apply(await operator.write({ h1: 'control-plane' }, { network: networkMark }))
    expect(await hasNetwork()).toBe(true)
  })

  test('with bootstrap tokens, which are gone afterwards', { timeout: 200_000 }, async () => {
    await renewHosts(sandbox)
    await operator.apply(await operator.write({ h1: 'control-plane', h2: 'worker', h3: 'worker' }), '--tokens')
    expect(await kubectl(sandbox, 'h1', ['get', 'csr', '-o', 'jsonpath={.items[*].spec.username}'])).toContain('system:bootstrap:')
    expect(await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'secrets', '-o', 'name'])).not.toContain('bootstrap-token')
  })
})

const withVerbosity = { apiServer: { extraArgs: [{ name: 'v', value: '3' }] } }

async function nodes(fields: string): Promise<string> {
  return (await kubectl(sandbox, 'h1', ['get', 'nodes', '-o', `jsonpath={range .items[*]}${fields}{end}`])).trim()
}

async function hasNetwork(): Promise<boolean> {
  const found = await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'configmap', 'pod-network', '--ignore-not-found', '-o', 'name'])
  return found !== ''
}
