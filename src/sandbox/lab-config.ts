/** The kubeadm configuration for the hosts of a sandbox: what a cluster there needs said beside the defaults, and why (docs/sandbox.md). */
import { newestKubernetes } from '../config/own-version.ts'

export interface LabConfig {
  /** Default: the newest. */
  readonly kubernetesVersion?: string
  readonly podSubnet?: string
  readonly serviceSubnet?: string
  /** `host:port` of the load balancer, where there is one. */
  readonly controlPlaneEndpoint?: string
  readonly advertiseAddress?: string
  /** The kubelet's `--node-ip`: one address, or an IPv4 and an IPv6 address with a comma between. */
  readonly nodeIp?: string
  /** Default: kubeadm's, RSA-2048. */
  readonly encryptionAlgorithm?: string
  /** Further lines of ClusterConfiguration. */
  readonly cluster?: string
}

/** Documents for `init --config`. */
export function labInitConfig({
  kubernetesVersion = newestKubernetes,
  podSubnet = '10.244.0.0/16',
  serviceSubnet,
  controlPlaneEndpoint,
  advertiseAddress,
  nodeIp,
  encryptionAlgorithm,
  cluster = '',
}: LabConfig = {}): string {
  return `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
${line('localAPIEndpoint: {advertiseAddress: "', advertiseAddress, '"}')}nodeRegistration:
  # cgroup v1, which SystemVerification refuses from kubelet 1.35 on
  ignorePreflightErrors: [SystemVerification]
${line('  kubeletExtraArgs: [{name: node-ip, value: "', nodeIp, '"}]')}---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: ${kubernetesVersion}
${line('controlPlaneEndpoint: "', controlPlaneEndpoint, '"')}${line('encryptionAlgorithm: ', encryptionAlgorithm, '')}${cluster}networking:
  podSubnet: ${podSubnet}
${line('  serviceSubnet: ', serviceSubnet, '')}---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
# It may not lower its score, -999 by default, in these hosts: it would try twice and start 0.2 s later
oomScoreAdj: 0
# The disk is the machine's: what else is on it is no reason to remove images and to take no Pods
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
# nf_conntrack_max is the machine's and may not be set from a host
conntrack: {maxPerCore: 0}
`
}

function line(before: string, value: string | undefined, after: string): string {
  return value === undefined ? '' : `${before}${value}${after}\n`
}
