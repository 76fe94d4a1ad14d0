/**
 * In a jail: a release server on port 443, a proxy on port 3128, and for each label what kubeadm and kadm make of it. Arguments: the real
 * kubeadm, folder with `server.crt` and `server.key`, HTTPS_PROXY or '', labels ('' for none). Prints, by label, the results of both.
 */
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:https'
import { connect } from 'node:net'
import path from 'node:path'
import { kadmProgram, runProgram } from '../../support/command-line.ts'

const releases: Readonly<Record<string, string>> = {
  'cdn.dl.k8s.io/release/stable.txt': 'v1.99.1',
  'cdn.dl.k8s.io/release/stable-1.txt': 'v1.99.1\n',
  'cdn.dl.k8s.io/release/stable-1.37.txt': 'v1.37.9\n',
  'cdn.dl.k8s.io/release/stable-1.36.txt': 'v1.36.11',
  'cdn.dl.k8s.io/release/stable-1.35.txt': 'v1.35.1',
  'cdn.dl.k8s.io/release/latest-1.36.txt': '<html>not a version</html>',
  'storage.googleapis.com/k8s-release-dev/ci/latest.txt': 'v1.37.5-12+0123456789abcd',
}

const [kubeadm = '', folder = '', proxy = '', ...labels] = process.argv.slice(2)
const [cert, key] = ['server.crt', 'server.key'].map((name) => readFileSync(path.join(folder, name), 'utf8'))
const asked: string[] = []
const server = createServer({ cert, key }, ({ headers: { host = '' }, url = '' }, response) => {
  asked.push(host + url)
  // As the real one does: it has no files itself.
  if (host === 'dl.k8s.io') response.writeHead(302, { location: `https://cdn.dl.k8s.io${url}` }).end()
  else response.writeHead(host + url in releases ? 200 : 404).end(releases[host + url])
})
const proxyServer = http.createServer().on('connect', ({ url = '', headers }, socket) => {
  const login = Buffer.from(headers['proxy-authorization']?.replace(/^Basic /, '') ?? '', 'base64').toString()
  asked.push(`CONNECT ${url} by ${login}`)
  if (login !== 'me:s p') return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
  const through = connect(443, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
  // Who has what he wants hangs up while the other side still speaks.
  for (const one of [socket, through]) one.on('error', () => through.destroy())
  return socket.pipe(through).pipe(socket)
})
await new Promise<void>((resolve) => server.listen(443, '127.0.0.1', resolve))
await new Promise<void>((resolve) => proxyServer.listen(3128, '127.0.0.1', resolve))

const env = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  SSL_CERT_FILE: path.join(folder, 'ca.crt'),
  ...(proxy !== '' && { HTTPS_PROXY: proxy }),
}
const results: Record<string, object> = {}
for (const label of labels) {
  const words = ['config', 'images', 'list', ...(label === '' ? [] : ['--kubernetes-version', label])]
  const byKubeadm = await runProgram(kubeadm, words, env)
  const before = asked.splice(0)
  const byKadm = await runProgram(process.execPath, [kadmProgram, ...words], env)
  results[label] = { kubeadm: { ...byKubeadm, asked: before }, kadm: { ...byKadm, asked: asked.splice(0) } }
}
process.stdout.write(JSON.stringify(results))
process.exit(0)
