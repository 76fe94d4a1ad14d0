/** A file with a key of the user: read once, and opened once, when nothing but its private half will do. */
import { readFile } from 'node:fs/promises'
import type { ParsedKey } from 'ssh2'
import { describingFileErrors } from '../file-error.ts'

export interface KeyFile {
  /** Its public half, as `publicKeyOf`; `undefined` when it stands neither in the file nor in the one beside it (`.pub`). */
  readonly publicKey: string | undefined
  /** Whether the private half is not there for the taking: an agent may have it. */
  readonly isLocked: boolean
  /** The private half, or why it cannot be had. The passphrase is asked for once, whoever asks for the key. */
  readonly open: (passphrase: () => Promise<string | undefined>) => Promise<ParsedKey | Error>
}

/** By this a key is the same in a file and in an agent. */
export function publicKeyOf(key: ParsedKey): string {
  return key.getPublicSSH().toString('base64')
}

/** Throws FILE_FAILED. */
export async function readKeyFile(file: string): Promise<KeyFile> {
  const text = await describingFileErrors('read', file, () => readFile(file))
  const { default: ssh2 } = await import('ssh2')
  const plain = ssh2.utils.parseKey(text)
  if (plain instanceof Error) {
    const publicKey = publicHalf(text) ?? (await publicKeyBeside(file))
    if (!/no passphrase given/.test(plain.message)) return { publicKey, isLocked: true, open: async () => plain }
    const unlock = async (passphrase: string | undefined): Promise<ParsedKey | Error> => {
      if (passphrase === undefined) return new Error('it is encrypted, and there is no passphrase')
      const opened = ssh2.utils.parseKey(text, passphrase)
      return opened instanceof Error ? new Error('the passphrase does not open it', { cause: opened }) : opened
    }
    let opening: Promise<ParsedKey | Error> | undefined
    return { publicKey, isLocked: true, open: (ask) => (opening ??= ask().then(unlock)) }
  }
  const publicKey = publicKeyOf(plain)
  if (plain.isPrivateKey()) return { publicKey, isLocked: false, open: async () => plain }
  return { publicKey, isLocked: true, open: async () => new Error('it is a public key, and no agent has the private one') }
}

/** In OpenSSH's own format it stands ahead of the part that is encrypted (PROTOCOL.key). */
function publicHalf(text: Buffer): string | undefined {
  const [, body = ''] = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(text.toString('latin1')) ?? []
  const bytes = Buffer.from(body, 'base64')
  const endOfField = (start: number): number => (start + 4 > bytes.length ? Infinity : start + 4 + bytes.readUInt32BE(start))
  // Cipher, derivation of the key and its options, number of keys.
  const start = endOfField(endOfField(endOfField('openssh-key-v1\0'.length))) + 4
  const end = endOfField(start)
  return end > bytes.length ? undefined : bytes.subarray(start + 4, end).toString('base64')
}

async function publicKeyBeside(file: string): Promise<string | undefined> {
  const text = await readFile(`${file}.pub`).catch(() => undefined)
  if (text === undefined) return undefined
  const { default: ssh2 } = await import('ssh2')
  const key = ssh2.utils.parseKey(text)
  return key instanceof Error ? undefined : publicKeyOf(key)
}
