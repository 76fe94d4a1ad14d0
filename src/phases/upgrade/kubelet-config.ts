/**
 * `kadm upgrade ... phase kubelet-config`: the configuration of this node's kubelet as the cluster has it now. The kubelet reads it when it
 * is started the next time.
 */
import { paths } from '../../config/paths.ts'
import { rewriteKubeletConfiguration } from '../../manifests/kubelet-files.ts'
import type { Phase } from '../phase.ts'
import type { UpgradeRun } from './upgrade-run.ts'

/** @param needs the phases before it */
export function kubeletConfig(needs: readonly string[]): Phase<UpgradeRun> {
  return {
    name: 'kubelet-config',
    summary: 'Upgrade the kubelet configuration for this node',
    flags: ['config', 'dry-run', 'kubeconfig', 'patches'],
    needs,
    run: async ({ host, source, backup }, { say, warn }) => {
      const config = await source.config()
      const copy = `${backup}/kubelet/config.yaml`
      const before = await host.readText(paths.kubeletConfig)
      if (before !== undefined && (await host.stat(copy)) === undefined) {
        say(`[upgrade] Backing up kubelet config file to ${copy}`)
        await host.makeDirectory(backup, 0o700)
        await host.writeFile(copy, before, { mode: 0o644, directoryMode: 0o700 })
      }
      await rewriteKubeletConfiguration({ config, host, say, warn })
      say('[upgrade/kubelet-config] The kubelet configuration for this node was successfully upgraded!')
    },
  }
}
