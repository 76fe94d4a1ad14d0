/**
 * `kadm upgrade apply` of a real control plane from 1.36.3 to 1.37.2: what it leaves, what it leaves alone, and a first failure.
 */
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureComponents } from '../../src/sandbox/components.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { clusterObjects } from '../interop/difference/cluster-objects.ts'
import { hostFiles } from '../interop/difference/host-files.ts'
import { treeMeaning } from '../interop/difference/meaning.ts'
import { startCounter, stopCounter } from '../support/api-counter.ts'
import { joinWords, kubectl, sharedSandbox } from '../support/cluster.ts'
import { isLongRun } from '../support/long-run.ts'
import { overSsh } from '../support/over-ssh.ts'
import {
  allAt,
  cgroupVersion,
  components,
  controlPlane,
  kept,
  newer,
  older,
  olderCluster,
  runningVersions,
  upgrade,
  upgradeWith,
} from '../support/upgrade-scene.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 2, furtherVersions: [older] })
  await olderCluster(sandbox)
  await sandbox.version('h2', older)
  await sandbox.run('h2', ['kubeadm', ...(await joinWords(sandbox, 'h1')), cgroupVersion], { timeout: 60_000 })
  // As beside a registry of one's own: containerd calls an image by the first of its names.
  const tag = `for name in $(ctr -n k8s.io images ls -q | grep /kube-apiserver:); do ctr -n k8s.io images tag "$name" "a.test/\${name##*/}"; done`
  await sandbox.run('h1', ['sh', '-c', tag])
}, 300_000)

describe('one control plane', () => {
  test('a disk that has no room, or is full in the middle of the snapshot: nothing is touched', { timeout: 90_000 }, async () => {
    const before = [await kept(sandbox), await controlPlane(sandbox)]
    const upgradeOn = async (options: string): Promise<{ readonly said: readonly unknown[]; readonly files: readonly string[] }> => {
      await sandbox.run('h1', ['mkdir', '-p', '/etc/kubernetes/tmp'])
      await sandbox.run('h1', ['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', '/etc/kubernetes/tmp'])
      const { exitCode, stderr } = await sandbox.exec('h1', upgrade, { timeout: 60_000 })
      const files = (await sandbox.run('h1', ['find', '/etc/kubernetes/tmp', '!', '-name', 'state'])).trim().split('\n')
      await sandbox.run('h1', ['umount', '/etc/kubernetes/tmp'])
      return { said: [exitCode, stderr], files }
    }
    const { said, files } = await upgradeOn('size=8m')
    expect(said).toEqual([1, expect.stringContaining('has room for 8 MiB')])
    // That was all but the snapshot, and but what a run that has failed says of its folder: now there is no place for one file more.
    const full = await upgradeOn(`size=2g,nr_inodes=${files.length}`)
    expect(full).toEqual({ said: [1, expect.stringContaining('no space left on device')], files: expect.arrayContaining([...files]) })
    expect(full.files).toHaveLength(files.length)
    expect([await kept(sandbox), await controlPlane(sandbox)]).toEqual(before)
  })

  test('a component that never becomes healthy: the node is as before, and says why', { timeout: 120_000 }, async () => {
    const before = await kept(sandbox)
    const result = await upgradeWith(sandbox, { 'kube-scheduler.yaml': schedulerThatSleeps }, 12)
    expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('UPGRADE_ROLLED_BACK')])
    expect(result.stderr).toMatch(/kube-scheduler is not healthy after \d+ s/)
    expect(await kept(sandbox)).toEqual(before)
    expect(await runningVersions(sandbox)).toEqual(allAt(older))
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
    expect(await runningVersions(sandbox)).toEqual(allAt(newer))
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

  test('again, from another host over SSH: nothing to do', { timeout: 60_000 }, async () => {
    const before = await controlPlane(sandbox)
    const { stdout } = await sandbox.exec('h2', [...upgrade, ...(await overSsh(sandbox, { from: 'h2', to: 'h1' }))])
    for (const component of components) expect(stdout).toContain(`Current and new manifests of ${component} are equal, skipping upgrade`)
    expect(await controlPlane(sandbox)).toEqual(before)
  })
})

describe.runIf(isLongRun)('in full', () => {
  test('what kubeadm and kadm leave: the same files and objects', { timeout: 1_200_000 }, async () => {
    const theirs = await upgradedBy('kubeadm')
    const ours = await upgradedBy('kadm')
    const remote = await upgradedBy('kadm over SSH')
    // A configuration that somebody has edited is kept; what nobody has touched is made anew.
    expect(JSON.stringify(ours.objects['ConfigMap kube-system/kube-proxy'])).toContain('mode: iptables')
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
    expect(remote.files).toEqual(theirs.files)
    for (const { objects } of [ours, remote]) {
      expect(Object.keys(objects)).toEqual(Object.keys(theirs.objects))
      for (const [name, object] of Object.entries(theirs.objects)) expect.soft(objects[name], name).toEqual(object)
    }
  })
})

const schedulerThatSleeps =
  'spec:\n  containers:\n  - name: kube-scheduler\n    image: lab.test/busybox:1\n    command: [sleep, "100000"]\n'

/** Start by `Pod/container`, of all that run but the control plane's. A Pod that its controller replaces ends while it is still listed. */
async function otherContainers(): Promise<ReadonlyMap<string, string>> {
  const { items } = JSON.parse(await kubectl(sandbox, 'h1', ['get', 'pods', '--all-namespaces', '--output=json'])) as {
    readonly items: readonly PodObject[]
  }
  return new Map(
    items
      .filter(({ metadata }) => !components.some((component) => metadata.name.startsWith(component)))
      .flatMap(({ metadata, status }) =>
        (status.containerStatuses ?? []).flatMap(({ name, containerID, state }) =>
          state.running === undefined ? [] : [[`${metadata.name}/${name}`, `${containerID} ${state.running.startedAt}`] as const],
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
  tool: 'kadm' | 'kadm over SSH' | 'kubeadm',
): Promise<{ readonly files: Readonly<Record<string, unknown>>; readonly objects: ReturnType<typeof clusterObjects> }> {
  await olderCluster(sandbox)
  const proxy = await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'configmap', 'kube-proxy', '--output=yaml'])
  await kubectl(sandbox, 'h1', ['replace', '--filename=-'], { input: proxy.replace('mode: ""', 'mode: iptables') })
  const { bin } = await ensureComponents(newer, { say: () => {} })
  // Only kubeadm: the kubelet stays at the older version in both.
  await sandbox.put('h1', '/usr/bin/kubeadm', await readFile(`${bin}/kubeadm`), 0o755)
  const started = performance.now()
  if (tool === 'kadm over SSH')
    await sandbox.run('h2', [...upgrade, ...(await overSsh(sandbox, { from: 'h2', to: 'h1' }))], { timeout: 400_000 })
  else await sandbox.run('h1', [tool, ...upgrade.slice(1)], { timeout: 400_000 })
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
