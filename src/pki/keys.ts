/** Private keys as kubeadm has them: RSA and ECDSA, PKCS#1 and SEC1 on disk. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { EncryptionAlgorithm } from '../config/model.ts'
import { pemBlocks } from './pem.ts'

/** Made on the thread pool: the event loop goes on meanwhile. Some 40 ms of a core for RSA-2048, 300 for RSA-4096. */
export async function newPrivateKey(algorithm: EncryptionAlgorithm): Promise<KeyObject> {
  if (algorithm === 'ECDSA-P256') return (await generate('ec', { namedCurve: 'P-256' })).privateKey
  if (algorithm === 'ECDSA-P384') return (await generate('ec', { namedCurve: 'P-384' })).privateKey
  return (await generate('rsa', { modulusLength: Number(algorithm.slice('RSA-'.length)) })).privateKey
}

/** `RSA PRIVATE KEY` or `EC PRIVATE KEY`. */
export function privateKeyPem(key: KeyObject): string {
  return String(key.export({ type: key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1', format: 'pem' }))
}

/** `PUBLIC KEY`. */
export function publicKeyPem(key: KeyObject): string {
  return String(publicKeyOf(key).export({ type: 'spki', format: 'pem' }))
}

export function publicKeyOf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key
}

/** SubjectPublicKeyInfo in DER: what a CA pin is the hash of. */
export function spkiDer(key: KeyObject): Buffer {
  return publicKeyOf(key).export({ type: 'spki', format: 'der' })
}

/**
 * The first RSA or ECDSA private key in a PEM text; `undefined` when there is none. Other blocks, such as `EC PARAMETERS`, do not matter.
 */
export function parsePrivateKey(text: string): KeyObject | undefined {
  for (const { type, der } of pemBlocks(text)) {
    const key = quietly(() => privateKeyFrom(type, der))
    if (key !== undefined) return isUsable(key) ? key : undefined
  }
  return undefined
}

/**
 * The first RSA or ECDSA public key in a PEM text that holds a public key, a certificate or a private key; `undefined` when there is none.
 */
export function parsePublicKey(text: string): KeyObject | undefined {
  const key = quietly(() => createPublicKey(text)) ?? parsePrivateKey(text)
  return key !== undefined && isUsable(key) ? publicKeyOf(key) : undefined
}

/** All of them: an API server takes tokens of every key in the file, as while one key goes over into another. */
export function parsePublicKeys(text: string): readonly KeyObject[] {
  const blocks = text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? []
  return blocks.flatMap((block) => parsePublicKey(block) ?? [])
}

const generate = promisify(generateKeyPair)

function privateKeyFrom(type: string, der: Buffer): KeyObject | undefined {
  if (type === 'RSA PRIVATE KEY') return createPrivateKey({ key: der, format: 'der', type: 'pkcs1' })
  if (type === 'EC PRIVATE KEY') return createPrivateKey({ key: der, format: 'der', type: 'sec1' })
  if (type === 'PRIVATE KEY') return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return undefined
}

function isUsable(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ec'
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
