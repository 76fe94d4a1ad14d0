/** The key that service account tokens are signed with. */
import type { InitConfig } from '../config/model.ts'
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isExternalAuthority } from './certificate-authority.ts'
import { findKey } from './certificate-files.ts'
import type { KeySupply } from './key-supply.ts'
import { parsePublicKeys, privateKeyPem, publicKeyPem, spkiDer } from './keys.ts'

export interface EnsureServiceAccountKeyOptions {
  readonly config: InitConfig
  readonly host: Pick<Host, 'readText' | 'stat' | 'writeFile'>
  readonly keys: KeySupply
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}

/**
 * As `kubeadm init phase certs sa`: a `sa.key` that is there is kept, and `sa.pub` is not made again from it; that it is missing or
 * another's is warned of. Throws CERTIFICATE_INVALID for a `sa.key` that cannot be read. Cut off at any point, it is finished by the next
 * call.
 */
export async function ensureServiceAccountKey({ config, host, keys, say, warn }: EnsureServiceAccountKeyOptions): Promise<void> {
  if (await isExternalAuthority(host, config, 'ca')) return say('Using existing sa keys')
  const { privateKey, publicKey } = serviceAccountPaths(config)
  const found = await findKey(host, privateKey)
  if (found.kind === 'unusable') {
    throw new KadmError('CERTIFICATE_INVALID', `key "${privateKey}" cannot be used: ${found.why}`, {
      // Never `rm`: all tokens of the cluster are signed with it.
      remedy: [`put the key back at "${privateKey}": every control plane has it`],
    })
  }
  if (found.kind === 'found') {
    const problem = publicKeyProblem(await host.readText(publicKey), spkiDer(found.key))
    if (problem !== undefined)
      warn(`"${publicKey}" ${problem}: make it anew with: openssl pkey -in "${privateKey}" -pubout -out "${publicKey}"`)
    return say('Using the existing "sa" key')
  }
  const key = await keys.take()
  say('Generating "sa" key and public key')
  // The private key last: as soon as it is there, it is kept and its public half is not made again.
  await host.writeFile(publicKey, publicKeyPem(key), { mode: 0o600, keepMode: true })
  await host.writeFile(privateKey, privateKeyPem(key), { mode: 0o600, secret: true })
}

export function serviceAccountPaths({ cluster }: Pick<InitConfig, 'cluster'>): { readonly privateKey: string; readonly publicKey: string } {
  return { privateKey: `${cluster.certificatesDir}/sa.key`, publicKey: `${cluster.certificatesDir}/sa.pub` }
}

function publicKeyProblem(text: string | undefined, wanted: Buffer): string | undefined {
  if (text === undefined) return 'is not there'
  const keys = parsePublicKeys(text)
  if (keys.length === 0) return 'holds no RSA or ECDSA public key'
  return keys.some((key) => spkiDer(key).equals(wanted)) ? undefined : 'belongs to another key'
}
