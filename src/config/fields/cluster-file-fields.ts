/**
 * The fields of a cluster file (`kadm.dev/v1alpha1`, kind Cluster): the hosts of a cluster, how to reach them, and kubeadm's own documents.
 */
import { fingerprintForm } from '../../host/ssh/known-hosts.ts'
import type { Json } from '../../json.ts'
import { hostPortProblems, oneOfProblems, portProblems, subdomainProblems } from '../checks.ts'
import { clusterFields } from './cluster-fields.ts'
import { durationNanoseconds } from '../durations.ts'
import { durationField, integerField, listField, objectField, stringField, stringsField, type Field } from './field.ts'
import { kubeProxyFields } from './kube-proxy-fields.ts'
import { kubeletFields } from './kubelet-fields.ts'
import { exactVersionProblems } from '../kubernetes-version.ts'
import { keyProblems, labelsProblems, labelValueProblems, taintsProblems } from '../label-checks.ts'
import { initFields, joinFields } from './node-fields.ts'

export const clusterFileApiVersion = 'kadm.dev/v1alpha1'

/** Is it kadm's, of a version that this kadm does not read? */
export function isOtherVersion(apiVersion: unknown): apiVersion is string {
  return typeof apiVersion === 'string' && apiVersion.startsWith('kadm.dev/') && apiVersion !== clusterFileApiVersion
}

export const hostRoles = ['control-plane', 'worker', 'absent', 'lost'] as const

const userField = stringField('user', 'Who logs in.', { defaultNote: 'the user who runs kadm' })
const portField = integerField('port', 'Port of sshd.', { default: 22, check: portProblems })
const identityFileField = stringField('identityFile', 'Private key; `~/` is the home of the user who runs kadm.', {
  defaultNote: 'the agent, and the usual files in ~/.ssh',
})
const hostKeyField = stringField('hostKey', 'Fingerprint of the key that the host must show: `SHA256:...`.', {
  defaultNote: '~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts',
  check: (value) =>
    fingerprintForm.test(value) ? [] : [`"${value}" is not a fingerprint such as "ssh-keygen -lf FILE" prints: SHA256: and 43 characters`],
})

const bastionField = objectField(
  'bastion',
  'A host that the others are reached through.',
  [
    stringField('address', 'Name or IP address.', { check: addressProblems, required: true }),
    portField,
    userField,
    identityFileField,
    hostKeyField,
  ],
  { optional: true },
)

const sshField = objectField('ssh', 'How the hosts are reached.', [
  userField,
  portField,
  identityFileField,
  stringField('become', 'How a user who is not root becomes root: "sudo" or "none".', {
    default: 'none',
    check: (value) => oneOfProblems(value, ['none', 'sudo']),
  }),
  bastionField,
])

const taintFields: readonly Field[] = [
  stringField('key', 'Name of the taint.', { check: keyProblems, required: true }),
  stringField('value', 'Its value.', { check: labelValueProblems }),
  stringField('effect', '"NoSchedule", "PreferNoSchedule" or "NoExecute".', {
    check: (value) => oneOfProblems(value, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
    required: true,
  }),
]

const hostFields: readonly Field[] = [
  stringField('name', 'Name of the host and of its Node.', { check: subdomainProblems, required: true }),
  stringField('address', 'Name or IP address that ssh connects to. One of its own IP addresses is also what its API server announces.', {
    check: addressProblems,
    required: true,
  }),
  stringField('role', '"control-plane", "worker", "absent": drained, reset and taken out of the cluster, or "lost": gone for good.', {
    check: (value) => oneOfProblems(value, hostRoles),
    required: true,
  }),
  stringField('user', 'Who logs in.', { defaultNote: 'that of ssh' }),
  integerField('port', 'Port of sshd.', { defaultNote: 'that of ssh', check: portProblems }),
  hostKeyField,
  {
    name: 'labels',
    type: { kind: 'map', of: { kind: 'string' } },
    doc: 'Labels of its Node. Others are left alone.',
    check: labelsProblems,
  },
  listField('taints', 'Taints of its Node. Others are left alone. A new Node has these alone, not those of its role.', taintFields, {
    optional: true,
    defaultNote: 'those of its role',
    check: taintsProblems,
  }),
]

export const kubeadmDocuments = {
  clusterConfiguration: clusterFields,
  initConfiguration: initFields,
  joinConfiguration: joinFields,
  kubeletConfiguration: kubeletFields,
  kubeProxyConfiguration: kubeProxyFields,
} as const

const documentField = (name: keyof typeof kubeadmDocuments, doc: string): Field =>
  objectField(name, doc, kubeadmDocuments[name], { optional: true })

export const clusterFileFields: readonly Field[] = [
  objectField('metadata', 'What the cluster is called.', [
    stringField('name', 'Name of the cluster; also its clusterName where that is not given.', { check: subdomainProblems, required: true }),
  ]),
  objectField('spec', 'The cluster.', [
    stringField('kubernetesVersion', 'Version of the control plane: one such as "v1.37.2", not a label.', {
      defaultNote: 'that of the cluster; of a new one the newest that kadm knows',
      check: exactVersionProblems,
    }),
    stringField('controlPlaneEndpoint', 'Name or address of the balancer, with an optional port. Needed for more than one control plane.', {
      check: hostPortProblems,
    }),
    sshField,
    listField('hosts', 'Every host of the cluster. One at least is a control plane.', hostFields),
    objectField('kubeadm', "kubeadm's own documents, without apiVersion and kind. What the lines above say need not be said again.", [
      documentField('clusterConfiguration', 'See ClusterConfiguration in config.md.'),
      documentField('initConfiguration', 'See InitConfiguration in config.md: for the first control plane.'),
      documentField('joinConfiguration', 'See JoinConfiguration in config.md: for all others.'),
      documentField('kubeletConfiguration', 'KubeletConfiguration of kubelet.config.k8s.io/v1beta1.'),
      documentField('kubeProxyConfiguration', 'KubeProxyConfiguration of kubeproxy.config.k8s.io/v1alpha1.'),
    ]),
    objectField('network', 'The pod network.', [
      stringField('manifest', 'A YAML file beside the cluster file, or a folder of them, that is applied once the API answers.'),
    ]),
    objectField('upgrade', 'How a new version goes over the workers.', [
      {
        name: 'maxUnavailable',
        type: { kind: 'json' },
        doc: 'How many workers at a time: a number, or a share such as 10%, which is rounded down, to 1 at least.',
        default: 1,
        // 0 is refused, not taken for what was left out.
        optional: true,
        required: true,
        check: shareProblems,
      },
      stringsField('canary', 'Workers that go first, no more of them at a time than maxUnavailable.'),
      { ...durationField('soak', 'How long to wait after the last of the canaries.', { default: '0s' }), check: soakProblems },
      stringField(
        'probe',
        'A command on the machine of kadm that must succeed after each control plane and each wave, within 5 minutes: `./smoke.sh` is beside the cluster file.',
      ),
    ]),
  ]),
]

/** Names of hosts may be written with capitals. */
function addressProblems(value: string): readonly string[] {
  const problems = hostPortProblems((value.includes(':') ? `[${value}]:22` : value).toLowerCase())
  return problems.length === 0 ? [] : [`"${value}" is not a host name or IP address; its port has a field of its own`]
}

function shareProblems(value: Json): readonly string[] {
  return /^(?:[1-9]\d*|[1-9]\d?%|100%)$/.test(String(value))
    ? []
    : [`"${String(value)}" is neither a number above 0 nor a share such as 10%`]
}

function soakProblems(value: Json): readonly string[] {
  return (durationNanoseconds(String(value)) ?? 0n) < 0n ? [`"${String(value)}" is below 0`] : []
}
