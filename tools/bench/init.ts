import { initCommand, putInitConfig, seconds, type Benchmark } from './benchmark.ts'

/** One control plane on a fresh disk. */
export const init: Benchmark = {
  hosts: 1,
  ways: ['kubeadm', 'kadm'],
  run: async (sandbox, tool) => {
    await sandbox.renew('h1')
    await putInitConfig(sandbox)
    return seconds(sandbox, 'h1', initCommand(tool))
  },
}

/** How long each takes to say its version: its start. */
export const version: Benchmark = {
  hosts: 1,
  ways: ['kubeadm', 'kadm'],
  repeat: 4,
  run: (sandbox, tool) => seconds(sandbox, 'h1', [tool, 'version']),
}
