/** PEM blocks, read as leniently as Go reads them: text around blocks and white space inside do not matter. */

export interface PemBlock {
  /** `CERTIFICATE`, `RSA PRIVATE KEY` and so on. */
  readonly type: string
  readonly der: Buffer
}

/** All blocks in order. Blocks with headers (encrypted keys) are left out: nothing here can use them. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks = text.matchAll(/^-----BEGIN ([^\r\n-]+)-----[ \t]*\r?\n([^-:]*?)-----END \1-----/gm)
  return Array.from(blocks, ([, type = '', body = '']) => ({ type, der: Buffer.from(body, 'base64') }))
}

export function pemText(type: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${type}-----`, ...lines, `-----END ${type}-----`, ''].join('\n')
}
