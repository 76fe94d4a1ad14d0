/** The kubelet's certificate signed on request, with the openssl that makes the request on a host. */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { parseCertificateRequest } from '../../src/pki/certificate-request.ts'
import { selfSignedCa } from '../../src/pki/issue.ts'
import { newPrivateKey } from '../../src/pki/keys.ts'
import { signKubeletRequest } from '../../src/pki/signed-kubelet.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const host = localHost()
const now = new Date()

test.each(['ec', 'rsa'])('a request with a key of %s', async (kind) => {
  const folder = await temporaryDirectory()
  const request = await requestFor('/O=system:nodes/CN=system:node:h2', path.join(folder, 'key'), kind)
  const ca = await authority()
  const certificate = new X509Certificate(signKubeletRequest(request, { ca, nodeName: 'h2', now, validity: 3_600_000 }))
  expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:h2')
  expect(certificate.verify(ca.certificate.publicKey)).toBe(true)
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
  expect(certificate.validToDate.getTime() - now.getTime()).toBeGreaterThan(3_598_000)
  // The very key of the request.
  const { stdout } = await host.query(['openssl', 'pkey', '-in', path.join(folder, 'key'), '-pubout'])
  expect(certificate.publicKey.export({ type: 'spki', format: 'pem' })).toBe(stdout)
  expect((await readFile(path.join(folder, 'key'), 'utf8')).includes('PRIVATE KEY')).toBe(true)
})

test.each(['/O=system:nodes/CN=system:node:h3', '/O=system:masters/CN=system:node:h2', '/O=system:nodes/O=system:masters/CN=system:node:h2', '/CN=system:node:h2', '/O=system:nodes/CN=x/CN=system:node:h2\\,admin'])('nobody but the node itself: %s', async (subject) => {
  const request = await requestFor(subject, path.join(await temporaryDirectory(), 'key'), 'ec')
  const ca = await authority()
  expect(() => signKubeletRequest(request, { ca, nodeName: 'h2', now, validity: 1 })).toThrow(expect.objectContaining({ code: 'CERTIFICATE_INVALID' }))
})

test('a request that was changed, and no request at all', async () => {
  const request = await requestFor('/O=system:nodes/CN=system:node:h2', path.join(await temporaryDirectory(), 'key'), 'ec')
  const der = Buffer.from(request.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  const at = der.indexOf('system:node:h2') + 'system:node:h'.length
  der[at] = '3'.charCodeAt(0)
  const changed = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
  expect(() => parseCertificateRequest(changed)).toThrow('it is not signed with its own key')
  expect(() => parseCertificateRequest('hello')).toThrow('it holds no CERTIFICATE REQUEST')
  expect(() => parseCertificateRequest(request.replace(/\n[A-Za-z0-9+/=]+\n-----END/, '\n-----END'))).toThrow(expect.objectContaining({ code: 'CERTIFICATE_INVALID' }))
})

async function requestFor(subject: string, file: string, kind: string): Promise<string> {
  const key = kind === 'ec' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-newkey', 'rsa:2048']
  return (await host.run(['openssl', 'req', '-new', ...key, '-nodes', '-keyout', file, '-subj', subject])).stdout
}

async function authority(): Promise<{ readonly certificate: X509Certificate; readonly key: Awaited<ReturnType<typeof newPrivateKey>> }> {
  const key = await newPrivateKey('RSA-2048')
  const pem = selfSignedCa({ commonName: 'kubernetes', key, notBefore: new Date(now.getTime() - 60_000), notAfter: new Date(now.getTime() + 86_400_000) })
  return { certificate: new X509Certificate(pem), key }
}
