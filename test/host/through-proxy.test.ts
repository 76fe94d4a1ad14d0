/** Proxies that behave badly; that good ones are used as kubeadm uses them: test/interop/release-server. */
import { createServer, type Server, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { dialLocally } from '../../src/host/dial.ts'
import { throughProxy } from '../../src/host/through-proxy.ts'

const target = { kind: 'tcp', host: 'dl.k8s.io', port: 443 } as const

async function proxy(answer: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => answer(socket))
    onTestFinished(() => void socket.destroy())
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  return `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
}

function dial(through: string, signal?: AbortSignal): Promise<unknown> {
  return throughProxy({ dial: dialLocally }, through).dial(target, signal && { signal })
}

test.each<{ readonly name: string; readonly answer: (socket: Socket) => void; readonly says: string }>([
  { name: 'hangs up', answer: (socket) => void socket.end(), says: 'the proxy closed the connection' },
  { name: 'has no end', answer: (socket) => void socket.write('x'.repeat(20_000)), says: 'the answer of the proxy has no end' },
  { name: 'refuses', answer: (socket) => void socket.write('HTTP/1.1 403 No\r\n\r\n'), says: 'answered with "HTTP/1.1 403 No"' },
  {
    name: 'wants a password, shows a page and holds the line',
    answer: (socket) => void socket.write('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n<html>Log in</html>'),
    says: 'answered with "HTTP/1.1 407 Proxy Authentication Required"',
  },
  { name: 'speaks something else', answer: (socket) => void socket.write('220 mail\r\n\r\n'), says: 'answered with "220 mail"' },
])('a proxy that $name', { timeout: 10_000 }, async ({ answer, says }) => {
  await expect(dial(await proxy(answer))).rejects.toThrow(says)
})

test('a proxy that says nothing is waited for until the signal', async () => {
  const reason = new Error('long enough')
  const signal = new AbortController()
  const dialed = dial(await proxy(() => signal.abort(reason)), signal.signal)
  await expect(dialed).rejects.toBe(reason)
})

test('what is no proxy by HTTP is refused before anything is sent, without its password', async () => {
  await expect(dial('https://me:secret@127.0.0.1:1')).rejects.toThrow('a proxy that is spoken to by https is not supported')
  await expect(dial('socks5://127.0.0.1:1')).rejects.toThrow('socks5')
  await expect(dial('http://')).rejects.toThrow('the proxy of the environment is no URL')
})
