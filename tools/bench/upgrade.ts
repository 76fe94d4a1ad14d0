import { readFile } from 'node:fs/promises'
import { newestKubernetes } from '../../src/config/own-version.ts'
import { labInitConfig } from '../../src/sandbox/lab-config.ts'
import { ensureComponents } from '../../src/sandbox/components.ts'
import { olderKubernetes } from '../../src/sandbox/releases.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, seconds, type Benchmark } from './benchmark.ts'

/** One control plane, one minor version up: how long it takes, and how long the API is away meanwhile. */
export const upgrade: Benchmark = {
  hosts: 1,
  furtherVersions: [olderKubernetes],
  ways: ['kubeadm', 'kadm'],
  // kubeadm takes three minutes each time: what the disk does the first time is nothing beside that.
  isWarm: true,
  run: async (sandbox, tool) => {
    await olderCluster(sandbox)
    await startProbe(sandbox)
    const total = await seconds(sandbox, 'h1', [
      tool,
      'upgrade',
      'apply',
      newestKubernetes,
      '--yes',
      '--ignore-preflight-errors=SystemVerification',
    ])
    return { total, 'API away': await stopProbe(sandbox) }
  },
}

async function olderCluster(sandbox: Sandbox): Promise<void> {
  await sandbox.renew('h1')
  await sandbox.version('h1', olderKubernetes)
  await sandbox.put('h1', '/root/init.yaml', labInitConfig({ kubernetesVersion: olderKubernetes }), 0o600)
  await sandbox.run('h1', ['kubeadm', 'init', '--config', '/root/init.yaml'], { timeout: 180_000 })
  await sandbox.network()
  // kubeadm's check before an upgrade runs a Job, which needs a Ready node and its ServiceAccount.
  await kubectl(sandbox, ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s'])
  await kubectl(sandbox, ['wait', '--for=create', 'serviceaccount/default', '-n', 'kube-system', '--timeout=60s'])
  const { bin } = await ensureComponents(newestKubernetes, { say: () => {} })
  await sandbox.put('h1', '/usr/bin/kubeadm', await readFile(`${bin}/kubeadm`), 0o755)
}

// A line for each answer, and one for the begin and one for the end: it may be away then too. Anybody may ask /livez.
const probe = `exec >/run/probe
echo $EPOCHREALTIME
until [ -e /run/probe-stop ]; do curl -skf -m 2 https://127.0.0.1:6443/livez >/dev/null && echo $EPOCHREALTIME; sleep 0.1; done
echo $EPOCHREALTIME`

async function startProbe(sandbox: Sandbox): Promise<void> {
  await sandbox.run('h1', ['systemd-run', '--quiet', '--unit=probe', 'bash', '-c', probe])
}

/** Seconds without an answer: what lies between two lines beyond the pause. */
async function stopProbe(sandbox: Sandbox): Promise<number> {
  await sandbox.run('h1', ['bash', '-c', 'touch /run/probe-stop; while systemctl is-active -q probe; do sleep 0.1; done'])
  const moments = (await sandbox.run('h1', ['cat', '/run/probe'])).trim().split('\n').map(Number)
  if (moments.length < 20) throw new Error(`the probe has left only ${moments.length} lines: it has not asked`)
  const gaps = moments.slice(1).map((at, index) => at - (moments[index] ?? at))
  return gaps.filter((gap) => gap > 0.5).reduce((sum, gap) => sum + gap, 0)
}
