/**
 * The certificates of a control plane, in kubeadm's order and by its names. `init phase certs`, the join of a control plane, `certs renew`,
 * `certs check-expiration` and `certs generate-csr` all read this list.
 */
import type { ClusterConfiguration, InitConfig } from '../config/model.ts'
import { noAltNames, type AltNames } from './alt-names.ts'
import { apiServerAltNames, etcdAltNames } from './serving-names.ts'
import type { Subject, Usage } from './x509.ts'

export interface CertificateSpec {
  /** Of the sub-phase of `certs`, and for `certs renew`. */
  readonly name: string
  /** What it is, for help: `Generate the <title>`. */
  readonly title: string
  /** File name below the folder of certificates, without `.crt` and `.key`. */
  readonly baseName: string
  /** Name of the spec of its CA; absent: it is a CA that signs itself. */
  readonly ca?: string
  /** Not made where etcd is external. */
  readonly ofEtcd: boolean
  /** Of a leaf; a CA has none. */
  readonly usages: readonly Usage[]
  readonly subject: (config: InitConfig) => Subject
  readonly altNames: (config: InitConfig) => AltNames
  /** Flags that its sub-phase has beyond those of all. */
  readonly flags: readonly string[]
}

export const certificateSpecs: readonly CertificateSpec[] = [
  authority('ca', 'ca', 'kubernetes', 'self-signed Kubernetes CA to provision identities for other Kubernetes components'),
  {
    ...leaf('apiserver', 'ca', ['server'], 'certificate for serving the Kubernetes API'),
    subject: named('kube-apiserver'),
    altNames: apiServerAltNames,
    flags: ['apiserver-advertise-address', 'apiserver-cert-extra-sans', 'control-plane-endpoint', 'service-cidr', 'service-dns-domain'],
  },
  {
    ...leaf('apiserver-kubelet-client', 'ca', ['client'], 'certificate for the API server to connect to kubelet'),
    // It has no group since 1.37: RBAC names the user itself.
    subject: named('kube-apiserver-kubelet-client'),
  },
  authority('front-proxy-ca', 'front-proxy-ca', 'front-proxy-ca', 'self-signed CA to provision identities for front proxy'),
  {
    ...leaf('front-proxy-client', 'front-proxy-ca', ['client'], 'certificate for the front proxy client'),
    subject: named('front-proxy-client'),
  },
  { ...authority('etcd-ca', 'etcd/ca', 'etcd-ca', 'self-signed CA to provision identities for etcd'), ofEtcd: true },
  {
    // etcd dials itself with its serving certificate, so that one is a client too (etcd-io/etcd#9785).
    ...leaf('etcd-server', 'etcd-ca', ['server', 'client'], 'certificate for serving etcd'),
    baseName: 'etcd/server',
    ofEtcd: true,
    subject: ofNode,
    altNames: (config) => etcdAltNames(config, 'serverCertSANs'),
  },
  {
    ...leaf('etcd-peer', 'etcd-ca', ['server', 'client'], 'certificate for etcd nodes to communicate with each other'),
    baseName: 'etcd/peer',
    ofEtcd: true,
    subject: ofNode,
    altNames: (config) => etcdAltNames(config, 'peerCertSANs'),
  },
  {
    ...leaf('etcd-healthcheck-client', 'etcd-ca', ['client'], 'certificate for liveness probes to healthcheck etcd'),
    baseName: 'etcd/healthcheck-client',
    ofEtcd: true,
    subject: named('kube-etcd-healthcheck-client'),
  },
  {
    ...leaf('apiserver-etcd-client', 'etcd-ca', ['client'], 'certificate the apiserver uses to access etcd'),
    ofEtcd: true,
    subject: named('kube-apiserver-etcd-client'),
  },
]

/** Of this name, e.g. `etcd-server`. */
export function certificateSpec(name: string): CertificateSpec {
  const spec = certificateSpecs.find((candidate) => candidate.name === name)
  if (spec === undefined) throw new TypeError(`no certificate is called ${name}`)
  return spec
}

/** The CAs that a cluster of this kind has. */
export function authoritiesOf({ etcd }: Pick<ClusterConfiguration, 'etcd'>): readonly CertificateSpec[] {
  return certificateSpecs.filter(({ ca, ofEtcd }) => ca === undefined && (!ofEtcd || etcd.kind === 'local'))
}

/** The certificates that a CA signs. */
export function certificatesOf(ca: string): readonly CertificateSpec[] {
  return certificateSpecs.filter((spec) => spec.ca === ca)
}

function authority(name: string, baseName: string, commonName: string, title: string): CertificateSpec {
  return { name, title, baseName, ofEtcd: false, usages: [], subject: named(commonName), altNames: () => noAltNames, flags: [] }
}

function leaf(name: string, ca: string, usages: readonly Usage[], title: string): Omit<CertificateSpec, 'subject'> {
  return { name, title, baseName: name, ca, ofEtcd: false, usages, altNames: () => noAltNames, flags: [] }
}

function named(commonName: string): () => Subject {
  return () => ({ commonName, organizations: [] })
}

function ofNode({ init }: InitConfig): Subject {
  return { commonName: init.nodeRegistration.name, organizations: [] }
}
