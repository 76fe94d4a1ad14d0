/**
 * The configuration that a cluster and a node of it have now: what the ConfigMaps of the cluster say, and what the files of the host say of
 * the node.
 */
import { ApiError } from '../../cluster/api-error.ts'
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts'
import { describeRef, kinds } from '../../cluster/kinds.ts'
import { awaitConfigMap, configMapText } from '../../cluster/stored-config-map.ts'
import { retryUntil } from '../../cluster/wait.ts'
import { nodeName } from '../../config/host-defaults.ts'
import type { ApiEndpoint, ComponentConfig, InitConfig, InitConfiguration, NodeRegistration, Timeouts } from '../../config/model.ts'
import { ports } from '../../config/ports.ts'
import {
  refuseOldCluster,
  settingsOfNode,
  storedClusterConfiguration,
  storedKubeletConfiguration,
  storedKubeProxyConfiguration,
} from '../../config/stored-config.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { isSigned } from '../../manifests/config-map.ts'
import { findStaticPod } from '../../manifests/static-pod-file.ts'
import { advertiseAddressAnnotation } from '../../manifests/static-pods/kube-apiserver.ts'
import { nodeNameOfKubelet } from '../../pki/kubelet-node-name.ts'
import { socketOfKubelet } from '../kubelet-socket.ts'

export interface ClusterConfigOptions {
  readonly host: Host
  readonly timeouts: Timeouts
  readonly signal: AbortSignal
  readonly warn: (line: string) => void
  /** Of the run: they have no place in the cluster. */
  readonly node: Pick<NodeRegistration, 'ignorePreflightErrors' | 'imagePullPolicy' | 'imagePullSerial'>
  readonly patches: InitConfiguration['patches']
}

/** What `init` would have here. Throws CONFIG_INVALID, API_REFUSED, API_UNREACHABLE. */
export async function readClusterConfig(cluster: Cluster, options: ClusterConfigOptions): Promise<InitConfig> {
  const { host, timeouts, warn, patches } = options
  const [stored, kubeletMap, nodeRegistration, localAPIEndpoint] = await Promise.all([
    configMap(cluster, 'kubeadm-config', options),
    configMap(cluster, 'kubelet-config', options),
    readNodeRegistration(cluster, options),
    readLocalEndpoint(host),
  ])
  // Last: whoever could read the others and not this one may not, and is not asking an API server that knows nobody yet.
  const kubeProxyMap = await configMap(cluster, 'kube-proxy', options)
  const clusterText = textIn(stored, 'kubeadm-config', 'ClusterConfiguration')
  const { cluster: configuration, warnings } = storedClusterConfiguration(clusterText)
  refuseOldCluster(configuration)
  const { kubelet, warnings: kubeletWarnings } = storedKubeletConfiguration(textIn(kubeletMap, 'kubelet-config', 'kubelet'), configuration)
  const source = { podSubnet: configuration.networking.podSubnet ?? '', advertiseAddress: localAPIEndpoint.advertiseAddress }
  // A cluster whose kube-proxy the user took away has no configuration of it.
  const emptyProxy = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n'
  const proxyText = kubeProxyMap === undefined ? emptyProxy : textIn(kubeProxyMap, 'kube-proxy', 'config.conf')
  const { kubeProxy, warnings: proxyWarnings } = storedKubeProxyConfiguration(proxyText, source)
  for (const line of [...warnings, ...kubeletWarnings, ...proxyWarnings]) warn(line)
  return {
    cluster: configuration,
    kubelet: signedOr(kubelet, kubeletMap),
    kubeProxy: signedOr(kubeProxy, kubeProxyMap),
    init: settingsOfNode({ nodeRegistration, localAPIEndpoint, timeouts, ...(patches !== undefined && { patches }) }),
  }
}

async function configMap(
  cluster: Cluster,
  name: string,
  { timeouts, signal }: ClusterConfigOptions,
): Promise<KubernetesObject | undefined> {
  try {
    return await awaitConfigMap(cluster, name, {
      timeout: timeouts.kubernetesAPICall,
      signal,
      ...(name === 'kube-proxy' && { giveUp: isDenied }),
    })
  } catch (error) {
    // A kubelet may not read all of them on a cluster of another making; only kubeadm-config and kubelet-config are needed.
    if (name === 'kube-proxy' && isDenied(error)) return undefined
    throw error
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof ApiError && [401, 403].includes(error.status)
}

function textIn(object: KubernetesObject | undefined, name: string, key: string): string {
  const text = configMapText(object, key)
  if (text !== undefined) return text
  throw new KadmError('CONFIG_INVALID', `the ConfigMap kube-system/${name} ${object === undefined ? 'is not there' : `has no "${key}"`}`, {
    remedy:
      name === 'kubeadm-config'
        ? ['kadm init phase upload-config kubeadm --config FILE   # with the configuration of the cluster']
        : [`kubectl -n kube-system get configmap ${name} -o yaml`],
  })
}

/** What an installer wrote and nobody changed is signed again when it is uploaded again. */
function signedOr(config: ComponentConfig, object: KubernetesObject | undefined): ComponentConfig {
  return { ...config, userSupplied: object !== undefined && !isSigned(object) }
}

async function readNodeRegistration(
  cluster: Cluster,
  { host, timeouts, signal, node, warn }: ClusterConfigOptions,
): Promise<NodeRegistration> {
  const { name, criSocket: socket } = await nodeOfKubelet(host, warn)
  const ref = { ...kinds.node, name }
  const look = async (): Promise<void> => {
    if ((await cluster.get(ref)) === undefined) throw new Error('it is not there')
  }
  await retryUntil(look, { timeout: timeouts.kubernetesAPICall, signal, describe: `${describeRef(ref)}, which this host is` })
  const { ignorePreflightErrors, imagePullPolicy, imagePullSerial } = node
  // Taints and flags stay as they are: no part of an upgrade writes them.
  return { name, criSocket: socket, taints: [], kubeletExtraArgs: [], ignorePreflightErrors, imagePullPolicy, imagePullSerial }
}

/** Which Node this host is, and where its container runtime is, without asking the API. */
export async function nodeOfKubelet(host: Host, warn: (line: string) => void): Promise<Pick<NodeRegistration, 'name' | 'criSocket'>> {
  const name = (await nodeNameOfKubelet(host)) ?? nodeName('', await host.facts())
  return { name, criSocket: await socketOfKubelet(host, warn) }
}

/** Of this host's API server, as its static Pod announces it; empty on a worker. */
async function readLocalEndpoint(host: Host): Promise<ApiEndpoint> {
  const pod = await findStaticPod(host, 'kube-apiserver')
  const text = pod?.metadata.annotations?.[advertiseAddressAnnotation]
  const parts = /^\[?(?<address>[^\]]+?)\]?:(?<port>\d+)$/.exec(text ?? '')?.groups
  if (parts !== undefined) return { advertiseAddress: parts['address'] ?? '', bindPort: Number(parts['port']) }
  if (pod === undefined) return { advertiseAddress: '', bindPort: ports['kube-apiserver'] }
  throw new KadmError(
    'CONFIG_INVALID',
    `the static Pod manifest of kube-apiserver has no annotation "${advertiseAddressAnnotation}" with its address`,
    {
      remedy: ['kadm init phase control-plane apiserver --config FILE   # with the configuration of this node'],
    },
  )
}
