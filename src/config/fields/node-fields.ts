/** The Init, Join, Reset and UpgradeConfiguration: what concerns one node or one run. */
import { absolutePathProblems, certificateKeyProblems, criSocketProblems, pullPolicyProblems, tokenProblems } from '../checks.ts'
import { booleanField, integerField, listField, objectField, stringField, stringsField, type Field } from './field.ts'
import { nodeRegistrationField } from './node-registration-fields.ts'
import { paths } from '../paths.ts'
import {
  bootstrapTokenFields,
  dryRunField,
  ignorePreflightErrorsField,
  localApiEndpointField,
  patchesField,
  skipPhasesField,
} from './shared-fields.ts'
import { timeoutsField } from './timeouts-fields.ts'

const certificateKeyField = stringField('certificateKey', 'Key that the uploaded certificates are encrypted with: 64 hexadecimal digits.', {
  flag: 'certificate-key',
  check: certificateKeyProblems,
})

export const initFields: readonly Field[] = [
  listField('bootstrapTokens', 'Tokens that nodes may join with.', bootstrapTokenFields, { default: [{}] }),
  dryRunField,
  nodeRegistrationField,
  localApiEndpointField,
  certificateKeyField,
  skipPhasesField,
  patchesField,
  timeoutsField,
]

export const joinFields: readonly Field[] = [
  dryRunField,
  nodeRegistrationField,
  stringField('caCertPath', 'Where the CA certificate of the cluster goes.', {
    default: `${paths.defaultCertificates}/ca.crt`,
    check: (value) => (value.startsWith('/') && value.endsWith('.crt') ? [] : [`"${value}" is not an absolute path that ends with .crt`]),
  }),
  objectField('discovery', 'How the node finds the cluster and knows that it is the right one: by token or by file.', [
    objectField(
      'bootstrapToken',
      'By token and the hash of the CA key.',
      [
        stringField('token', 'The token.', { flag: 'discovery-token', check: tokenProblems, required: true, printed: true }),
        stringField('apiServerEndpoint', 'The API server: "host:port".'),
        stringsField('caCertHashes', 'Hashes of CA keys that are trusted: "sha256:...".', { flag: 'discovery-token-ca-cert-hash' }),
        booleanField('unsafeSkipCAVerification', 'Trust whatever CA answers.', { flag: 'discovery-token-unsafe-skip-ca-verification' }),
      ],
      { optional: true },
    ),
    objectField(
      'file',
      'By a kubeconfig file.',
      [stringField('kubeConfigPath', 'Path or https:// URL of the file.', { flag: 'discovery-file', printed: true })],
      { optional: true },
    ),
    stringField('tlsBootstrapToken', 'Token that the kubelet asks for its certificate with.', {
      flag: 'tls-bootstrap-token',
      defaultNote: 'bootstrapToken.token',
    }),
  ]),
  objectField('controlPlane', 'Given: the node becomes a control plane.', [localApiEndpointField, certificateKeyField], { optional: true }),
  skipPhasesField,
  patchesField,
  timeoutsField,
]

const unmountFlags = ['MNT_FORCE', 'MNT_DETACH', 'MNT_EXPIRE', 'UMOUNT_NOFOLLOW']

export const resetFields: readonly Field[] = [
  booleanField('cleanupTmpDir', 'Empty /etc/kubernetes/tmp too.', { flag: 'cleanup-tmp-dir' }),
  stringField('certificatesDir', 'Folder of the certificates.', {
    flag: 'cert-dir',
    default: paths.defaultCertificates,
    check: absolutePathProblems,
  }),
  stringField('criSocket', 'Socket of the container runtime.', {
    flag: 'cri-socket',
    defaultNote: 'detected',
    check: criSocketProblems,
    required: true,
  }),
  dryRunField,
  booleanField('force', 'Do not ask.', { flag: 'force' }),
  ignorePreflightErrorsField,
  skipPhasesField,
  stringsField('unmountFlags', `How to unmount below /var/lib/kubelet: ${unmountFlags.join(', ')}.`, {
    check: (values) =>
      values.filter((value) => !unmountFlags.includes(value)).map((value) => `"${value}" is not one of ${unmountFlags.join(', ')}`),
  }),
  timeoutsField,
]

const versionField = stringField('kubernetesVersion', 'Version to go to.')
const choice = (name: string, doc: string, flag?: string): Field =>
  booleanField(name, doc, { optional: true, ...(flag !== undefined && { flag }) })
const chosen = (name: string, doc: string, flag?: string): Field => ({ ...choice(name, doc, flag), default: true })
const absolutePatchesField = objectField(
  'patches',
  'Patches for what kadm writes.',
  [stringField('directory', 'Folder of the patches.', { flag: 'patches', check: absolutePathProblems, required: true })],
  { optional: true },
)
const pullFields = [
  stringField('imagePullPolicy', '"Always", "IfNotPresent" or "Never".', { default: 'IfNotPresent', check: pullPolicyProblems }),
  chosen('imagePullSerial', 'Pull one image after the other.'),
]
const renewalField = chosen('certificateRenewal', 'Renew certificates.', 'certificate-renewal')
const etcdUpgradeField = chosen('etcdUpgrade', 'Upgrade etcd.', 'etcd-upgrade')
const dryUpgradeField = choice('dryRun', 'Show what would be done, change nothing.', 'dry-run')
const printConfigField = choice('printConfig', 'Print the configuration.', 'print-config')
const unstableFields = [
  choice('allowExperimentalUpgrades', 'Accept alpha and beta versions.', 'allow-experimental-upgrades'),
  choice('allowRCUpgrades', 'Accept release candidates.', 'allow-release-candidate-upgrades'),
]

export const upgradeFields: readonly Field[] = [
  objectField('apply', 'For "upgrade apply".', [
    versionField,
    ...unstableFields,
    renewalField,
    dryUpgradeField,
    etcdUpgradeField,
    choice('forceUpgrade', 'Go on where a check says no.', 'force'),
    ignorePreflightErrorsField,
    absolutePatchesField,
    printConfigField,
    skipPhasesField,
    ...pullFields,
  ]),
  objectField('diff', 'For "upgrade diff".', [
    versionField,
    integerField('contextLines', 'Lines around each difference.', { flag: 'context-lines' }),
  ]),
  objectField('node', 'For "upgrade node".', [
    renewalField,
    dryUpgradeField,
    etcdUpgradeField,
    ignorePreflightErrorsField,
    skipPhasesField,
    absolutePatchesField,
    ...pullFields,
  ]),
  objectField('plan', 'For "upgrade plan".', [
    versionField,
    ...unstableFields,
    dryUpgradeField,
    { ...etcdUpgradeField, since: 'v1.33' },
    ignorePreflightErrorsField,
    printConfigField,
  ]),
  timeoutsField,
]
