/** The file `known_hosts` (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): which keys a host may show. Pure. */
import { createHash, createHmac } from 'node:crypto'
import type { SshTarget } from './ssh-target.ts'

export interface KnownHost {
  readonly marker: '' | '@revoked' | '@cert-authority'
  /** Comma-separated patterns, or one hashed name. */
  readonly names: string
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`. */
  readonly type: string
  /** Base64. */
  readonly key: string
}

/** `only-authority`: there is no key of this host, but an authority that may sign one. */
export type KeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked' | 'only-authority'

type Place = Pick<SshTarget, 'address' | 'port'>

/** Lines that are none, or have a marker of another kind, vouch for nothing and are passed over. */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    if (line.trim() === '' || line.trim().startsWith('#')) return []
    const marker = fields[0]?.startsWith('@') === true ? fields.shift() : ''
    const [names, type, key] = fields
    if (names === undefined || type === undefined || key === undefined) return []
    return marker === '' || marker === '@revoked' || marker === '@cert-authority' ? [{ marker, names, type, key }] : []
  })
}

/** The entries that are about this host. A line that was cut off when it was written is none: it is no sign that the key has changed. */
export function entriesFor(entries: readonly KnownHost[], place: Place): readonly KnownHost[] {
  const name = nameOf(place)
  return entries.filter((entry) => matches(entry.names, name) && isWholeKey(entry))
}

/** Fields of the wire form, each behind its length, fill it to the end; the first is the type. */
function isWholeKey({ type, key }: KnownHost): boolean {
  const bytes = Buffer.from(key, 'base64')
  let [at, count] = [0, 0]
  for (; at + 4 <= bytes.length; count++) at += 4 + bytes.readUInt32BE(at)
  return at === bytes.length && count > 1 && keyType(bytes) === type
}

/** `entries`: those of the host. */
export function judgeHostKey(entries: readonly KnownHost[], key: Buffer): KeyVerdict {
  const text = key.toString('base64')
  if (entries.some((entry) => entry.marker === '@revoked' && entry.key === text)) return 'revoked'
  const plain = entries.filter(({ marker }) => marker === '')
  if (plain.some((entry) => entry.key === text)) return 'known'
  if (plain.length > 0) return 'changed'
  return entries.some(({ marker }) => marker === '@cert-authority') ? 'only-authority' : 'unknown'
}

/** What people paste as a fingerprint; some programs print the `=` at the end. */
export const fingerprintForm = /^SHA256:[A-Za-z0-9+/]{43}=?$/

/** `SHA256:…`, as ssh-keygen -l prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The line to add, without its end. */
export function knownHostsLine(place: Place, key: Buffer): string {
  return `${nameOf(place)} ${keyType(key)} ${key.toString('base64')}`
}

/** A key in the wire form begins with the length and the name of its type (RFC 4253, 6.6). */
export function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1')
}

/** How `known_hosts` names it: the port only where it is not 22. */
export function nameOf({ address, port }: Place): string {
  const lower = address.toLowerCase()
  return port === 22 ? lower : `[${lower}]:${port}`
}

function matches(names: string, name: string): boolean {
  if (names.startsWith('|1|')) {
    const [, , salt = '', hash] = names.split('|')
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
  }
  const patterns = names.split(',')
  const hits = (pattern: string): boolean => (/[*?]/.test(pattern) ? wildcard(pattern).test(name) : pattern.toLowerCase() === name)
  return !patterns.some((one) => one.startsWith('!') && hits(one.slice(1))) && patterns.some((one) => !one.startsWith('!') && hits(one))
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 'i')
}
