/** KubeletConfiguration of kubelet.config.k8s.io/v1beta1, Kubernetes 1.37. */
import { durationsOf, fieldsOf, listOf, loggingField, mapOf, structOf } from './component-field.ts'
import type { Field } from './field.ts'

const always = { printed: true }
const optional = { optional: true }

export const kubeletFields: readonly Field[] = [
  structOf('authentication', [
    structOf('x509', fieldsOf('string', 'clientCAFile')),
    structOf('webhook', [...fieldsOf('boolean', 'enabled', optional), ...durationsOf('cacheTTL')]),
    structOf('anonymous', fieldsOf('boolean', 'enabled', optional)),
  ]),
  structOf('authorization', [...fieldsOf('string', 'mode'), structOf('webhook', durationsOf('cacheAuthorizedTTL cacheUnauthorizedTTL'))]),
  structOf('memorySwap', fieldsOf('string', 'swapBehavior')),
  loggingField,
  structOf('crashLoopBackOff', fieldsOf({ kind: 'duration' }, 'maxContainerRestartPeriod', optional)),
  structOf('tracing', [...fieldsOf('string', 'endpoint', optional), ...fieldsOf('integer', 'samplingRatePerMillion', optional)], optional),
  structOf('userNamespaces', fieldsOf('number', 'idsPerPod', optional), optional),
  ...fieldsOf(
    {
      kind: 'list',
      of: {
        kind: 'object',
        fields: [...fieldsOf('integer', 'priority', always), ...fieldsOf('number', 'shutdownGracePeriodSeconds', always)],
      },
    },
    'shutdownGracePeriodByPodPriority',
  ),
  ...fieldsOf(
    {
      kind: 'list',
      of: { kind: 'object', fields: [...fieldsOf('integer', 'numaNode', always), ...fieldsOf(mapOf('json'), 'limits', always)] },
    },
    'reservedMemory',
  ),
  ...fieldsOf(
    {
      kind: 'list',
      of: {
        kind: 'object',
        fields: [
          ...fieldsOf('string', 'key effect', always),
          ...fieldsOf('string', 'value'),
          ...fieldsOf({ kind: 'time' }, 'timeAdded', optional),
        ],
      },
    },
    'registerWithTaints',
  ),
  ...fieldsOf('string', 'containerRuntimeEndpoint', always),
  ...fieldsOf(
    'string',
    'staticPodPath podLogsDir staticPodURL address tlsCertFile tlsPrivateKeyFile tlsMinVersion imagePullCredentialsVerificationPolicy healthzBindAddress ' +
      'clusterDomain kubeletCgroups systemCgroups cgroupRoot cgroupDriver cpuManagerPolicy memoryManagerPolicy topologyManagerPolicy topologyManagerScope ' +
      'hairpinMode podCIDR contentType containerLogMaxSize configMapAndSecretChangeDetectionStrategy reservedSystemCPUs showHiddenMetricsForVersion ' +
      'systemReservedCgroup kubeReservedCgroup volumePluginDir providerID memoryReservationPolicy imageServiceEndpoint',
  ),
  ...fieldsOf('string', 'resolvConf', optional),
  ...fieldsOf(
    'boolean',
    'rotateCertificates serverTLSBootstrap enableContentionProfiling runOnce protectKernelDefaults kernelMemcgNotification',
  ),
  ...fieldsOf(
    'boolean',
    'enableServer enableDebuggingHandlers cgroupsPerQOS singleProcessOOMKill cpuCFSQuota serializeImagePulls mergeDefaultEvictionSettings ' +
      'enableControllerAttachDetach makeIPTablesUtilChains failSwapOn enableSystemLogHandler enableSystemLogQuery enableProfilingHandler ' +
      'enableDebugFlagsHandler seccompDefault registerNode localStorageCapacityIsolation failCgroupV1',
    optional,
  ),
  ...fieldsOf(
    'integer',
    'port readOnlyPort registryBurst eventBurst nodeLeaseDurationSeconds maxPods kubeAPIBurst evictionMaxPodGracePeriod podsPerCore',
  ),
  ...fieldsOf(
    'integer',
    'registryPullQPS eventRecordQPS healthzPort oomScoreAdj imageGCHighThresholdPercent imageGCLowThresholdPercent nodeStatusMaxImages kubeAPIQPS ' +
      'maxParallelImagePulls iptablesMasqueradeBit iptablesDropBit containerLogMaxFiles containerLogMaxWorkers',
    optional,
  ),
  ...fieldsOf('number', 'maxOpenFiles'),
  ...fieldsOf('number', 'podPidsLimit memoryThrottlingFactor', optional),
  ...durationsOf(
    'syncFrequency fileCheckFrequency httpCheckFrequency streamingConnectionIdleTimeout nodeStatusUpdateFrequency nodeStatusReportFrequency ' +
      'imageMinimumGCAge imageMaximumGCAge volumeStatsAggPeriod cpuManagerReconcilePeriod runtimeRequestTimeout evictionPressureTransitionPeriod ' +
      'shutdownGracePeriod shutdownGracePeriodCriticalPods',
  ),
  ...fieldsOf({ kind: 'duration' }, 'cpuCFSQuotaPeriod containerLogMonitorInterval', optional),
  ...fieldsOf(
    listOf('string'),
    'tlsCipherSuites preloadedImagesVerificationAllowlist clusterDNS enforceNodeAllocatable allowedUnsafeSysctls',
  ),
  ...fieldsOf(listOf('integer'), 'tlsCurvePreferences'),
  ...fieldsOf({ kind: 'map', of: listOf('string') }, 'staticPodURLHeader'),
  ...fieldsOf(mapOf('boolean'), 'featureGates'),
  ...fieldsOf(
    mapOf('string'),
    'cpuManagerPolicyOptions topologyManagerPolicyOptions qosReserved evictionHard evictionSoft evictionSoftGracePeriod evictionMinimumReclaim ' +
      'systemReserved kubeReserved defaultPodSysctls',
  ),
]
