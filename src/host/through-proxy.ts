/** Connections of a host by way of an HTTP proxy. */
import type { Duplex } from 'node:stream'
import type { Host } from './host.ts'
import { addressOf, basicAuthorization } from './http-get.ts'

/**
 * Dials as `host` does, through the proxy (CONNECT, RFC 9110 section 9.3.6). Rejects as `host.dial`, or with what the proxy says instead of
 * 200. Errors never hold the proxy's password.
 *
 * @param proxy as in HTTPS_PROXY: `http://user:password@proxy.example:3128`, or without the scheme
 */
export function throughProxy(host: Pick<Host, 'dial'>, proxy: string): Pick<Host, 'dial'> {
  return {
    dial: async (address, options) => {
      if (address.kind !== 'tcp') return host.dial(address, options)
      const url = proxyUrl(proxy)
      if (url.protocol !== 'http:') throw new Error(`a proxy that is spoken to by ${url.protocol.slice(0, -1)} is not supported`)
      const stream = await host.dial(addressOf(url), options)
      const target = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
      const authorization = basicAuthorization(url)
      const login = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`
      try {
        stream.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${login}\r\n`)
        const [status = ''] = (await readHead(stream, options?.signal)).split('\r\n')
        if (!/^HTTP\/1\.\d 200\b/.test(status)) throw new Error(`the proxy ${url.hostname} answered with "${status}"`)
        return stream
      } catch (error) {
        stream.destroy()
        throw error
      }
    },
  }
}

/** As Go's httpproxy reads it: without a scheme it is one of HTTP. */
function proxyUrl(text: string): URL {
  const url = text.includes('://') ? text : `http://${text}`
  if (URL.canParse(url)) return new URL(url)
  throw new Error('the proxy of the environment is no URL')
}

const longestHead = 16_384

/** Up to the empty line. After a 200 nothing comes behind it, since in TLS the client speaks first; after a refusal its page may. */
function readHead(stream: Duplex, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const settle = (act: () => void): void => {
      stream.off('data', onData).off('error', onError).off('close', onClose)
      signal?.removeEventListener('abort', onAbort)
      act()
    }
    const onError = (error: Error): void => settle(() => reject(error))
    const onClose = (): void => onError(new Error('the proxy closed the connection'))
    const onAbort = (): void => settle(() => reject(signal?.reason))
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (text.length > longestHead) return onError(new Error('the answer of the proxy has no end'))
      if (!text.includes('\r\n\r\n')) return
      stream.pause()
      settle(() => resolve(text))
    }
    stream.on('data', onData).on('error', onError).on('close', onClose)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
