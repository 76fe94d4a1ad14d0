/** One control plane of the older kubeadm on the host h1, and what tests of its upgrade to the newest look at. */
import { newestKubernetes } from '../../src/config/own-version.ts'
import { olderKubernetes } from '../../src/sandbox/releases.ts'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, putInitConfig, renewHosts } from './cluster.ts'

export const [older, newer] = [olderKubernetes, newestKubernetes]
export const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
export const cgroupVersion = '--ignore-preflight-errors=SystemVerification'
export const upgrade = ['kadm', 'upgrade', 'apply', newer, '--yes', cgroupVersion] as const

/** A fresh control plane of the older version, made by its kubeadm, with a Pod of somebody on it. */
export async function olderCluster(sandbox: Sandbox): Promise<void> {
  await renewHosts(sandbox)
  await sandbox.version('h1', older)
  const file = await putInitConfig(sandbox, 'h1', { kubernetesVersion: older })
  await sandbox.run('h1', ['kubeadm', 'init', '--config', file], { timeout: 180_000 })
  await sandbox.network()
  await kubectl(sandbox, 'h1', ['taint', 'nodes', '--all', 'node-role.kubernetes.io/control-plane-'])
  await kubectl(sandbox, 'h1', ['wait', '--for=create', 'serviceaccount/default', '--timeout=60s'], { timeout: 70_000 })
  await kubectl(sandbox, 'h1', ['run', 'workload', '--image=lab.test/busybox:1', '--image-pull-policy=Never', '--', 'sleep', '100000'])
  await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'pod/workload', '--timeout=60s'], { timeout: 70_000 })
}

/** With patches of the manifests. @param seconds that a component may take to come up */
export async function upgradeWith(sandbox: Sandbox, patches: Readonly<Record<string, string>>, seconds: number): Promise<ProgramResult> {
  for (const [name, text] of Object.entries(patches)) await sandbox.put('h1', `/root/patches/${name}`, text)
  const config = `apiVersion: kubeadm.k8s.io/v1beta4
kind: UpgradeConfiguration
apply: {kubernetesVersion: ${newer}, patches: {directory: /root/patches}, ignorePreflightErrors: [SystemVerification]}
timeouts: {upgradeManifests: ${seconds}s}
`
  await sandbox.put('h1', '/root/upgrade.yaml', config)
  return sandbox.exec('h1', ['kadm', 'upgrade', 'apply', '--config', '/root/upgrade.yaml', '--yes'], { timeout: 280_000 })
}

/** Killed that many seconds after it has said that line; its output, or nothing when it was over by then. */
export async function upgradeKilled(
  sandbox: Sandbox,
  { line, seconds }: { readonly line: string; readonly seconds: number },
): Promise<string> {
  const script = `setsid ${upgrade.join(' ')} >/root/said 2>&1 &
until grep -q "${line}" /root/said; do kill -0 $! || exit; sleep 0.02; done
sleep ${seconds.toFixed(3)}; kill -KILL -- -$!; cat /root/said`
  return (await sandbox.exec('h1', ['bash', '-c', script], { timeout: 150_000 })).stdout
}

/** Checksums of what a failed upgrade must leave as it was. A new etcd that is healthy may stay. */
export async function kept(sandbox: Sandbox): Promise<string> {
  return sandbox.run('h1', [
    'bash',
    '-c',
    'cd /etc/kubernetes; sha256sum manifests/kube*.yaml *.conf $(find pki -type f | sort) /var/lib/kubelet/config.yaml',
  ])
}

export async function runningVersions(sandbox: Sandbox): Promise<readonly string[]> {
  return (await controlPlane(sandbox)).flatMap(({ image }) => (image.startsWith('kube-') ? [image] : []))
}

export function allAt(version: string): readonly string[] {
  return components.slice(1).map((component) => `${component}:${version}`)
}

interface ContainerRow {
  readonly id: string
  readonly image: string
}

/** Its running containers. */
export async function controlPlane(sandbox: Sandbox): Promise<readonly ContainerRow[]> {
  const running = new Set((await sandbox.run('h1', ['ctr', '--namespace=k8s.io', 'tasks', 'list', '--quiet'])).trim().split('\n'))
  const own = (await containers(sandbox)).filter(
    ({ id, image }) => running.has(id) && components.some((component) => image.startsWith(`${component}:`)),
  )
  return own.toSorted((a, b) => (a.image < b.image ? -1 : 1))
}

async function containers(sandbox: Sandbox): Promise<readonly ContainerRow[]> {
  const rows = (await sandbox.run('h1', ['ctr', '--namespace=k8s.io', 'containers', 'list'])).trim().split('\n').slice(1)
  return rows.map((row) => row.split(/\s+/)).map(([id = '', image = '']) => ({ id, image: image.replace(/^.*\//, '') }))
}
