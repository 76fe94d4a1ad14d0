/** The ClusterConfiguration. */
import { absolutePathProblems, hostPortProblems, imageRepositoryProblems, oneOfProblems } from '../checks.ts'
import { controlPlaneFields } from './control-plane-fields.ts'
import { etcdField } from './etcd-fields.ts'
import { booleanField, durationField, objectField, stringField, type Field } from './field.ts'
import { encryptionAlgorithms } from '../model.ts'
import { networkingField } from './networking-fields.ts'
import { paths } from '../paths.ts'

/** Feature gates of `featureGates`. */
export const featureGates: readonly string[] = ['RootlessControlPlane']

export const clusterFields: readonly Field[] = [
  etcdField,
  networkingField,
  stringField('kubernetesVersion', 'Version to run: "v1.37.2", or a label such as "stable-1".', {
    flag: 'kubernetes-version',
    default: 'stable-1',
  }),
  stringField(
    'controlPlaneEndpoint',
    'Stable name or address of the control plane, with an optional port; needed for more than one control plane.',
    {
      flag: 'control-plane-endpoint',
      check: hostPortProblems,
    },
  ),
  ...controlPlaneFields,
  objectField('dns', 'CoreDNS.', [
    stringField('imageRepository', 'Repository of its image, in place of the one of the cluster.', { check: imageRepositoryProblems }),
    stringField('imageTag', 'Tag of its image, in place of the one for the Kubernetes version.'),
    booleanField('disabled', 'Do not install it.', { since: 'v1.31' }),
  ]),
  objectField('proxy', 'kube-proxy.', [booleanField('disabled', 'Do not install it.', { since: 'v1.31' })], { since: 'v1.31' }),
  stringField('certificatesDir', 'Folder of the certificates.', {
    flag: 'cert-dir',
    default: paths.defaultCertificates,
    check: absolutePathProblems,
  }),
  stringField('imageRepository', 'Where images come from.', {
    flag: 'image-repository',
    default: 'registry.k8s.io',
    check: imageRepositoryProblems,
  }),
  {
    name: 'featureGates',
    type: { kind: 'map', of: { kind: 'boolean' } },
    doc: `Switches for features that are not finished: ${featureGates.join(', ')}.`,
    flag: 'feature-gates',
    check: (value) =>
      Object.keys(value ?? {})
        .filter((name) => !featureGates.includes(name))
        .map((name) => `"${name}" is not a feature gate; there is ${featureGates.join(', ')}`),
  },
  stringField('clusterName', 'Name of the cluster in kubeconfig files.', { default: 'kubernetes' }),
  stringField('encryptionAlgorithm', `Kind of new keys: ${encryptionAlgorithms.join(', ')}.`, {
    default: 'RSA-2048',
    since: 'v1.31',
    check: (value) => oneOfProblems(value, encryptionAlgorithms),
  }),
  durationField('certificateValidityPeriod', 'How long certificates are valid.', { default: '8760h0m0s', since: 'v1.31' }),
  durationField('caCertificateValidityPeriod', 'How long CA certificates are valid.', { default: '87600h0m0s', since: 'v1.31' }),
]
