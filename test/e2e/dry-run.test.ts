import { beforeAll, expect, test } from 'vitest'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freshHost, sharedSandbox } from '../support/cluster.ts'
import { changesBetween, readFiles, snapshotFiles, type FileSnapshot } from '../support/host-files.ts'

const host = 'h1'
const init = 'init --config /root/init.yaml --upload-certs --dry-run'

let sandbox: Sandbox
let kubeadm: ProgramResult

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 1 })
  await freshHost(sandbox, host)
  kubeadm = await shell(`KUBEADM_INIT_DRYRUN_DIR=/root/theirs kubeadm ${init}`)
  expect(kubeadm.exitCode).toBe(0)
}, 300_000)

test('changes nothing but its own folder, waits for nothing, says that nothing was changed', async () => {
  const before = await wholeHost()
  const started = performance.now()
  const { exitCode, stdout, stderr } = await shell(`kadm ${init}`)
  const seconds = (performance.now() - started) / 1000

  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error:')])
  expect(stdout).toMatch(/\[dryrun\] Nothing was changed on this host\n$/)
  expect(stdout).not.toContain('Your Kubernetes control plane is up')
  const folder =
    /Using dry-run directory (\S+)\. To override it, set the environment variable KUBEADM_INIT_DRYRUN_DIR/.exec(stderr)?.[1] ?? ''
  expect(folder).toMatch(/^\/etc\/kubernetes\/tmp\/kubeadm-init-dryrun\w+$/)
  const changes = changesBetween(before, await wholeHost())
  expect(changes.filter((change) => !change.startsWith(`+ ${folder}`) && !/^\+ \/etc\/kubernetes(\/tmp)?$/.test(change))).toEqual([])
  expect(seconds).toBeLessThan(10)
})

test('would write the files of kubeadm, and make the same calls', async () => {
  const ours = await shell(`KUBEADM_INIT_DRYRUN_DIR=/root/ours kadm ${init}`)
  expect(ours.exitCode).toBe(0)
  expect(filesOf(ours.stdout)).toEqual(
    expect.arrayContaining(['/etc/kubernetes/manifests/etcd.yaml', '/var/lib/kubelet/config.yaml', '/etc/kubernetes/pki/ca.crt']),
  )
  expect(callsOf(ours.stdout)).toEqual(callsOf(kubeadm.stdout))
  expect(callsOf(ours.stdout).length).toBeGreaterThan(25)
})

test('the folder has the files of kubeadm, but none with a secret; no secret is on the screen', async () => {
  const { stdout, stderr } = await shell(`KUBEADM_INIT_DRYRUN_DIR=/root/ours kadm ${init}`)
  const [ours, theirs] = [await readFiles(sandbox, host, ['/root/ours']), await readFiles(sandbox, host, ['/root/theirs'])]
  const secret = /\.key$|\.conf$/
  const names = [...theirs.keys()].map((name) => name.replace('theirs', 'ours')).filter((name) => !secret.test(name))
  expect([...ours.keys()].toSorted()).toEqual(expect.arrayContaining(names.toSorted()))
  for (const text of [stdout, stderr, ...ours.values()]) expect(text).not.toMatch(secrets)
  expect(await sandbox.run(host, ['stat', '-c', '%a', '/root/ours'])).toBe('700\n')
})

test.each([
  { phase: 'certs all' },
  { phase: 'etcd local' },
  { phase: 'control-plane all' },
  { phase: 'kubelet-start' },
  { phase: 'upload-config all' },
  { phase: 'upload-certs --upload-certs' },
  { phase: 'mark-control-plane' },
  { phase: 'addon all' },
  // These read what earlier phases have made, as kubeadm's do.
  { phase: 'kubeconfig all', after: 'certs ca' },
  { phase: 'bootstrap-token', after: 'kubeconfig admin' },
])('init phase $phase: changes nothing', async ({ phase, after }) => {
  if (after !== undefined) expect(await shell(`kadm init phase ${after} --config /root/init.yaml`)).toMatchObject({ exitCode: 0 })
  const before = await wholeHost()
  const { exitCode, stdout, stderr } = await shell(
    `KUBEADM_INIT_DRYRUN_DIR=/root/ours kadm init phase ${phase} --config /root/init.yaml --dry-run`,
  )
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error:')])
  expect(stdout).toContain('[dryrun] Would ')
  expect(stdout).not.toMatch(secrets)
  expect(changesBetween(before, await wholeHost()).filter((change) => !change.includes('/root/ours'))).toEqual([])
})

/** PEM keys, also in base64, token secrets, certificate keys. */
const secrets =
  /PRIVATE KEY-----\n?[A-Za-z0-9+/]|\bLS0tLS1CRUdJTiB(?!DRVJUSUZJQ0FUR)|\b[a-z0-9]{6}\.[a-z0-9]{16}\b|(?<![\w:])[0-9a-f]{64}\b/

function shell(command: string): Promise<ProgramResult> {
  return sandbox.exec(host, ['sh', '-c', command], { timeout: 120_000 })
}

/** Files, units, containers and listening ports. */
async function wholeHost(): Promise<FileSnapshot> {
  const files = await snapshotFiles(
    sandbox,
    host,
    ['/etc', '/var/lib', '/run', '/opt', '/root'],
    [
      ...['systemd', 'log', 'udev', 'user', 'containerd'].map((name) => `/run/${name}`),
      '/var/lib/containerd',
      '/var/lib/systemd',
      '/opt/kadm',
    ],
  )
  const facts =
    'systemctl is-enabled kubelet; systemctl show -p MainPID containerd; ctr -n k8s.io containers ls -q; ctr -n k8s.io images ls -q | sort; ss -Hltn | sort'
  return new Map([...files, ['services, containers, ports', await sandbox.run(host, ['sh', '-c', facts])]])
}

function filesOf(stdout: string): readonly string[] {
  return [...stdout.matchAll(/Would write file "([^"]+)"/g)].map(([, file = '']) => file)
}

/** `create configmaps kube-system/coredns`, of what changes something: kubeadm also tells what it looks for. */
function callsOf(stdout: string): readonly string[] {
  const calls = stdout
    .split('[dryrun] Would perform action ')
    .slice(1)
    .map((text) => {
      const [, verb = '', resource = ''] = /^(\w+) on resource "(\w+)"/.exec(text) ?? []
      const object = text.split('Attached object:')[1] ?? ''
      const name =
        /\[dryrun\] Resource name "([^"]+)"/.exec(text)?.[1] ?? /\n\s*metadata:\n(?:\s+.*\n)*?\s+name: (\S+)/.exec(object)?.[1] ?? ''
      return `${verb} ${resource} ${name.replace(/^bootstrap-token-.*/, 'bootstrap-token-<id>')}`
    })
  return [...new Set(calls.filter((call) => /^(?:CREATE|UPDATE|PATCH|DELETE)/.test(call)))].toSorted()
}
