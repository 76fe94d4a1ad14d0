/** The whole story on hosts of one machine: a sandbox, `kadm init` on the first host, the others joined, the pod network, all nodes Ready. */
import { KadmError } from '../errors.ts'
import { labInitConfig } from './lab-config.ts'
import { printedJoin } from './printed-join.ts'
import type { Making } from './progress.ts'
import { sandboxUp } from './sandbox-up.ts'
import type { Sandbox } from './sandbox.ts'
import { readState } from './state.ts'
import { takeDown } from './take-down.ts'

export interface DemoSettings extends Making {
  readonly name: string
  readonly hosts: number
  readonly kubernetesVersion: string
}

const steps = ['hosts', 'kadm init', 'join', 'pod network', 'nodes ready', 'CoreDNS running'] as const

/** A sandbox of that name that is there already is made anew. */
export async function raiseDemoCluster({ name, hosts, kubernetesVersion, say, signal }: DemoSettings): Promise<Sandbox> {
  const step = stepper(say)
  step('hosts')
  if ((await readState(name)) !== undefined) await takeDown(name)
  const sandbox = await sandboxUp({ name, hosts, kubernetesVersion, say, ...(signal === undefined ? {} : { signal }) })
  const [first, ...others] = sandbox.hosts
  if (first === undefined) throw new Error('a sandbox has at least one host')

  step('kadm init')
  await sandbox.put(first.name, '/root/init.yaml', labInitConfig({ kubernetesVersion }), 0o600)
  const output = await sandbox.run(first.name, ['kadm', 'init', '--config', '/root/init.yaml', '--upload-certs'], { timeout: 300_000 })

  step('join')
  const join = workerJoin(output)
  await Promise.all(
    others.map((host) => sandbox.run(host.name, ['kubeadm', ...join, '--ignore-preflight-errors=SystemVerification'], { timeout: 300_000 })),
  )

  step('pod network')
  await sandbox.network()
  step('nodes ready')
  await waitByKubectl(sandbox, first.name, ['wait', '--for=condition=Ready', 'nodes', '--all'])
  step('CoreDNS running')
  await waitByKubectl(sandbox, first.name, ['rollout', 'status', '-n', 'kube-system', 'deployment/coredns'])
  step(undefined)
  return sandbox
}

function waitByKubectl(sandbox: Sandbox, host: string, words: readonly string[]): Promise<string> {
  return sandbox.run(host, ['kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', ...words, '--timeout=120s'], { timeout: 150_000 })
}

function workerJoin(output: string): readonly string[] {
  const { worker } = printedJoin(output)
  if (worker !== undefined) return worker
  throw new KadmError('SANDBOX_FAILED', 'kadm init printed no join command', { remedy: ['kadm sandbox ssh h1'], details: output.split('\n').slice(-20) })
}

function stepper(say: (line: string) => void): (step: (typeof steps)[number] | undefined) => void {
  const started = performance.now()
  let current: { readonly name: string; readonly since: number } | undefined
  return (name) => {
    const now = performance.now()
    if (current !== undefined) say(`      ${current.name}: ${((now - current.since) / 1000).toFixed(1)} s`)
    if (name === undefined) return say(`done in ${((now - started) / 1000).toFixed(1)} s`)
    current = { name, since: now }
    say(`[${steps.indexOf(name) + 1}/${steps.length}] ${name}`)
  }
}
