/** The ports of a node where nobody has said others. Source: kubeadm's constants. */
export const ports = {
  'kube-apiserver': 6443,
  'kube-controller-manager': 10_257,
  'kube-scheduler': 10_259,
  etcdClients: 2379,
  etcdPeers: 2380,
  etcdMetrics: 2381,
  kubelet: 10_250,
  kubeletHealth: 10_248,
} as const
