/** Where Debian packages come from: the mirror that this machine's own apt uses. */
import { readFile } from 'node:fs/promises'
import { KadmError } from '../errors.ts'

/**
 * `$KADM_DEBIAN_MIRROR`, else the first one in apt's sources. Throws SANDBOX_MISSING_PIECE when there is none, or it is one of another
 * system.
 */
export async function debianMirror(): Promise<string> {
  const given = process.env['KADM_DEBIAN_MIRROR']
  if (given !== undefined && given !== '') return given
  const found =
    /^URIs:\s*(\S+)/m.exec(await textOf('/etc/apt/sources.list.d/debian.sources'))?.[1] ?? debLine(await textOf('/etc/apt/sources.list'))
  if (found !== undefined) return found
  throw new KadmError('SANDBOX_MISSING_PIECE', "no Debian mirror is known: this machine's apt names none", {
    remedy: ['export KADM_DEBIAN_MIRROR=URL   # of a Debian mirror, as in a sources.list'],
  })
}

/** Of the old one-line format; only a mirror that ends in `/debian` has Debian's packages. */
function debLine(text: string): string | undefined {
  return /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian)\/?\s/m.exec(text)?.[1]
}

function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}
