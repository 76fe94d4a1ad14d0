/**
 * Whether a secret is still the same, told without it: a keyed hash, whose key is not in the journal but in a file of the host that only
 * root can read.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Host } from '../host.ts'
import { stateDirectory } from './journal-file.ts'

export const digestKeyFile = `${stateDirectory}/digest-key`

export interface SecretDigest {
  /** Hex. `undefined` when there is no key, and none is made. */
  readonly of: (bytes: Uint8Array) => Promise<string | undefined>
}

/** @param makeKey where the host has none yet */
export function secretDigest(
  host: Pick<Host, 'readText' | 'makeDirectory' | 'writeFile'>,
  { makeKey }: { readonly makeKey: boolean },
): SecretDigest {
  let key: Promise<string | undefined> | undefined
  const keyOf = async (): Promise<string | undefined> => {
    const kept = await host.readText(digestKeyFile)
    if (kept !== undefined || !makeKey) return kept
    const made = randomBytes(32).toString('hex')
    await host.makeDirectory(stateDirectory, 0o700)
    await host.writeFile(digestKeyFile, made, { mode: 0o600, secret: true })
    return made
  }
  return {
    of: async (bytes) => {
      const text = await (key ??= keyOf())
      return text === undefined ? undefined : createHmac('sha256', text).update(bytes).digest('hex')
    },
  }
}
