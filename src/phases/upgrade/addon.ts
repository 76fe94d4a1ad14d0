/** `kadm upgrade ... phase addon`: CoreDNS and kube-proxy, by the last control plane that is upgraded. */
import type { Cluster } from '../../cluster/cluster.ts'
import { ensureObjects } from '../../cluster/apply-object.ts'
import { kinds } from '../../cluster/kinds.ts'
import { textAt } from '../../cluster/object-fields.ts'
import type { InitConfig } from '../../config/model.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { kubeProxyObjects } from '../../manifests/addons/kube-proxy.ts'
import type { Phase, PhaseContext } from '../phase.ts'
import { upgradeCoreDns } from './upgrade-core-dns.ts'
import type { UpgradeRun } from './upgrade-run.ts'

const flags = ['config', 'dry-run', 'kubeconfig', 'patches']

/** @param needs the phases before it */
export function addon(needs: readonly string[]): Phase<UpgradeRun> {
  return {
    name: 'addon',
    summary: 'Upgrade the default kubeadm addons',
    needs,
    phases: [
      one(
        'coredns',
        'Upgrade the CoreDNS addon',
        ({ cluster }) => cluster.dns.disabled,
        async (work) => {
          await upgradeCoreDns(work)
          work.context.say('[addons] Applied essential addon: CoreDNS')
        },
      ),
      one(
        'kube-proxy',
        'Upgrade the kube-proxy addon',
        ({ cluster }) => cluster.proxy.disabled,
        async ({ host, timeout, config, cluster, context }) => {
          await warnOfRemoved(cluster, context)
          const objects = await kubeProxyObjects({ config, host, say: context.say, warn: context.warn })
          await ensureObjects(cluster, objects, { timeout, signal: context.signal })
          context.say('[addons] Applied essential addon: kube-proxy')
        },
      ),
    ],
  }
}

/** As kubeadm, which lays it anew; who has put another in its place by hand would hear of it from the network. */
export async function warnOfRemoved(cluster: Pick<Cluster, 'get'>, { warn }: Pick<PhaseContext, 'warn'>): Promise<void> {
  const found = await cluster.get({ ...kinds.daemonSet, namespace: 'kube-system', name: 'kube-proxy' })
  if (found === undefined)
    warn(
      'kube-proxy was not there and is laid anew: where another one has its place, kubectl -n kube-system delete daemonset kube-proxy, and set "proxy: {disabled: true}" in the ConfigMap kubeadm-config',
    )
}

export interface AddonUpgrade {
  readonly host: Host
  /** Milliseconds, for a call of the API. */
  readonly timeout: number
  readonly config: InitConfig
  readonly cluster: Cluster
  readonly context: PhaseContext
}

function one(
  name: string,
  summary: string,
  isDisabled: (config: InitConfig) => boolean,
  upgrade: (work: AddonUpgrade) => Promise<void>,
): Phase<UpgradeRun> {
  const skipped = (why: string): string => `[upgrade/addon] Skipping the addon/${name} phase. ${why}`
  return {
    name,
    summary,
    flags,
    needs: [],
    skip: async ({ isControlPlane, source }) => {
      if (!isControlPlane) return skipped('Not a control plane node.')
      return isDisabled(await source.config()) ? skipped('The addon is disabled.') : false
    },
    run: async ({ host, source, upgrade: { timeouts } }, context) => {
      const [config, cluster] = await Promise.all([source.config(), source.cluster()])
      const older = await otherControlPlanes(cluster, config)
      if (older.length > 0)
        return context.say(
          `[upgrade/addon] Skipping upgrade of addons because control plane instances [${older.join(' ')}] have not been upgraded`,
        )
      await upgrade({ host, timeout: timeouts.kubernetesAPICall, config, cluster, context })
    },
  }
}

/**
 * Names of control-plane nodes whose API server has another image than this node's. Throws COMPONENT_NOT_HEALTHY when the API shows none of
 * this node.
 */
async function otherControlPlanes(cluster: Cluster, { init }: InitConfig): Promise<readonly string[]> {
  const { name } = init.nodeRegistration
  const pods = await cluster.list({ ...kinds.pod, namespace: 'kube-system' }, { labelSelector: 'component=kube-apiserver' })
  const images = new Map(pods.map((pod) => [textAt(pod, 'spec.nodeName'), textAt(pod, 'spec.containers.0.image')]))
  const own = images.get(name)
  if (own !== undefined) return [...images].flatMap(([node, image]) => (image === own ? [] : [node])).toSorted()
  throw new KadmError('COMPONENT_NOT_HEALTHY', `the API shows no Pod of kube-apiserver on this node, "${name}"`, {
    remedy: [
      'kubectl -n kube-system get pods -l component=kube-apiserver -o wide',
      'systemctl restart kubelet   # then run the same command again',
    ],
  })
}
