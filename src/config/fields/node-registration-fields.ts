/** `nodeRegistration` of the Init and JoinConfiguration. */
import { criSocketProblems, pullPolicyProblems, subdomainProblems } from '../checks.ts'
import { booleanField, listField, objectField, stringField } from './field.ts'
import { argumentsField, ignorePreflightErrorsField } from './shared-fields.ts'

export const nodeRegistrationField = objectField('nodeRegistration', 'How this node enters the cluster.', [
  stringField('name', 'Name of the Node.', { flag: 'node-name', defaultNote: 'host name, in lower case', check: subdomainProblems }),
  stringField('criSocket', 'Socket of the container runtime.', {
    flag: 'cri-socket',
    defaultNote: 'detected',
    check: criSocketProblems,
    required: true,
  }),
  listField(
    'taints',
    'Taints of the Node. An empty list: none.',
    [
      stringField('key', 'Key of the taint.', { printed: true }),
      stringField('value', 'Its value.'),
      stringField('effect', '"NoSchedule", "PreferNoSchedule" or "NoExecute".', { printed: true }),
      { name: 'timeAdded', type: { kind: 'time' }, doc: 'When it was put there.', optional: true },
    ],
    { printed: true, defaultNote: '"node-role.kubernetes.io/control-plane:NoSchedule" on a control plane, else none' },
  ),
  argumentsField('kubeletExtraArgs', 'Flags for the kubelet of this node.'),
  ignorePreflightErrorsField,
  stringField('imagePullPolicy', '"Always", "IfNotPresent" or "Never".', { default: 'IfNotPresent', check: pullPolicyProblems }),
  booleanField('imagePullSerial', 'Pull one image after the other.', { optional: true, default: true, since: 'v1.31' }),
])
