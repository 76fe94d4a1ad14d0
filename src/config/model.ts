/**
 * The configuration that the rest of kadm works with: one validated document with every default filled in.
 *
 * The shapes are those of kubeadm.k8s.io/v1beta4 with its field names, so that there is one vocabulary. What is optional here is optional
 * for good: absent means "not set", never "not looked up yet".
 */
import type { JsonObject } from '../json.ts'

export interface InitConfig {
  readonly init: InitConfiguration
  readonly cluster: ClusterConfiguration
  readonly kubelet: ComponentConfig
  readonly kubeProxy: ComponentConfig
}

/** KubeletConfiguration or KubeProxyConfiguration as the cluster shall hold it (defaults of kubeadm filled in, nothing of this node). */
export interface ComponentConfig {
  readonly document: JsonObject
  /** The user wrote it: no hash annotation, and upgrades leave it alone. */
  readonly userSupplied: boolean
}

export interface InitConfiguration {
  readonly bootstrapTokens: readonly BootstrapToken[]
  readonly dryRun: boolean
  readonly nodeRegistration: NodeRegistration
  readonly localAPIEndpoint: ApiEndpoint
  readonly certificateKey?: string
  readonly skipPhases: readonly string[]
  readonly patches?: { readonly directory: string }
  readonly timeouts: Timeouts
}

/** What `kadm join` was asked. How the cluster itself is set up is read from the cluster. */
export interface JoinConfig {
  readonly dryRun: boolean
  readonly nodeRegistration: NodeRegistration
  /** Where the CA certificate of the cluster goes. */
  readonly caCertPath: string
  readonly discovery: TokenDiscovery | FileDiscovery
  /** There for a node that becomes a control plane. */
  readonly controlPlane?: { readonly localAPIEndpoint: ApiEndpoint; readonly certificateKey?: string }
  readonly skipPhases: readonly string[]
  readonly patches?: { readonly directory: string }
  readonly timeouts: Timeouts
}

/** What `kadm reset` was asked. */
export interface ResetConfig {
  /** Empty /etc/kubernetes/tmp too. */
  readonly cleanupTmpDir: boolean
  readonly certificatesDir: string
  readonly criSocket: string
  readonly dryRun: boolean
  /** Do not ask. */
  readonly force: boolean
  readonly ignorePreflightErrors: readonly string[]
  readonly skipPhases: readonly string[]
  /** `MNT_FORCE`, `MNT_DETACH`, `MNT_EXPIRE`, `UMOUNT_NOFOLLOW` */
  readonly unmountFlags: readonly string[]
  readonly timeouts: Timeouts
}

export interface TokenDiscovery {
  readonly kind: 'token'
  readonly token: string
  /** `host:port` */
  readonly apiServerEndpoint: string
  /** `sha256:<hex>`; one that matches is enough. */
  readonly caCertHashes: readonly string[]
  readonly unsafeSkipCAVerification: boolean
  /** What the kubelet asks for its certificate with. */
  readonly tlsBootstrapToken: string
}

export interface FileDiscovery {
  readonly kind: 'file'
  /** A path on the host, or an https:// URL. */
  readonly kubeConfigPath: string
  /** Absent: the kubelet asks for its certificate with the credentials of the file. */
  readonly tlsBootstrapToken?: string
}

export interface ClusterConfiguration {
  readonly etcd: LocalEtcd | ExternalEtcd
  readonly networking: {
    /** One CIDR, or two separated by a comma. */
    readonly serviceSubnet: string
    readonly podSubnet?: string
    readonly dnsDomain: string
  }
  /** With `v`: `v1.37.2`. A CI build keeps its prefix apart, in `ciVersion`. */
  readonly kubernetesVersion: string
  readonly ciVersion: boolean
  /** `host:port`, the port filled in. */
  readonly controlPlaneEndpoint?: string
  readonly apiServer: ControlPlaneComponent & { readonly certSANs: readonly string[] }
  readonly controllerManager: ControlPlaneComponent
  readonly scheduler: ControlPlaneComponent
  readonly dns: { readonly imageRepository?: string; readonly imageTag?: string; readonly disabled: boolean }
  readonly proxy: { readonly disabled: boolean }
  readonly certificatesDir: string
  readonly imageRepository: string
  readonly featureGates: Readonly<Record<string, boolean>>
  readonly clusterName: string
  readonly encryptionAlgorithm: EncryptionAlgorithm
  /** Milliseconds, as all durations in this file. */
  readonly certificateValidityPeriod: number
  readonly caCertificateValidityPeriod: number
}

export const encryptionAlgorithms = ['RSA-2048', 'RSA-3072', 'RSA-4096', 'ECDSA-P256', 'ECDSA-P384'] as const
export type EncryptionAlgorithm = (typeof encryptionAlgorithms)[number]

export interface ControlPlaneComponent {
  readonly extraArgs: readonly Argument[]
  readonly extraVolumes: readonly HostPathMount[]
  readonly extraEnvs: readonly JsonObject[]
}

export interface LocalEtcd {
  readonly kind: 'local'
  readonly imageRepository?: string
  readonly imageTag?: string
  readonly dataDir: string
  readonly extraArgs: readonly Argument[]
  readonly extraEnvs: readonly JsonObject[]
  readonly serverCertSANs: readonly string[]
  readonly peerCertSANs: readonly string[]
}

export interface ExternalEtcd {
  readonly kind: 'external'
  readonly endpoints: readonly string[]
  readonly httpEndpoints: readonly string[]
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
}

/** A flag of a component, without its dashes. The same name may be given more than once. */
export interface Argument {
  readonly name: string
  readonly value: string
}

export interface HostPathMount {
  readonly name: string
  readonly hostPath: string
  readonly mountPath: string
  readonly readOnly: boolean
  /** '' when not given: kubeadm prints `type: ""`. */
  readonly pathType: string
}

export interface ApiEndpoint {
  readonly advertiseAddress: string
  readonly bindPort: number
}

export interface NodeRegistration {
  readonly name: string
  readonly criSocket: string
  readonly taints: readonly Taint[]
  readonly kubeletExtraArgs: readonly Argument[]
  readonly ignorePreflightErrors: readonly string[]
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never'
  readonly imagePullSerial: boolean
}

export interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

export interface BootstrapToken {
  /** `abcdef.0123456789abcdef` */
  readonly token: string
  readonly description?: string
  /** Milliseconds from when the Secret is made; absent or not above 0: it does not expire. */
  readonly ttl?: number
  readonly expires?: Date
  readonly usages: readonly string[]
  readonly groups: readonly string[]
}

/** Milliseconds. */
export interface Timeouts {
  readonly controlPlaneComponentHealthCheck: number
  readonly kubeletHealthCheck: number
  readonly kubernetesAPICall: number
  readonly etcdAPICall: number
  readonly tlsBootstrap: number
  readonly discovery: number
  readonly upgradeManifests: number
}
