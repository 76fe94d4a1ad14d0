/** Files that a host's packages and its administrator would have put there before kubeadm or kadm come. */
import { imagesOf, releases } from './releases.ts'

const newest = releases[0]

const containerdConfig = `version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${newest === undefined ? '' : imagesOf(newest)['pause']}'
[plugins.'io.containerd.cri.v1.runtime']
  # A machine that may not lower oom_score_adj (no CAP_SYS_RESOURCE) could start no pod.
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = true
`

const kubeletService = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`

/** As the kubeadm package installs it (kubernetes.io, "The kubelet drop-in file for systemd"). */
const kubeletDropIn = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`

/** Content by path below the host's root. */
export const hostFiles: Readonly<Record<string, string>> = {
  'etc/containerd/config.toml': containerdConfig,
  'etc/sysctl.d/99-kubernetes.conf': 'net.ipv4.ip_forward = 1\n',
  'usr/lib/systemd/system/kubelet.service': kubeletService,
  'usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf': kubeletDropIn,
}

/** What a host that is a set of namespaces has no use for, or must not do to the machine. */
export const maskedUnits = [
  'systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket getty.target console-getty.service',
  'sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount systemd-networkd.service systemd-pcrphase.service',
  'apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer',
].flatMap((line) => line.split(' '))
