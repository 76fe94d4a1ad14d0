/**
 * What all control planes of a cluster share, sealed for the Secret `kubeadm-certs`: AES-GCM, 12 bytes of nonce, ciphertext, 16 bytes of
 * tag.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { ClusterConfiguration } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { parsePrivateKey, parsePublicKey } from './keys.ts'

/** `data` of the Secret: base64 by entry name. */
export type SealedCertificates = Readonly<Record<string, string>>

interface Shared {
  readonly config: { readonly cluster: ClusterConfiguration }
  /** Hexadecimal. */
  readonly key: string
}

/** Entry names and paths: the CAs with their keys, the service account's pair, and the client pair of an external etcd. */
export function sharedCertificatePaths(cluster: ClusterConfiguration): ReadonlyMap<string, string> {
  const { certificatesDir: directory, etcd } = cluster
  const names = ['ca.crt', 'ca.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'sa.pub', 'sa.key']
  const ofEtcd: readonly (readonly [string, string])[] =
    etcd.kind === 'local'
      ? [
          ['etcd-ca.crt', `${directory}/etcd/ca.crt`],
          ['etcd-ca.key', `${directory}/etcd/ca.key`],
        ]
      : [
          ['external-etcd-ca.crt', etcd.caFile],
          ['external-etcd.crt', etcd.certFile],
          ['external-etcd.key', etcd.keyFile],
        ]
  return new Map([...names.map((name) => [name, `${directory}/${name}`] as const), ...ofEtcd])
}

/**
 * A file that is not there gives an empty entry, as with an external etcd that has no TLS. Throws TOKEN_INVALID for a key of the wrong
 * form.
 */
export async function sealSharedCertificates({
  config,
  host,
  key,
}: Shared & { readonly host: Pick<Host, 'readFile'> }): Promise<SealedCertificates> {
  const bytes = keyBytes(key)
  const entries = Array.from(sharedCertificatePaths(config.cluster), async ([name, path]) => {
    const content = path === '' ? undefined : await host.readFile(path)
    return [name, content === undefined ? '' : seal(content, bytes).toString('base64')] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

/**
 * Writes what the Secret holds to where this configuration wants it; what is there already is replaced. Nothing is written unless all
 * entries open and none is missing. Throws CERTIFICATE_INVALID otherwise. Empty entries are left out.
 */
export async function openSharedCertificates({
  config,
  host,
  key,
  data,
}: Shared & { readonly host: Pick<Host, 'writeFile'>; readonly data: SealedCertificates }): Promise<void> {
  const bytes = keyBytes(key)
  const opened = new Map(Object.entries(data).map(([name, sealed]) => [name, open(name, Buffer.from(sealed, 'base64'), bytes)]))
  const files = Array.from(sharedCertificatePaths(config.cluster), ([name, path]) => {
    const content = opened.get(name)
    if (content === undefined) throw unusable(`Secret "kubeadm-certs" has no "${name}" for "${path}"`)
    return { path, content, options: content.length === 0 ? { mode: 0o600 } : sharedFileOptions(name, content) }
  })
  await Promise.all(
    files.filter(({ content }) => content.length > 0).map(({ path, content, options }) => host.writeFile(path, content, options)),
  )
}

function seal(content: Uint8Array, key: Buffer): Buffer {
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv(cipherName(key), key, nonce)
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()])
}

function open(name: string, sealed: Buffer, key: Buffer): Buffer {
  if (sealed.length === 0) return sealed
  if (sealed.length < nonceLength + tagLength) throw unusable(`entry "${name}" of Secret "kubeadm-certs" is too short to be a sealed file`)
  const decipher = createDecipheriv(cipherName(key), key, sealed.subarray(0, nonceLength), { authTagLength: tagLength })
  decipher.setAuthTag(sealed.subarray(-tagLength))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceLength, -tagLength)), decipher.final()])
  } catch (error) {
    throw unusable(`the certificate key does not open "${name}" of Secret "kubeadm-certs"`, error)
  }
}

const nonceLength = 12
const tagLength = 16

function cipherName(key: Buffer): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  if (key.length === 16) return 'aes-128-gcm'
  return key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm'
}

function keyBytes(key: string): Buffer {
  const isHex = /^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{48}|[0-9a-fA-F]{64})$/.test(key)
  if (isHex) return Buffer.from(key, 'hex')
  throw new KadmError('TOKEN_INVALID', 'the certificate key is not of the form that opens "kubeadm-certs": 64 hexadecimal digits', {
    remedy: ['kadm certs certificate-key'],
  })
}

/** Private keys are for root alone, whatever was there before; the rest is for all. */
export function sharedFileOptions(
  name: string,
  content: Buffer,
): { readonly mode: number; readonly keepMode?: boolean; readonly secret?: boolean } {
  const text = content.toString('utf8')
  if (parsePrivateKey(text) !== undefined) return { mode: 0o600, secret: true }
  if (parsePublicKey(text) !== undefined) return { mode: 0o644, keepMode: true }
  throw unusable(`"${name}", which control planes share, is neither a key nor a certificate`)
}

function unusable(what: string, cause?: unknown): KadmError {
  return new KadmError('CERTIFICATE_INVALID', what, {
    cause,
    remedy: ['kadm init phase upload-certs --upload-certs   # on a control plane: uploads them anew'],
  })
}
