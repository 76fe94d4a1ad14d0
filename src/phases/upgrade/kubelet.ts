/**
 * `kadm upgrade node phase kubelet`: the kubelet itself, which kubeadm leaves to a person. Left out of a whole run where no kubelet is
 * named.
 */
import { KadmError } from '../../errors.ts'
import type { Phase } from '../phase.ts'
import { upgradeKubelet } from './kubelet-upgrade.ts'
import type { NodeRun } from './upgrade-run.ts'

export const kubelet: Phase<NodeRun> = {
  name: 'kubelet',
  summary: 'Drain the node, replace its kubelet and bring the Pods back',
  flags: ['config', 'drain-timeout', 'dry-run', 'kubeconfig', 'kubelet', 'kubelet-version'],
  run: async ({ host, source, kubelet: asked }, context) => {
    if (asked === undefined)
      throw new KadmError('USAGE', 'no kubelet was named', { remedy: ['give --kubelet PATH or --kubelet-version VERSION'] })
    const [config, cluster] = await Promise.all([source.config(), source.cluster()])
    await upgradeKubelet({ host, cluster, config, ...asked }, context)
  },
}
