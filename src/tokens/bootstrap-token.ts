import { randomInt } from 'node:crypto'
import { KadmError } from '../errors.ts'

export interface TokenParts {
  /** Public: names the Secret and the signature. */
  readonly id: string
  readonly secret: string
}

/** Of `abcdef.0123456789abcdef`. Throws TOKEN_INVALID, without the secret part in its message. */
export function parseToken(text: string): TokenParts {
  const [, id, secret] = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(text) ?? []
  if (id === undefined || secret === undefined || text.endsWith('\n')) throw invalidToken(text)
  return { id, secret }
}

export function formatToken({ id, secret }: TokenParts): string {
  return `${id}.${secret}`
}

/** A new token. Each character is uniform over the alphabet, so that the secret has its full 82 bits. */
export function generateToken(): string {
  return formatToken({ id: randomText(6), secret: randomText(16) })
}

/** The id of a token or of its id alone, as `token delete` takes either. Throws TOKEN_INVALID. */
export function tokenIdOf(text: string): string {
  return /^[a-z0-9]{6}$/.test(text) && !text.endsWith('\n') ? text : parseToken(text).id
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'

function randomText(length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}

function invalidToken(text: string): KadmError {
  const message = `the bootstrap token ${shown(text)} (${text.length} characters) is not of the form [a-z0-9]{6}.[a-z0-9]{16}`
  return new KadmError('TOKEN_INVALID', message, { remedy: ['kadm token generate', 'kadm token list'] })
}

/** No more of it than can be public: what may be an id. */
function shown(text: string): string {
  const [id = ''] = text.split('.')
  if (text.length <= 6) return JSON.stringify(text)
  return text.includes('.') && id.length <= 6 ? JSON.stringify(`${id}.…`) : '"…"'
}
