/** Fields that several kinds of configuration have in common. */
import { argumentProblems, ipProblems, portProblems } from '../checks.ts'
import { booleanField, integerField, objectField, stringField, stringsField, type Field } from './field.ts'
import { ports } from '../ports.ts'

/** `extraArgs` and `kubeletExtraArgs`. */
export function argumentsField(name: string, doc: string, flag?: string): Field {
  const fields = [
    stringField('name', 'Name of the flag, without dashes. The same name may be given more than once.', { printed: true }),
    stringField('value', 'Its value.', { printed: true }),
  ]
  return { name, type: { kind: 'list', of: { kind: 'object', fields } }, doc, check: argumentProblems, ...(flag !== undefined && { flag }) }
}

const optionalText = (name: string, doc: string): Field => stringField(name, doc)
const keyReference = [
  optionalText('name', 'Name of the object.'),
  stringField('key', 'Key in it.', { printed: true }),
  booleanField('optional', 'The object may be missing.', { optional: true }),
]

/** An environment variable as in a container of a Pod. */
const environmentVariable: readonly Field[] = [
  stringField('name', 'Name of the variable.', { printed: true }),
  stringField('value', 'Its value.'),
  objectField(
    'valueFrom',
    'Where the value comes from.',
    [
      objectField(
        'fieldRef',
        'A field of the Pod.',
        [
          stringField('apiVersion', 'Version of the path.', { default: 'v1' }),
          stringField('fieldPath', 'Path of the field.', { printed: true }),
        ],
        { optional: true },
      ),
      objectField(
        'resourceFieldRef',
        'A resource of the container.',
        [
          stringField('containerName', 'Name of the container.'),
          stringField('resource', 'The resource.', { printed: true }),
          { name: 'divisor', type: { kind: 'json' }, doc: 'Unit of the output.', default: '0' },
        ],
        { optional: true },
      ),
      objectField('configMapKeyRef', 'A key of a ConfigMap.', keyReference, { optional: true }),
      objectField('secretKeyRef', 'A key of a Secret.', keyReference, { optional: true }),
      objectField(
        'fileKeyRef',
        'A key of a file in a volume.',
        [
          stringField('volumeName', 'Name of the volume.', { printed: true }),
          stringField('path', 'Path in it.', { printed: true }),
          stringField('key', 'Key in the file.', { printed: true }),
          booleanField('optional', 'The file may be missing.', { optional: true }),
        ],
        { optional: true },
      ),
    ],
    { optional: true },
  ),
]

export const extraEnvsField: Field = {
  name: 'extraEnvs',
  type: { kind: 'list', of: { kind: 'object', fields: environmentVariable } },
  doc: 'Environment variables of the container, as in a Pod.',
  since: 'v1.31',
}

export const patchesField = objectField(
  'patches',
  'Patches for what kadm writes.',
  [stringField('directory', 'Folder with files such as "kube-apiserver0+merge.yaml".', { flag: 'patches' })],
  { optional: true },
)

export const skipPhasesField = stringsField('skipPhases', 'Phases to leave out, by their full names.', { flag: 'skip-phases' })
export const dryRunField = booleanField('dryRun', 'Show what would be done, change nothing.', { flag: 'dry-run', since: 'v1.31' })

export const ignorePreflightErrorsField = stringsField(
  'ignorePreflightErrors',
  'Checks whose errors become warnings; "all" for all of them.',
  {
    flag: 'ignore-preflight-errors',
  },
)

export const localApiEndpointField = objectField('localAPIEndpoint', 'The API server of this node.', [
  stringField('advertiseAddress', 'Address that the API server announces.', {
    flag: 'apiserver-advertise-address',
    defaultNote: 'address of the interface with the default route',
    check: ipProblems,
  }),
  integerField('bindPort', 'Port that it listens on.', {
    flag: 'apiserver-bind-port',
    default: ports['kube-apiserver'],
    check: portProblems,
  }),
])

export const bootstrapTokenFields: readonly Field[] = [
  { name: 'token', type: { kind: 'token' }, doc: 'The token: "abcdef.0123456789abcdef".', defaultNote: 'random', printed: true },
  stringField('description', 'For people.'),
  { name: 'ttl', type: { kind: 'duration' }, doc: 'How long it is valid; 0 for ever.', optional: true, default: '24h0m0s' },
  { name: 'expires', type: { kind: 'time' }, doc: 'When it ends; not together with ttl.', optional: true },
  stringsField('usages', 'What it is good for: "signing", "authentication".', { default: ['signing', 'authentication'] }),
  stringsField('groups', 'Groups of whoever comes with it.', { default: ['system:bootstrappers:kubeadm:default-node-token'] }),
]
