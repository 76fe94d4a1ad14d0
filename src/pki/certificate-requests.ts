/** Keys and requests for certificates that somebody else is going to sign. */
import type { KeyObject } from 'node:crypto'
import type { InitConfig } from '../config/model.ts'
import { sharedServerUrl } from '../config/server-url.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { noAltNames, type AltNames } from './alt-names.ts'
import { certificateSpecs } from './certificate-specs.ts'
import { keySupply } from './key-supply.ts'
import { privateKeyPem } from './keys.ts'
import { kubeconfigText } from './kubeconfig/kubeconfig-file.ts'
import { kubeconfigSpecs, type KubeconfigSpec } from './kubeconfig/kubeconfig-specs.ts'
import { pemText } from './pem.ts'
import { certificateRequest, type Subject } from './x509.ts'

export interface CertificateRequestOptions {
  readonly config: InitConfig
  readonly host: Pick<Host, 'stat' | 'writeFile'>
  readonly kubeconfigDir: string
  readonly say: (line: string) => void
}

/**
 * A key and a request for every leaf of the certificate table, and for every kubeconfig a file that lacks only the certificates, with a
 * request beside it. Also those of etcd where it is external, as kubeadm makes them. Throws FILE_EXISTS with everything that is in the way,
 * before anything is made.
 */
export async function makeCertificateRequests({ config, host, kubeconfigDir, say }: CertificateRequestOptions): Promise<void> {
  const { certificatesDir, encryptionAlgorithm } = config.cluster
  const groups = [
    { directory: certificatesDir, wanted: leaves(config) },
    { directory: kubeconfigDir, wanted: kubeconfigSpecs.map((spec) => inKubeconfig(spec, config)) },
  ]
  const files = groups.flatMap(({ directory, wanted }) =>
    wanted.flatMap(({ name, keyFile }) => [...new Set([keyFile, `${name}.csr`, `${name}.key`])].map((file) => `${directory}/${file}`)),
  )
  await refuseExisting(host, files)
  const keys = keySupply(encryptionAlgorithm, groups.flatMap(({ wanted }) => wanted).length)
  try {
    for (const { directory, wanted } of groups) {
      say(`generating keys and CSRs in ${directory}`)
      for (const { name, keyFile, keyText, subject, altNames } of wanted) {
        const key = await keys.take()
        await host.writeFile(`${directory}/${keyFile}`, keyText(key), { mode: 0o600, secret: true })
        await host.writeFile(`${directory}/${name}.csr`, pemText('CERTIFICATE REQUEST', certificateRequest(subject, altNames, key)), {
          mode: 0o600,
        })
        say(`  ${name}`)
      }
    }
  } finally {
    keys.stop()
  }
}

interface Wanted {
  /** Of the request, without `.csr`. */
  readonly name: string
  readonly keyFile: string
  /** What goes into that file. */
  readonly keyText: (key: KeyObject) => string
  readonly subject: Subject
  readonly altNames: AltNames
}

function leaves(config: InitConfig): readonly Wanted[] {
  return certificateSpecs
    .filter(({ ca }) => ca !== undefined)
    .map(({ baseName, subject, altNames }) => ({
      name: baseName,
      keyFile: `${baseName}.key`,
      keyText: privateKeyPem,
      subject: subject(config),
      altNames: altNames(config),
    }))
}

function inKubeconfig({ file, name, subject, server }: KubeconfigSpec, config: InitConfig): Wanted {
  const { commonName } = subject(config)
  // Unlike `init phase kubeconfig`, kubeadm sends the kubelet to the shared endpoint here.
  const url = name === 'kubelet' ? sharedServerUrl(config) : server(config)
  return {
    name: file,
    keyFile: file,
    keyText: (key) => kubeconfigText({ clusterName: config.cluster.clusterName, server: url, userName: commonName, user: { key } }),
    subject: subject(config),
    altNames: noAltNames,
  }
}

async function refuseExisting(host: CertificateRequestOptions['host'], files: readonly string[]): Promise<void> {
  const found = await Promise.all(files.map((file) => host.stat(file)))
  const [first, ...others] = files.filter((_, index) => found[index] !== undefined)
  if (first === undefined) return
  throw new KadmError(
    'FILE_EXISTS',
    `file already exists: "${first}"${others.length > 0 ? `, and ${others.length} more` : ''}: nothing was made`,
    {
      details: others.map((file) => `"${file}"`),
      remedy: ['kadm certs generate-csr --cert-dir DIRECTORY --kubeconfig-dir DIRECTORY   # two that are empty'],
    },
  )
}
