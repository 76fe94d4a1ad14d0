/** Where the files of kubeadm and the kubelet lie on a host. Source: kubeadm's constants. kadm's own: `src/host/journal/journal-file.ts`. */
export const paths = {
  kubernetes: '/etc/kubernetes',
  manifests: '/etc/kubernetes/manifests',
  defaultCertificates: '/etc/kubernetes/pki',
  temporary: '/etc/kubernetes/tmp',
  adminConf: '/etc/kubernetes/admin.conf',
  superAdminConf: '/etc/kubernetes/super-admin.conf',
  kubeletConf: '/etc/kubernetes/kubelet.conf',
  bootstrapKubeletConf: '/etc/kubernetes/bootstrap-kubelet.conf',
  controllerManagerConf: '/etc/kubernetes/controller-manager.conf',
  schedulerConf: '/etc/kubernetes/scheduler.conf',
  kubelet: '/var/lib/kubelet',
  kubeletConfig: '/var/lib/kubelet/config.yaml',
  kubeletInstanceConfig: '/var/lib/kubelet/instance-config.yaml',
  kubeletFlags: '/var/lib/kubelet/kubeadm-flags.env',
  kubeletPki: '/var/lib/kubelet/pki',
} as const
