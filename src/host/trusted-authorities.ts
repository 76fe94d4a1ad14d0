/** The certificate authorities that a host itself trusts. */
import path from 'node:path'
import type { Host } from './host.ts'

/**
 * PEM of all of them, where programs written in Go (kubeadm, kubelet) look: SSL_CERT_FILE and SSL_CERT_DIR, or else the first file that is
 * there, or else the folders. `undefined` when there are none.
 */
export async function trustedAuthorities(host: Pick<Host, 'readText' | 'stat' | 'list' | 'facts'>): Promise<string | undefined> {
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: folders } = (await host.facts()).environment
  const bundle = await firstText(host, file ? [file] : bundles)
  const inFolders = bundle === undefined || folders ? await textsIn(host, folders ? folders.split(':') : bundleFolders) : []
  const texts = [...(bundle === undefined ? [] : [bundle]), ...inFolders].filter((text) => text.includes('-----BEGIN CERTIFICATE-----'))
  return texts.length === 0 ? undefined : texts.join('\n')
}

// Go's crypto/x509 (root_linux.go): Debian, Fedora, openSUSE, OpenELEC, RHEL 7, Alpine.
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]
const bundleFolders = ['/etc/ssl/certs', '/etc/pki/tls/certs']

async function firstText(host: Pick<Host, 'readText'>, files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const text = await host.readText(file)
    if (text !== undefined) return text
  }
  return undefined
}

async function textsIn(host: Pick<Host, 'readText' | 'stat' | 'list'>, folders: readonly string[]): Promise<readonly string[]> {
  const texts = folders.map(async (folder) => {
    const files = ((await host.list(folder)) ?? []).map((name) => path.posix.join(folder, name))
    const plain = await Promise.all(files.map(async (file) => ((await host.stat(file))?.kind === 'directory' ? [] : [file])))
    return Promise.all(plain.flat().map(async (file) => (await host.readText(file)) ?? ''))
  })
  return (await Promise.all(texts)).flat()
}
