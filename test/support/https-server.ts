/** A server on loopback that says what the test wants, with a certificate for 127.0.0.1 and `kubernetes`. */
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { makeCertificates } from './control-plane.ts'
import { temporaryDirectory } from './temporary.ts'

export interface HttpsServer {
  /** `https://127.0.0.1:<port>` */
  readonly url: string
  /** PEM of the CA that its certificate is of. */
  readonly ca: string
  /** Where the certificates of `makeCertificates` are. */
  readonly dir: string
}

/** Ends with the test, its connections too. @param hasRoot its CA is an intermediate one */
export async function httpsServer(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  { hasRoot = false } = {},
): Promise<HttpsServer> {
  const dir = await temporaryDirectory()
  await makeCertificates(dir, { hasRoot })
  const read = (file: string): Promise<string> => readFile(path.join(dir, file), 'utf8')
  const [cert, key, ca] = await Promise.all([read('server.crt'), read('server.key'), read('ca.crt')])
  const server = createServer({ cert, key }, (request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca, dir }
}
