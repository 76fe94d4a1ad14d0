/**
 * `reset` by kadm and by the real kubeadm, each on a host of its own that is made alike: files, what is mounted, and what the host is after
 * it.
 */
import type { TestContext } from 'vitest'
import { expect } from 'vitest'
import { kadmProgram } from '../../support/command-line.ts'
import { runJailed, type JailOptions, type TreeEntry } from '../../support/jail.ts'
import { realBinary } from '../../support/real-binary.ts'

export interface ResetScene extends JailOptions {
  /** Commands before it, e.g. what mounts something. */
  readonly before?: readonly (readonly string[])[]
  /** Words after `reset`. */
  readonly words?: readonly string[]
  /** What is typed. Default: nothing, the input has ended. */
  readonly answer?: string
  /** Commands after it, whose output is `after`. */
  readonly after?: readonly (readonly string[])[]
  /** Put before the program: `setpriv ...`. */
  readonly prefix?: readonly string[]
}

export interface ResetResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** Lines of the commands after it. */
  readonly after: string
  readonly tree: ReadonlyMap<string, TreeEntry>
  /** Every path that is left below /etc/kubernetes, /var/lib and /tmp/jail/kept, but for kadm's own, with its kind. */
  readonly left: readonly string[]
}

export async function resetByBoth(
  context: TestContext,
  scene: ResetScene,
): Promise<{ readonly kadm: ResetResult; readonly kubeadm: ResetResult }> {
  const [kadm, kubeadm] = await Promise.all([resetByKadm(scene), reset(realBinary(context, 'kubeadm'), scene)])
  return { kadm, kubeadm }
}

export function resetByKadm(scene: ResetScene): Promise<ResetResult> {
  return reset('kadm', scene)
}

async function reset(
  program: string,
  { before = [], words = ['--force'], answer = '', after = [], prefix = [], ...jail }: ResetScene,
): Promise<ResetResult> {
  const inProcess = answer === '' && prefix.length === 0
  const inShell = [
    'bash',
    '-c',
    'answer=$1; shift; printf %s "$answer" | "$@"',
    'sh',
    answer,
    ...prefix,
    ...(program === 'kadm' ? [process.execPath, kadmProgram] : [program]),
  ]
  const run = [...(inProcess ? [program] : inShell), 'reset', ...words]
  const commands = [...before, ['chmod', '0777', '/tmp/jail'], run, ...after]
  const { results, tree, stderr } = await runJailed(commands, {
    ...jail,
    files: { '/etc/resolv.conf': 'nameserver 127.0.0.1\n', ...jail.files },
    keepGoing: true,
  })
  const ended = results[before.length + 1]
  if (ended === undefined) throw new Error(stderr)
  const others = results.filter((one) => one !== ended)
  for (const { exitCode, stderr: reason } of others) expect(exitCode, reason).toBe(0)
  return { ...ended, after: others.map(({ stdout }) => stdout).join(''), tree, left: leftIn(tree) }
}

function leftIn(tree: ReadonlyMap<string, TreeEntry>): readonly string[] {
  const counts = /^\/(?:etc\/(?:kubernetes|other)|var\/lib|tmp\/jail\/kept)(?:\/|$)/
  return [...tree]
    .filter(([path]) => counts.test(path) && !path.startsWith('/var/lib/kadm'))
    .map(([path, { kind }]) => `${kind} ${path}`)
    .toSorted()
}

/** A host that was a control plane, as far as files go. */
export const controlPlaneFiles: Readonly<Record<string, string>> = {
  '/etc/kubernetes/admin.conf': 'x',
  '/etc/kubernetes/super-admin.conf': 'x',
  '/etc/kubernetes/kubelet.conf': 'x',
  '/etc/kubernetes/bootstrap-kubelet.conf': 'x',
  '/etc/kubernetes/controller-manager.conf': 'x',
  '/etc/kubernetes/scheduler.conf': 'x',
  '/etc/kubernetes/manifests/kube-apiserver.yaml': 'x',
  '/etc/kubernetes/manifests/my-own.yaml': 'x',
  '/etc/kubernetes/pki/ca.crt': 'x',
  '/etc/kubernetes/pki/ca.key': 'x',
  '/etc/kubernetes/pki/etcd/ca.key': 'x',
  '/etc/kubernetes/tmp/kubeadm-init-dryrun1/x': 'x',
  '/var/lib/kubelet/config.yaml': 'x',
  '/var/lib/kubelet/pki/kubelet.crt': 'x',
}

/** Of others, who would miss them. */
export const foreignFiles: Readonly<Record<string, string>> = {
  '/etc/kubernetes/audit-policy.yaml': 'x',
  '/etc/kubernetes/.hidden/.file': 'x',
  '/etc/kubernetes/patches/etcd.yaml': 'x',
  '/etc/kubernetes/admin.conf.old': 'x',
}

/** The manifest of an etcd of this host. */
export function etcdManifest(dataDir: string): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system}
spec:
  containers:
  - name: etcd
    command: [etcd, --name=node1, "--initial-advertise-peer-urls=https://192.168.77.10:2380", "--advertise-client-urls=https://192.168.77.10:2379"]
  volumes:
  - name: etcd-certs
    hostPath: {path: /etc/kubernetes/pki/etcd}
  - name: etcd-data
    hostPath: {path: ${dataDir}}
`
}
