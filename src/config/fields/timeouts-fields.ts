/** `timeouts` of the Init, Join, Reset and UpgradeConfiguration. */
import { durationField, objectField } from './field.ts'

export const timeoutsField = objectField(
  'timeouts',
  'How long to wait for what.',
  [
    durationField('controlPlaneComponentHealthCheck', 'A component of the control plane comes up.', { default: '4m0s' }),
    durationField('kubeletHealthCheck', 'The kubelet comes up.', { default: '4m0s' }),
    durationField('kubernetesAPICall', 'A request to the Kubernetes API, repeats included.', { default: '1m0s' }),
    durationField('etcdAPICall', 'A request to etcd, repeats included.', { default: '2m0s' }),
    durationField('tlsBootstrap', 'The kubelet gets its certificate.', { default: '5m0s' }),
    durationField('discovery', 'A joining node finds the cluster.', { default: '5m0s' }),
    durationField('upgradeManifests', 'A component runs from its new manifest.', { default: '5m0s' }),
  ],
  { optional: true, default: {}, since: 'v1.31' },
)
