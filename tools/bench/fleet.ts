import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { labInitConfig } from '../../src/sandbox/lab-config.ts'
import { runProgram } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { renewHosts } from '../../test/support/cluster.ts'
import { fleetOperator, packagedKadm } from '../../test/support/fleet-operator.ts'
import { joinCommands, type Benchmark } from './benchmark.ts'

const controlPlanes = ['h1', 'h2', 'h3']
const workers = ['h4', 'h5']

/**
 * Three control planes behind a balancer and two workers, from bare hosts: the obvious loop with kubeadm over ssh, and one `kadm apply`. How
 * long another apply takes then, which finds nothing to do, is printed beside it.
 */
export const fleet: Benchmark = {
  hosts: 5,
  hasLoadBalancer: true,
  ways: ['kubeadm', 'kadm'],
  run: async (sandbox, tool) => {
    await renewHosts(sandbox, [...controlPlanes, ...workers])
    const endpoint = `${sandbox.loadBalancer?.address}:6443`
    return tool === 'kadm' ? byApply(sandbox, endpoint) : byLoop(sandbox, endpoint)
  },
}

/** What `labInitConfig` says of the kubelets of the loop. */
const labKubelet = {
  oomScoreAdj: 0,
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  imageGCHighThresholdPercent: 100,
}

async function byApply(sandbox: Sandbox, endpoint: string): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kadm-bench-'))
  try {
    const operator = fleetOperator(sandbox, folder, packagedKadm)
    const roles = {
      ...Object.fromEntries(controlPlanes.map((host) => [host, 'control-plane' as const])),
      ...Object.fromEntries(workers.map((host) => [host, 'worker' as const])),
    }
    const file = await operator.write(roles, { controlPlaneEndpoint: endpoint, kubelet: labKubelet })
    const apply = async (): Promise<{ readonly seconds: number; readonly stdout: string }> => {
      const start = performance.now()
      const { exitCode, stdout, stderr } = await operator.kadm(['apply', '-f', file, '--yes'])
      if (exitCode !== 0) throw new Error(`kadm apply: ${stdout.slice(-2000)}\n${stderr.slice(-2000)}`)
      return { seconds: (performance.now() - start) / 1000, stdout }
    }
    const { seconds } = await apply()
    const again = await apply()
    if (!again.stdout.includes('nothing to do')) throw new Error(`a second apply has something to do: ${again.stdout}`)
    console.log(`kadm apply with nothing to do: ${again.seconds.toFixed(1)} s`)
    return seconds
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** One host after the other, as a script would do it. */
async function byLoop(sandbox: Sandbox, endpoint: string): Promise<number> {
  await sandbox.put('h1', '/root/init.yaml', labInitConfig({ controlPlaneEndpoint: endpoint }), 0o600)
  const start = performance.now()
  await overSsh(sandbox, 'h1', ['kubeadm', 'init', '--config', '/root/init.yaml', '--upload-certs', '>/tmp/bench.log'])
  const words = await joinCommands(sandbox)
  for (const host of controlPlanes.slice(1)) await overSsh(sandbox, host, ['kubeadm', ...words.controlPlane])
  for (const host of workers) await overSsh(sandbox, host, ['kubeadm', ...words.worker])
  return (performance.now() - start) / 1000
}

async function overSsh(sandbox: Sandbox, host: string, words: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runProgram(sandbox.sshArgv(host, words), { timeout: 180_000 })
  if (exitCode !== 0) throw new Error(`${words.join(' ')} on ${host}: ${stdout.slice(-2000)}\n${stderr.slice(-2000)}`)
}
