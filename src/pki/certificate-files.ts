/** Key pairs on a host: where they lie, with which mode, and what a cut-off run may have left of them. */
import type { KeyObject, X509Certificate } from 'node:crypto'
import type { Host } from '../host/host.ts'
import { messageOf } from '../errors.ts'
import { parseCertificates, type CertificateBundle } from './certificate-bundle.ts'
import { parsePrivateKey, privateKeyPem } from './keys.ts'

export interface PairPaths {
  readonly certificate: string
  readonly key: string
}

export type FoundCertificate =
  | { readonly kind: 'absent' }
  /** A run was cut off before the certificate was made. */
  | { readonly kind: 'announced' }
  | { readonly kind: 'unusable'; readonly why: string }
  | { readonly kind: 'found'; readonly certificate: X509Certificate; readonly intermediates: readonly X509Certificate[] }

export type FoundKey =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unusable'; readonly why: string }
  | { readonly kind: 'found'; readonly key: KeyObject }

export interface FoundPair {
  readonly paths: PairPaths
  readonly certificate: FoundCertificate
  readonly key: FoundKey
}

export function pairPaths(directory: string, baseName: string): PairPaths {
  return { certificate: `${directory}/${baseName}.crt`, key: `${directory}/${baseName}.key` }
}

export async function findPair(host: Pick<Host, 'readText'>, directory: string, baseName: string): Promise<FoundPair> {
  const paths = pairPaths(directory, baseName)
  const [certificate, key] = await Promise.all([findCertificate(host, paths.certificate), findKey(host, paths.key)])
  return { paths, certificate, key }
}

/** Of a bundle the first certificate counts; the others may stand between it and its CA. */
export async function findCertificate(host: Pick<Host, 'readText'>, path: string): Promise<FoundCertificate> {
  const text = await host.readText(path)
  if (text === undefined) return { kind: 'absent' }
  if (isAnnouncement(text)) return { kind: 'announced' }
  try {
    const [certificate, ...intermediates]: CertificateBundle = parseCertificates(text)
    return { kind: 'found', certificate, intermediates }
  } catch (error) {
    return { kind: 'unusable', why: messageOf(error) }
  }
}

export async function findKey(host: Pick<Host, 'readText'>, path: string): Promise<FoundKey> {
  const text = await host.readText(path)
  if (text === undefined) return { kind: 'absent' }
  const key = parsePrivateKey(text)
  return key === undefined ? { kind: 'unusable', why: 'it holds no RSA or ECDSA key that can be read' } : { kind: 'found', key }
}

/**
 * Writes a pair so that a run which is cut off at any point is finished by the next one. A certificate without its key would be taken for
 * an external CA, and a key without its certificate is what kubeadm refuses, since the user may have lost the certificate. So the
 * certificate's file is there first with a notice in place of a certificate: a notice means that kadm was cut off, and nothing else does.
 */
export async function writePair(
  host: Pick<Host, 'writeFile'>,
  { paths, key, certificate }: { readonly paths: PairPaths; readonly key: KeyObject; readonly certificate: string },
): Promise<void> {
  await host.writeFile(paths.certificate, announcement, { mode: 0o644 })
  await host.writeFile(paths.key, privateKeyPem(key), { mode: 0o600, secret: true })
  await host.writeFile(paths.certificate, certificate, { mode: 0o644 })
}

/** What lies in the place of a certificate while its key is written. */
export function isAnnouncement(text: string): boolean {
  return text === announcement
}

const announcement = 'kadm is making this certificate. If this text stays, kadm was cut off: run the same command again.\n'
