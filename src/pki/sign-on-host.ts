import { KadmError, hasCode } from '../errors.ts'
import type { Host } from '../host/host.ts'

/**
 * Signs with the private key in a file of the host, on the host: the key does not leave it. RSA as in PKCS#1, ECDSA in DER. `hash`:
 * `sha256` and so on. Throws COMMAND_MISSING without openssl there, CERTIFICATE_INVALID for a key that it cannot use.
 */
export async function signOnHost(
  host: Pick<Host, 'name' | 'query'>,
  keyFile: string,
  { bytes, hash }: { readonly bytes: Uint8Array; readonly hash: string },
): Promise<Buffer> {
  const { exitCode, stdout, stderr } = await host
    .query(['openssl', 'dgst', `-${hash}`, '-sign', keyFile, '-hex'], { input: bytes })
    .catch((error: unknown) => {
      if (!hasCode(error, 'COMMAND_MISSING')) throw error
      throw new KadmError(
        'COMMAND_MISSING',
        `there is no openssl on "${host.name}", where the key of the CA is: it signs there, so that the key does not leave that host`,
        {
          cause: error,
          remedy: [
            'apt-get install openssl   # on that host, or as its packages are installed',
            'kadm apply -f FILE --tokens   # or have all join with bootstrap tokens',
          ],
        },
      )
    })
  // `RSA-SHA2-256(stdin)= 0a1b...`, by version `SHA2-256(stdin)= ` or `(stdin)= `.
  const hex = /= *((?:[0-9a-f]{2})+)\s*$/.exec(stdout)?.[1]
  if (exitCode === 0 && hex !== undefined) return Buffer.from(hex, 'hex')
  throw new KadmError('CERTIFICATE_INVALID', `openssl cannot sign with the CA key "${keyFile}" on "${host.name}"`, {
    details: stderr.trim().split('\n').slice(0, 3),
    remedy: [`openssl pkey -in ${keyFile} -noout -check   # on that host`],
  })
}
