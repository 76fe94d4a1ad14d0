/** KubeProxyConfiguration of kubeproxy.config.k8s.io/v1alpha1, Kubernetes 1.37. Go prints nearly all of it, empty or not. */
import { durationsOf, fieldsOf, listOf, loggingField, mapOf, structOf } from './component-field.ts'
import type { Field } from './field.ts'

const always = { printed: true }
const nullable = { optional: true, printed: true }

export const kubeProxyFields: readonly Field[] = [
  structOf('clientConnection', [
    ...fieldsOf('string', 'kubeconfig acceptContentTypes contentType', always),
    ...fieldsOf('number', 'qps burst', always),
  ]),
  loggingField,
  structOf('iptables', [
    ...fieldsOf('integer', 'masqueradeBit', nullable),
    ...fieldsOf('boolean', 'masqueradeAll', always),
    ...fieldsOf('boolean', 'localhostNodePorts', nullable),
    ...durationsOf('syncPeriod minSyncPeriod'),
  ]),
  structOf('ipvs', [
    ...durationsOf('syncPeriod minSyncPeriod tcpTimeout tcpFinTimeout udpTimeout'),
    ...fieldsOf('string', 'scheduler', always),
    ...fieldsOf(listOf('string'), 'excludeCIDRs', always),
    ...fieldsOf('boolean', 'strictARP', always),
  ]),
  structOf('nftables', [
    ...fieldsOf('integer', 'masqueradeBit', nullable),
    ...fieldsOf('boolean', 'masqueradeAll', always),
    ...durationsOf('syncPeriod minSyncPeriod'),
  ]),
  structOf('winkernel', [
    ...fieldsOf('string', 'networkName sourceVip rootHnsEndpointName', always),
    ...fieldsOf('boolean', 'enableDSR forwardHealthCheckVip', always),
  ]),
  structOf('detectLocal', fieldsOf('string', 'bridgeInterface interfaceNamePrefix', always)),
  structOf('conntrack', [
    ...fieldsOf('integer', 'maxPerCore min', nullable),
    ...fieldsOf({ kind: 'duration' }, 'tcpEstablishedTimeout tcpCloseWaitTimeout', nullable),
    ...fieldsOf('boolean', 'tcpBeLiberal', always),
    ...durationsOf('udpTimeout udpStreamTimeout'),
  ]),
  ...fieldsOf(mapOf('boolean'), 'featureGates'),
  ...fieldsOf(
    'string',
    'hostnameOverride bindAddress healthzBindAddress metricsBindAddress showHiddenMetricsForVersion mode detectLocalMode clusterCIDR portRange',
    always,
  ),
  ...fieldsOf('boolean', 'bindAddressHardFail enableProfiling', always),
  ...fieldsOf(listOf('string'), 'nodePortAddresses', always),
  ...fieldsOf('integer', 'oomScoreAdj', nullable),
  ...durationsOf('configSyncPeriod'),
  ...fieldsOf('boolean', 'windowsRunAsService'),
]
