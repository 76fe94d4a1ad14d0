/**
 * PEM blocks, read as leniently as Go reads them, and no more: text around blocks and white space inside do not matter, and a block whose
 * base64 is wrong is passed over.
 */

export interface PemBlock {
  /** `CERTIFICATE`, `RSA PRIVATE KEY` and so on. */
  readonly type: string
  readonly der: Buffer
}

/** All blocks in order. Blocks with headers (encrypted keys) are left out: nothing here can use them. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks = text.matchAll(/^-----BEGIN ([^\r\n-]+)-----[ \t]*\r?\n([^-:]*?)-----END \1-----/gm)
  return Array.from(blocks, ([, type = '', body = '']) => ({ type, base64: body.replaceAll(/[ \t\r\n]/g, '') }))
    .filter(({ base64 }) => strictBase64.test(base64))
    .map(({ type, base64 }) => ({ type, der: Buffer.from(base64, 'base64') }))
}

const strictBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export function pemText(type: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${type}-----`, ...lines, `-----END ${type}-----`, ''].join('\n')
}
