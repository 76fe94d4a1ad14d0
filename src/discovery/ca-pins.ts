/** Hashes of CA keys (RFC 7469), by which a node knows the CA of its cluster. */
import { KadmError } from '../errors.ts'
import { caHashes } from '../pki/ca-hash.ts'
import { parseCertificates } from '../pki/certificate-bundle.ts'
import { pemText } from '../pki/pem.ts'

/** In lower case. Throws CONFIG_INVALID for one that is not `sha256:` and 64 hex digits. */
export function parsePins(hashes: readonly string[]): ReadonlySet<string> {
  const wrong = hashes.findIndex((hash) => !/^sha256:[0-9a-f]{64}$/i.test(hash) || hash.endsWith('\n'))
  if (wrong >= 0) {
    const message = `discovery.bootstrapToken.caCertHashes[${wrong}] is "${hashes[wrong]}": it must be sha256: and 64 hex digits`
    throw new KadmError('CONFIG_INVALID', message, { remedy: ['kadm token create --print-join-command   # on a control plane'] })
  }
  return new Set(hashes.map((hash) => hash.toLowerCase()))
}

export interface PinnedAuthorities {
  /** Of the certificates that are to be trusted, written anew: what another reader might see beside them in the text is not in it. */
  readonly caPem: string
  /** Hashes of those that no pin allows; not empty only if `allowUnpinned`. */
  readonly unpinned: readonly string[]
}

/**
 * The CAs of a bundle, all of which must be pinned; one at least with `allowUnpinned`. Without pins any are good. Throws CA_HASH_MISMATCH,
 * and an Error when the bundle cannot be read.
 */
export function pinnedAuthorities(
  bundle: string,
  pins: ReadonlySet<string>,
  { allowUnpinned }: { readonly allowUnpinned: boolean },
): PinnedAuthorities {
  const caPem = parseCertificates(bundle)
    .map(({ raw }) => pemText('CERTIFICATE', raw))
    .join('')
  const found = caHashes(caPem)
  const unpinned = pins.size === 0 ? [] : found.filter((hash) => !pins.has(hash))
  if (unpinned.length > 0 && unpinned.length === found.length) throw noneIsPinned(found, pins)
  if (unpinned.length > 0 && !allowUnpinned) throw stranger(found, unpinned)
  return { caPem, unpinned }
}

function noneIsPinned(found: readonly string[], pins: ReadonlySet<string>): KadmError {
  const message = `the CA of this cluster is not the one that was meant: its hash is ${found.join(', ')}, and ${[...pins].join(', ')} was given`
  return new KadmError('CA_HASH_MISMATCH', message, {
    remedy: [
      'kadm token create --print-join-command   # on a control plane of the right cluster',
      'make sure that nobody stands between this host and the cluster',
    ],
  })
}

function stranger(found: readonly string[], unpinned: readonly string[]): KadmError {
  const message = `the cluster names ${found.length} CAs, and no hash was given for ${unpinned.join(', ')}`
  return new KadmError('CA_HASH_MISMATCH', message, {
    remedy: [
      `if the cluster is changing its CA, give the other hash too: ${unpinned.map((hash) => `--discovery-token-ca-cert-hash ${hash}`).join(' ')}`,
      'or trust it unseen, as kubeadm does: --discovery-unsafe-allow-unpinned-ca',
    ],
  })
}
