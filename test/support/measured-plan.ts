/** `kadm plan` of a cluster file with many hosts, in a process of its own, and what that took. */
import { newestKubernetes } from '../../src/config/own-version.ts'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import { kadmProgram } from './command-line.ts'
import type { SshTargets } from './ssh-targets.ts'
import type { Usage } from './usage-program.ts'

export interface MeasuredPlan extends ProgramResult {
  readonly usage: Usage
  /** From its start to its end. */
  readonly seconds: number
}

const usageProgram = new URL('usage-program.ts', import.meta.url).pathname

/** The first three (or one, of fewer than five hosts) become control planes, the others workers. `ssh`: beside the user and the key. */
export async function measuredPlan({ hosts, identity, write, run }: SshTargets, ssh: object = {}): Promise<MeasuredPlan> {
  const controlPlanes = hosts.length < 5 ? 1 : 3
  const spec = {
    kubernetesVersion: newestKubernetes,
    controlPlaneEndpoint: `${hosts[0]?.address}:6443`,
    ssh: { user: 'root', identityFile: identity, ...ssh },
    hosts: hosts.map((host, index) => ({ ...host, role: index < controlPlanes ? 'control-plane' : 'worker' })),
    kubeadm: { clusterConfiguration: { networking: { podSubnet: '10.244.0.0/16' } } },
  }
  // JSON is YAML.
  const file = await write(
    'cluster.yaml',
    JSON.stringify({ apiVersion: 'kadm.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'shop' }, spec }),
  )
  const usage = await write('usage.json', '')
  const start = performance.now()
  const result = await run([process.execPath, '--import', usageProgram, kadmProgram, 'plan', '-f', file], { KADM_USAGE: usage })
  const seconds = (performance.now() - start) / 1000
  return { ...result, seconds, usage: JSON.parse((await run(['cat', usage])).stdout) as Usage }
}
