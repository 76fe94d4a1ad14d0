/**
 * A new key pair in the place of one that is in use, so that a kill at any point leaves a pair that fits, or one that the next run makes
 * fit.
 */
import type { KeyObject } from 'node:crypto'
import { KadmError, messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { findCertificate, findKey, type PairPaths } from './certificate-files.ts'
import { privateKeyPem } from './keys.ts'

export interface NewPair {
  readonly paths: PairPaths
  readonly key: KeyObject
  /** PEM. */
  readonly certificate: string
}

type Files = Pick<Host, 'readText' | 'stat' | 'writeFile' | 'removeFile'>

/**
 * Two files cannot be exchanged at one instant. So the new pair lies in one file of its own first: it shows that the disk has room for
 * both, and whoever finds it after a kill finishes what was begun (`finishReplacement`). When the certificate cannot be written, the old
 * key is put back. Modes and owners stay, but nobody except owner and group may read the key.
 */
export async function replacePair(host: Files, { paths, key, certificate }: NewPair): Promise<void> {
  const before = await host.readText(paths.key)
  const pending = pendingPath(paths)
  const secret = { mode: ((await host.stat(paths.key))?.mode ?? 0o600) & 0o770, secret: true }
  await host.writeFile(pending, certificate + privateKeyPem(key), { mode: 0o600, secret: true })
  try {
    await host.writeFile(paths.key, privateKeyPem(key), secret)
    await host.writeFile(paths.certificate, certificate, { mode: 0o644, keepMode: true })
  } catch (error) {
    await putBack(host, { paths, before, secret, error })
    throw error
  }
  await host.removeFile(pending)
}

/** Finishes what a killed `replacePair` has begun. @returns whether there was something to finish. */
export async function finishReplacement(host: Files, paths: PairPaths): Promise<boolean> {
  const pending = pendingPath(paths)
  if ((await host.stat(pending)) === undefined) return false
  const [certificate, key, newCertificate, newKey] = await Promise.all([
    findCertificate(host, paths.certificate),
    findKey(host, paths.key),
    findCertificate(host, pending),
    findKey(host, pending),
  ])
  const fits = certificate.kind === 'found' && key.kind === 'found' && certificate.certificate.checkPrivateKey(key.key)
  if (!fits && newCertificate.kind === 'found' && newKey.kind === 'found') {
    await replacePair(host, { paths, key: newKey.key, certificate: newCertificate.certificate.toString() })
    return true
  }
  await host.removeFile(pending)
  return false
}

interface Failure {
  readonly paths: PairPaths
  /** The old key, where there was one. */
  readonly before: string | undefined
  readonly secret: { readonly mode: number; readonly secret: boolean }
  readonly error: unknown
}

/** The pending file stays when that fails too: it is what mends the pair then. */
async function putBack(host: Files, { paths, before, secret, error }: Failure): Promise<void> {
  try {
    if (before !== undefined) await host.writeFile(paths.key, before, secret)
    await host.removeFile(pendingPath(paths))
  } catch (cause) {
    throw new KadmError(
      'FILE_FAILED',
      `${messageOf(error)}, and the old key could not be put back: "${paths.key}" may not belong to "${paths.certificate}" now`,
      {
        remedy: ['mend the cause and run the same command again: it finishes what was begun'],
        cause,
      },
    )
  }
}

function pendingPath({ certificate }: PairPaths): string {
  return certificate.replace(/([^/]+)\.crt$/, '.$1.kadm-renewal.pem')
}
