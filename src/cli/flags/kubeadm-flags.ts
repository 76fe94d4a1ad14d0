/** The flags of kubeadm's commands, each once: a command or phase names the ones it takes. Names, kinds and defaults are kubeadm 1.37's. */
import { paths } from '../../config/paths.ts'
import type { Flag } from '../command.ts'

const flags: readonly Flag[] = [
  {
    name: 'allow-experimental-upgrades',
    kind: 'switch',
    default: 'false',
    doc: 'Allow upgrades to alpha and beta versions and release candidates',
  },
  { name: 'allow-release-candidate-upgrades', kind: 'switch', default: 'false', doc: 'Allow upgrades to release candidates' },
  {
    name: 'apiserver-advertise-address',
    kind: 'text',
    doc: "The IP address the API server says it listens on; the default route's interface when not set",
  },
  { name: 'apiserver-bind-port', kind: 'number', default: '6443', doc: 'Port for the API server to bind to' },
  { name: 'apiserver-cert-extra-sans', kind: 'list', doc: 'Further names and IP addresses for the serving certificate of the API server' },
  { name: 'apiserver-extra-args', kind: 'text', hidden: true, doc: 'Deprecated: use extraArgs of the configuration' },
  { name: 'controller-manager-extra-args', kind: 'text', hidden: true, doc: 'Deprecated: use extraArgs of the configuration' },
  { name: 'scheduler-extra-args', kind: 'text', hidden: true, doc: 'Deprecated: use extraArgs of the configuration' },
  { name: 'cert-dir', kind: 'text', default: paths.defaultCertificates, doc: 'Where certificates are kept' },
  {
    name: 'certificate-key',
    kind: 'text',
    doc: 'Key that seals the shared certificates in Secret kubeadm-certs: an AES key of 32 bytes, in hex',
  },
  {
    name: 'certificate-renewal',
    kind: 'switch',
    default: 'true',
    doc: 'Renew the certificates of the components that the upgrade changes',
  },
  { name: 'cleanup', kind: 'list', doc: "What others made for the cluster and is to go too: network, kubeconfig (kadm's own)" },
  { name: 'cleanup-tmp-dir', kind: 'switch', default: 'false', doc: 'Empty "/etc/kubernetes/tmp" too' },
  { name: 'config', kind: 'text', doc: 'Path to a configuration file (kubeadm.k8s.io/v1beta4)' },
  { name: 'context-lines', short: 'c', kind: 'number', default: '3', doc: 'Lines shown around each difference' },
  { name: 'control-plane', kind: 'switch', default: 'false', doc: 'Make this node a control plane' },
  { name: 'control-plane-endpoint', kind: 'text', doc: 'A stable IP address or DNS name for the control plane, with an optional port' },
  { name: 'cri-socket', kind: 'text', doc: 'Path to the CRI socket; found when there is one only' },
  { name: 'discovery-file', kind: 'text', doc: 'A kubeconfig file, or an https:// URL of one, that says where the cluster is' },
  { name: 'discovery-token', kind: 'text', doc: 'The token that vouches for what the API server says about the cluster' },
  {
    name: 'discovery-token-ca-cert-hash',
    kind: 'list',
    allowsEmptyItems: true,
    doc: 'With a token: the hash of the public key of the CA, "sha256:<hex>"; one that matches is enough',
  },
  {
    name: 'discovery-token-unsafe-skip-ca-verification',
    kind: 'switch',
    default: 'false',
    doc: 'With a token: trust whoever knows it, without a hash',
  },
  {
    name: 'discovery-unsafe-allow-insecure-file',
    kind: 'switch',
    default: 'false',
    doc: "Take a discovery file that says not to look at the server's certificate, as kubeadm does (kadm's own)",
  },
  {
    name: 'discovery-unsafe-allow-unpinned-ca',
    kind: 'switch',
    default: 'false',
    doc: "Trust CAs without a hash beside one that has one, as kubeadm does (kadm's own)",
  },
  { name: 'drain-timeout', kind: 'text', default: '5m0s', doc: "How long the Pods of the node have to leave it (kadm's own)" },
  { name: 'dry-run', kind: 'switch', default: 'false', doc: 'Change nothing; say what would be done' },
  { name: 'etcd-upgrade', kind: 'switch', default: 'true', doc: 'Upgrade etcd too, where it runs on this node' },
  { name: 'feature-gates', kind: 'text', doc: 'key=value pairs, e.g. RootlessControlPlane=true' },
  {
    name: 'force',
    short: 'f',
    kind: 'switch',
    default: 'false',
    doc: 'Go on without asking, and where it can be done though a requirement is not met',
  },
  {
    name: 'ignore-preflight-errors',
    kind: 'list',
    allowsEmptyItems: true,
    doc: "Checks whose errors are shown as warnings, e.g. 'Swap,NumCPU'; 'all' for all of them",
  },
  { name: 'image-repository', kind: 'text', default: 'registry.k8s.io', doc: 'Registry to pull the images of the control plane from' },
  { name: 'kubeconfig', kind: 'text', default: paths.adminConf, doc: 'The kubeconfig file to talk to the cluster with' },
  { name: 'kubeconfig-dir', kind: 'text', default: paths.kubernetes, doc: 'Where kubeconfig files are kept' },
  {
    name: 'kubelet',
    kind: 'text',
    doc: "Path of a kubelet on the host that shall take the place of the installed one: the node is drained for it (kadm's own)",
  },
  {
    name: 'kubelet-version',
    kind: 'text',
    doc: "Version that the kubelet shall have; without --kubelet the installed one when it is of this version, else the file kubelet-VERSION beside it (kadm's own)",
  },
  { name: 'kubernetes-version', kind: 'text', default: 'stable-1', doc: 'The Kubernetes version of the control plane' },
  { name: 'node-name', kind: 'text', doc: 'Name of this node' },
  { name: 'patches', kind: 'text', doc: 'Directory of patches, files named "target[suffix][+patchtype].extension"' },
  { name: 'pod-network-cidr', kind: 'text', doc: 'Addresses for Pods; the control plane gives each node its part' },
  { name: 'print-config', kind: 'switch', default: 'false', doc: 'Print the configuration of the cluster that the upgrade goes by' },
  { name: 'print-manifest', kind: 'switch', default: 'false', doc: 'Print the manifests of the addon instead of applying them' },
  {
    name: 'rehearse',
    kind: 'switch',
    default: 'false',
    doc: "Tell what the upgrade will run into; exit code 3: something hurts, 4: something blocks (kadm's own)",
  },
  {
    name: 'replace',
    kind: 'switch',
    default: 'false',
    doc: "Remove the etcd member and the Node of a lost host of the same name first (kadm's own)",
  },
  { name: 'service-cidr', kind: 'text', default: '10.96.0.0/12', doc: 'Addresses for Services' },
  { name: 'service-dns-domain', kind: 'text', default: 'cluster.local', doc: 'DNS domain of Services' },
  { name: 'skip-certificate-key-print', kind: 'switch', default: 'false', doc: "Don't print the key that seals the shared certificates" },
  { name: 'skip-phases', kind: 'list', doc: 'Phases to leave out, e.g. addon/kube-proxy' },
  { name: 'skip-token-print', kind: 'switch', default: 'false', doc: "Don't print the bootstrap token" },
  { name: 'tls-bootstrap-token', kind: 'text', doc: 'The token that the kubelet asks for its certificate with' },
  {
    name: 'token',
    kind: 'text',
    doc: 'The bootstrap token for nodes that join, [a-z0-9]{6}.[a-z0-9]{16}; init makes one when it is not set',
  },
  { name: 'token-ttl', kind: 'text', default: '24h0m0s', doc: 'How long the token is good for; 0: for ever' },
  {
    name: 'upload-certs',
    kind: 'switch',
    default: 'false',
    doc: 'Upload the certificates that control planes share to Secret kubeadm-certs',
  },
  { name: 'yes', short: 'y', kind: 'switch', default: 'false', doc: 'Do not ask' },
]

const byName = new Map(flags.map((flag) => [flag.name, flag]))

/** The flags of these names, in this order. */
export function kubeadmFlags(...names: readonly string[]): readonly Flag[] {
  return names.map((name) => {
    const flag = byName.get(name)
    if (flag === undefined) throw new Error(`there is no flag "${name}" in the table`)
    return flag
  })
}
