/**
 * `kadm upgrade apply` of a real control plane from 1.36.3 to 1.37.2: what it leaves, what it leaves alone, and what happens when it fails
 * or is killed.
 */
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureComponents } from '../../src/sandbox/components.ts'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { clusterObjects } from '../interop/difference/cluster-objects.ts'
import { hostFiles } from '../interop/difference/host-files.ts'
import { treeMeaning } from '../interop/difference/meaning.ts'
import { startCounter, stopCounter } from '../support/api-counter.ts'
import { joinWords, kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { isLongRun } from '../support/long-run.ts'

const [older, newer] = ['v1.36.3', 'v1.37.2']
const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
const cgroupVersion = '--ignore-preflight-errors=SystemVerification'
const upgrade = ['kadm', 'upgrade', 'apply', newer, '--yes', cgroupVersion] as const

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 2, furtherVersions: [older] })
  await olderCluster()
  await sandbox.version('h2', older)
  await sandbox.run('h2', ['kubeadm', ...(await joinWords(sandbox, 'h1')), cgroupVersion], { timeout: 60_000 })
}, 300_000)

describe('one control plane', () => {
  test('a component that never becomes healthy: the node is as before, and says why', { timeout: 120_000 }, async () => {
    const before = await kept()
    const result = await upgradeWith({ 'kube-scheduler.yaml': schedulerThatSleeps }, 12)
    expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('UPGRADE_ROLLED_BACK')])
    expect(result.stderr).toMatch(/kube-scheduler is not healthy after \d+ s/)
    expect(await kept()).toEqual(before)
    expect(await runningVersions()).toEqual([`kube-apiserver:${older}`, `kube-controller-manager:${older}`, `kube-scheduler:${older}`])
    expect(await sandbox.run('h1', ['systemctl', 'is-active', 'kubelet'])).toBe('active\n')
  })

  test('upgraded: within seconds, nothing lost, other containers left alone', { timeout: 120_000 }, async () => {
    const others = await otherContainers()
    await startCounter(sandbox, 'h1')
    const started = performance.now()
    const result = await sandbox.exec('h1', upgrade, { timeout: 110_000 })
    const seconds = (performance.now() - started) / 1000
    expect(result.exitCode, result.stderr + result.stdout).toBe(0)
    const counted = await stopCounter(sandbox, 'h1')
    process.stdout.write(`upgrade apply: ${seconds.toFixed(1)} s; ${counted.acknowledged} writes, the slowest took ${counted.longest} ms\n`)
    expect(counted.lost).toEqual([])
    expect(counted.acknowledged).toBeGreaterThan(10)
    expect(result.stdout).toContain(`SUCCESS! A control plane node of your cluster was upgraded to "${newer}"`)
    expect(await runningVersions()).toEqual([`kube-apiserver:${newer}`, `kube-controller-manager:${newer}`, `kube-scheduler:${newer}`])
    expect(
      await kubectl(sandbox, 'h1', [
        '-n',
        'kube-system',
        'get',
        'pods',
        '-l',
        'tier=control-plane',
        '-o',
        'jsonpath={.items[*].status.phase}',
      ]),
    ).toBe('Running Running Running Running')
    expect(JSON.parse(await kubectl(sandbox, 'h1', ['version', '-o', 'json']))).toMatchObject({ serverVersion: { gitVersion: newer } })
    // The addons' own Pods are replaced by their controllers afterwards.
    for (const [id, start] of await otherContainers()) if (others.has(id)) expect(start).toBe(others.get(id))
    const workload = [...others].filter(([id]) => id.startsWith('workload/'))
    expect(workload).toHaveLength(1)
    expect([...(await otherContainers())]).toEqual(expect.arrayContaining(workload))
    expect(seconds).toBeLessThan(100)
  })

  test('a worker: kadm upgrade node leaves what kubeadm upgrade node leaves', { timeout: 60_000 }, async () => {
    const { bin } = await ensureComponents(newer, { say: () => {} })
    await sandbox.put('h2', '/usr/bin/kubeadm', await readFile(`${bin}/kubeadm`), 0o755)
    await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'configmap', 'kubelet-config', '--output=yaml']).then((text) =>
      kubectl(sandbox, 'h1', ['replace', '--filename=-'], {
        input: text.replace('failCgroupV1: false', 'failCgroupV1: false\n    maxPods: 77'),
      }),
    )
    const left = (): Promise<string> =>
      sandbox.run('h2', [
        'bash',
        '-c',
        'cd /var/lib/kubelet; sha256sum config.yaml instance-config.yaml kubeadm-flags.env /etc/kubernetes/kubelet.conf; grep maxPods config.yaml',
      ])
    await sandbox.run('h2', ['kubeadm', 'upgrade', 'node', cgroupVersion])
    const theirs = await left()
    await sandbox.run('h2', ['sed', '-i', 's/maxPods: 77/maxPods: 78/', '/var/lib/kubelet/config.yaml'])
    const said = await sandbox.run('h2', ['kadm', 'upgrade', 'node', cgroupVersion])
    expect(await left()).toBe(theirs)
    expect(theirs).toContain('maxPods: 77')
    for (const phase of ['control-plane', 'kubeconfig', 'addon'])
      expect(said).toMatch(new RegExp(`Skipping (?:the )?(?:${phase}|phase).*Not a control plane node`))
  })

  test('again: nothing to do', { timeout: 60_000 }, async () => {
    const before = await controlPlane()
    const { stdout } = await sandbox.exec('h1', upgrade)
    for (const component of components) expect(stdout).toContain(`Current and new manifests of ${component} are equal, skipping upgrade`)
    expect(await controlPlane()).toEqual(before)
  })
})

describe('killed at a random moment, and run again', () => {
  const rounds = isLongRun ? 30 : 1

  test.each(Array.from({ length: rounds }, (_, round) => ({ round })))(
    'in part $round of its time',
    { timeout: 180_000 },
    async ({ round }) => {
      await olderCluster()
      await startCounter(sandbox, 'h1')
      // The first 5 s only check; a whole run takes some 17 s here.
      const moment = 4 + (12 * (round + Math.random())) / rounds
      const first = await sandbox.exec('h1', ['timeout', '--signal=KILL', moment.toFixed(3), ...upgrade], { timeout: 100_000 })
      const again = await sandbox.exec('h1', upgrade, { timeout: 150_000 })
      expect(
        again.exitCode,
        `killed after ${moment.toFixed(3)} s (exit code ${first.exitCode}): ${first.stdout}\nthen: ${again.stdout}${again.stderr}`,
      ).toBe(0)
      expect(await runningVersions()).toEqual([`kube-apiserver:${newer}`, `kube-controller-manager:${newer}`, `kube-scheduler:${newer}`])
      expect((await stopCounter(sandbox, 'h1')).lost).toEqual([])
    },
  )
})

describe.runIf(isLongRun)('in full', () => {
  test.each([
    { component: 'kube-apiserver', patch: 'args: ["--no-such-flag"]', says: 'unknown flag: --no-such-flag' },
    { component: 'etcd', patch: 'args: ["--no-such-flag"]', says: 'does not know one of its arguments' },
    { component: 'kube-controller-manager', patch: 'image: lab.test/busybox:no-such-tag', says: 'no-such-tag' },
  ])('$component does not come up: the node is as before', { timeout: 300_000 }, async ({ component, patch, says }) => {
    await olderCluster()
    await startCounter(sandbox, 'h1')
    const before = await kept()
    const result = await upgradeWith({ [`${component}.yaml`]: `spec:\n  containers:\n  - name: ${component}\n    ${patch}\n` }, 60)
    expect(result.stderr).toContain('UPGRADE_ROLLED_BACK')
    expect(result.stderr).toContain(says)
    expect(await kept()).toEqual(before)
    expect((await stopCounter(sandbox, 'h1')).lost).toEqual([])
  })

  test('what kubeadm and kadm leave: the same files and objects', { timeout: 900_000 }, async () => {
    const theirs = await upgradedBy('kubeadm')
    const ours = await upgradedBy('kadm')
    // A comparison of nothing would find no difference.
    expect(Object.keys(theirs.files)).toEqual(
      expect.arrayContaining(['/etc/kubernetes/manifests/etcd.yaml', '/etc/kubernetes/pki/apiserver.crt', '/var/lib/kubelet/config.yaml']),
    )
    expect(Object.keys(theirs.objects)).toEqual(
      expect.arrayContaining([
        'ConfigMap kube-system/kubeadm-config',
        'Deployment kube-system/coredns',
        'DaemonSet kube-system/kube-proxy',
      ]),
    )
    expect(ours.files).toEqual(theirs.files)
    expect(Object.keys(ours.objects)).toEqual(Object.keys(theirs.objects))
    for (const [name, object] of Object.entries(theirs.objects)) expect.soft(ours.objects[name], name).toEqual(object)
  })
})

/** A fresh control plane of the older version, made by its kubeadm, with a Pod of somebody on it. */
async function olderCluster(): Promise<void> {
  await renewHosts(sandbox)
  await sandbox.version('h1', older)
  const file = await putInitConfig(sandbox, 'h1', { kubernetesVersion: older })
  await sandbox.run('h1', ['kubeadm', 'init', '--config', file], { timeout: 180_000 })
  await sandbox.network()
  await kubectl(sandbox, 'h1', ['taint', 'nodes', '--all', 'node-role.kubernetes.io/control-plane-'])
  await until(
    async () =>
      (await sandbox.exec('h1', ['kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', 'get', 'serviceaccount', 'default'])).exitCode === 0,
  )
  await kubectl(sandbox, 'h1', ['run', 'workload', '--image=lab.test/busybox:1', '--image-pull-policy=Never', '--', 'sleep', '100000'])
  await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'pod/workload', '--timeout=60s'], { timeout: 70_000 })
}

const schedulerThatSleeps =
  'spec:\n  containers:\n  - name: kube-scheduler\n    image: lab.test/busybox:1\n    command: [sleep, "100000"]\n'

async function upgradeWith(patches: Readonly<Record<string, string>>, seconds: number): Promise<ProgramResult> {
  for (const [name, text] of Object.entries(patches)) await sandbox.put('h1', `/root/patches/${name}`, text)
  const config = `apiVersion: kubeadm.k8s.io/v1beta4
kind: UpgradeConfiguration
apply: {kubernetesVersion: ${newer}, patches: {directory: /root/patches}, ignorePreflightErrors: [SystemVerification]}
timeouts: {upgradeManifests: ${seconds}s}
`
  await sandbox.put('h1', '/root/upgrade.yaml', config)
  return sandbox.exec('h1', ['kadm', 'upgrade', 'apply', '--config', '/root/upgrade.yaml', '--yes'], { timeout: 280_000 })
}

/** Checksums of what a failed upgrade must leave as it was. A new etcd that is healthy may stay. */
async function kept(): Promise<string> {
  return sandbox.run('h1', [
    'bash',
    '-c',
    'cd /etc/kubernetes; sha256sum manifests/kube*.yaml *.conf $(find pki -type f | sort) /var/lib/kubelet/config.yaml',
  ])
}

async function runningVersions(): Promise<readonly string[]> {
  return (await controlPlane()).flatMap(({ image }) => (image.startsWith('kube-') ? [image] : []))
}

/** Its running containers. */
async function controlPlane(): Promise<readonly { readonly id: string; readonly image: string }[]> {
  const running = new Set((await sandbox.run('h1', ['ctr', '--namespace=k8s.io', 'tasks', 'list', '--quiet'])).trim().split('\n'))
  const own = (await containers()).filter(
    ({ id, image }) => running.has(id) && components.some((component) => image.startsWith(`${component}:`)),
  )
  return own.toSorted((a, b) => (a.image < b.image ? -1 : 1))
}

async function containers(): Promise<readonly { readonly id: string; readonly image: string }[]> {
  const rows = (await sandbox.run('h1', ['ctr', '--namespace=k8s.io', 'containers', 'list'])).trim().split('\n').slice(1)
  return rows.map((row) => row.split(/\s+/)).map(([id = '', image = '']) => ({ id, image: image.replace(/^.*\//, '') }))
}

/** Start by `Pod/container`, of all but the control plane's. */
async function otherContainers(): Promise<ReadonlyMap<string, string>> {
  const { items } = JSON.parse(await kubectl(sandbox, 'h1', ['get', 'pods', '--all-namespaces', '--output=json'])) as {
    readonly items: readonly PodObject[]
  }
  return new Map(
    items
      .filter(({ metadata }) => !components.some((component) => metadata.name.startsWith(component)))
      .flatMap(({ metadata, status }) =>
        (status.containerStatuses ?? []).map(
          ({ name, containerID, state }) => [`${metadata.name}/${name}`, `${containerID} ${state.running?.startedAt}`] as const,
        ),
      ),
  )
}

interface PodObject {
  readonly metadata: { readonly name: string }
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly name: string
      readonly containerID?: string
      readonly state: { readonly running?: { readonly startedAt: string } }
    }[]
  }
}

async function upgradedBy(
  tool: 'kadm' | 'kubeadm',
): Promise<{ readonly files: Readonly<Record<string, unknown>>; readonly objects: ReturnType<typeof clusterObjects> }> {
  await olderCluster()
  const { bin } = await ensureComponents(newer, { say: () => {} })
  // Only kubeadm: the kubelet stays at the older version in both.
  await sandbox.put('h1', '/usr/bin/kubeadm', await readFile(`${bin}/kubeadm`), 0o755)
  const started = performance.now()
  await sandbox.run('h1', [tool, ...upgrade.slice(1)], { timeout: 400_000 })
  process.stdout.write(`${tool} upgrade apply: ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
  await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=90s'], { timeout: 100_000 })
  await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'rollout', 'status', 'daemonset/kube-proxy', '--timeout=90s'], { timeout: 100_000 })
  const { files } = treeMeaning(await hostFiles(sandbox, 'h1'))
  const kinds = (await kubectl(sandbox, 'h1', ['api-resources', '--verbs=list', '--output=name']))
    .trim()
    .split('\n')
    .filter((kind) => !kind.startsWith('events') && kind !== 'controllerrevisions.apps')
  const objects = clusterObjects(
    await kubectl(sandbox, 'h1', ['get', kinds.join(','), '--all-namespaces', '--output=json'], { timeout: 60_000 }),
  )
  const isOwn = (path: string): boolean => /^\/etc\/kubernetes\/tmp\b|^\/var\/lib\/kadm\b/.test(path)
  const isChance = (name: string): boolean => /^(?:Pod|ReplicaSet|EndpointSlice|Endpoints|Lease|Node|Job) /.test(name)
  return {
    files: Object.fromEntries(Object.entries(files).filter(([path]) => !isOwn(path))),
    objects: Object.fromEntries(Object.entries(objects).filter(([name]) => !isChance(name))),
  }
}

async function until(look: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 40_000; !(await look());) if (performance.now() > end) throw new Error('it does not come')
}
