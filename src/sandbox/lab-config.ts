/** The kubeadm configuration for the hosts of a sandbox: what a cluster there needs said beside the defaults, and why (docs/sandbox.md). */

export interface LabConfig {
  readonly kubernetesVersion: string
  readonly podSubnet?: string
  /** `host:port` of the load balancer, where there is one. */
  readonly controlPlaneEndpoint?: string
}

/** Documents for `init --config`. */
export function labInitConfig({ kubernetesVersion, podSubnet = '10.244.0.0/16', controlPlaneEndpoint }: LabConfig): string {
  return `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration:
  # cgroup v1, which SystemVerification refuses from kubelet 1.35 on
  ignorePreflightErrors: [SystemVerification]
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: ${kubernetesVersion}
${controlPlaneEndpoint === undefined ? '' : `controlPlaneEndpoint: ${controlPlaneEndpoint}\n`}networking:
  podSubnet: ${podSubnet}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
# nf_conntrack_max is the machine's and may not be set from a host
conntrack: {maxPerCore: 0}
`
}
