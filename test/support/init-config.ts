/** A whole configuration for tests: kubeadm's defaults for a host `node1` at 192.168.77.10, the one that a jail shows. */
import type { ClusterConfiguration, InitConfig, InitConfiguration, NodeRegistration } from '../../src/config/model.ts'
import { newestKubernetes } from '../../src/config/own-version.ts'
import type { JsonObject } from '../../src/json.ts'

export interface ConfigOverrides {
  readonly init?: Partial<InitConfiguration>
  readonly nodeRegistration?: Partial<NodeRegistration>
  readonly cluster?: Partial<ClusterConfiguration>
  /** Added to the default documents. */
  readonly kubelet?: JsonObject
  readonly kubeProxy?: JsonObject
}

const minute = 60_000
const component = { extraArgs: [], extraVolumes: [], extraEnvs: [] }

export function initConfig({
  init = {},
  nodeRegistration = {},
  cluster = {},
  kubelet = {},
  kubeProxy = {},
}: ConfigOverrides = {}): InitConfig {
  return {
    init: {
      bootstrapTokens: [],
      dryRun: false,
      nodeRegistration: {
        name: 'node1',
        criSocket: 'unix:///var/run/containerd/containerd.sock',
        taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
        kubeletExtraArgs: [],
        ignorePreflightErrors: [],
        imagePullPolicy: 'IfNotPresent',
        imagePullSerial: true,
        ...nodeRegistration,
      },
      localAPIEndpoint: { advertiseAddress: '192.168.77.10', bindPort: 6443 },
      skipPhases: [],
      timeouts: {
        controlPlaneComponentHealthCheck: 4 * minute,
        kubeletHealthCheck: 4 * minute,
        kubernetesAPICall: minute,
        etcdAPICall: 2 * minute,
        tlsBootstrap: 5 * minute,
        discovery: 5 * minute,
        upgradeManifests: 5 * minute,
      },
      ...init,
    },
    cluster: { ...defaultCluster, ...cluster },
    kubelet: { document: { ...defaultKubelet, ...kubelet }, userSupplied: Object.keys(kubelet).length > 0 },
    kubeProxy: { document: { ...defaultKubeProxy, ...kubeProxy }, userSupplied: Object.keys(kubeProxy).length > 0 },
  }
}

const defaultCluster: ClusterConfiguration = {
  etcd: { kind: 'local', dataDir: '/var/lib/etcd', extraArgs: [], extraEnvs: [], serverCertSANs: [], peerCertSANs: [] },
  networking: { serviceSubnet: '10.96.0.0/12', dnsDomain: 'cluster.local' },
  kubernetesVersion: newestKubernetes,
  ciVersion: false,
  apiServer: { ...component, certSANs: [] },
  controllerManager: component,
  scheduler: component,
  dns: { disabled: false },
  proxy: { disabled: false },
  certificatesDir: '/etc/kubernetes/pki',
  imageRepository: 'registry.k8s.io',
  featureGates: {},
  clusterName: 'kubernetes',
  encryptionAlgorithm: 'RSA-2048',
  certificateValidityPeriod: 365 * 24 * 60 * minute,
  caCertificateValidityPeriod: 3650 * 24 * 60 * minute,
}

const zero = '0s'
const logging = { flushFrequency: 0, options: { json: { infoBufferSize: '0' }, text: { infoBufferSize: '0' } }, verbosity: 0 }

const defaultKubelet: JsonObject = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: {
    anonymous: { enabled: false },
    webhook: { cacheTTL: zero, enabled: true },
    x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' },
  },
  authorization: { mode: 'Webhook', webhook: { cacheAuthorizedTTL: zero, cacheUnauthorizedTTL: zero } },
  cgroupDriver: 'systemd',
  clusterDNS: ['10.96.0.10'],
  clusterDomain: 'cluster.local',
  containerRuntimeEndpoint: '',
  cpuManagerReconcilePeriod: zero,
  crashLoopBackOff: {},
  evictionPressureTransitionPeriod: zero,
  fileCheckFrequency: zero,
  healthzBindAddress: '127.0.0.1',
  healthzPort: 10_248,
  httpCheckFrequency: zero,
  imageMaximumGCAge: zero,
  imageMinimumGCAge: zero,
  logging,
  memorySwap: {},
  nodeStatusReportFrequency: zero,
  nodeStatusUpdateFrequency: zero,
  rotateCertificates: true,
  runtimeRequestTimeout: zero,
  shutdownGracePeriod: zero,
  shutdownGracePeriodCriticalPods: zero,
  staticPodPath: '/etc/kubernetes/manifests',
  streamingConnectionIdleTimeout: zero,
  syncFrequency: zero,
  volumeStatsAggPeriod: zero,
}

const sync = { minSyncPeriod: zero, syncPeriod: zero }
const masquerade = { masqueradeAll: false, masqueradeBit: null }

const defaultKubeProxy: JsonObject = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  bindAddress: '0.0.0.0',
  bindAddressHardFail: false,
  clientConnection: { acceptContentTypes: '', burst: 0, contentType: '', kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf', qps: 0 },
  clusterCIDR: '',
  configSyncPeriod: zero,
  conntrack: {
    maxPerCore: null,
    min: null,
    tcpBeLiberal: false,
    tcpCloseWaitTimeout: null,
    tcpEstablishedTimeout: null,
    udpStreamTimeout: zero,
    udpTimeout: zero,
  },
  detectLocal: { bridgeInterface: '', interfaceNamePrefix: '' },
  detectLocalMode: '',
  enableProfiling: false,
  healthzBindAddress: '',
  hostnameOverride: '',
  iptables: { localhostNodePorts: null, ...masquerade, ...sync },
  ipvs: { excludeCIDRs: null, ...sync, scheduler: '', strictARP: false, tcpFinTimeout: zero, tcpTimeout: zero, udpTimeout: zero },
  logging,
  metricsBindAddress: '',
  mode: 'iptables',
  nftables: { ...masquerade, ...sync },
  nodePortAddresses: null,
  oomScoreAdj: null,
  portRange: '',
  showHiddenMetricsForVersion: '',
  winkernel: { enableDSR: false, forwardHealthCheckVip: false, networkName: '', rootHnsEndpointName: '', sourceVip: '' },
}
