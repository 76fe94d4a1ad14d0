/** The kubelet's certificate signed on request, with the openssl that makes the request on a host. */
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { EncryptionAlgorithm } from '../../src/config/model.ts'
import { localHost } from '../../src/host/local-host.ts'
import { parseCertificateRequest } from '../../src/pki/certificate-request.ts'
import { selfSignedCa, type DistantAuthority } from '../../src/pki/issue.ts'
import { newPrivateKey, privateKeyPem } from '../../src/pki/keys.ts'
import { signOnHost } from '../../src/pki/sign-on-host.ts'
import { signKubeletRequest } from '../../src/pki/signed-kubelet.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const host = localHost()
const now = new Date()

test.each([
  { kind: 'ec', algorithm: 'RSA-2048' },
  { kind: 'rsa', algorithm: 'ECDSA-P256' },
  { kind: 'ec', algorithm: 'ECDSA-P384' },
] as const)('a request with a key of $kind, signed on the host of a CA with a key of $algorithm', async ({ kind, algorithm }) => {
  const folder = await temporaryDirectory()
  const request = await requestFor('/O=system:nodes/CN=system:node:h2', path.join(folder, 'key'), kind)
  const ca = await authority(folder, algorithm)
  const certificate = new X509Certificate(await signKubeletRequest(request, { ca, nodeName: 'h2', now, validity: 3_600_000 }))
  expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:h2')
  expect(certificate.verify(ca.certificate.publicKey)).toBe(true)
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
  expect(certificate.validToDate.getTime() - now.getTime()).toBeGreaterThan(3_598_000)
  // The very key of the request.
  const { stdout } = await host.query(['openssl', 'pkey', '-in', path.join(folder, 'key'), '-pubout'])
  expect(certificate.publicKey.export({ type: 'spki', format: 'pem' })).toBe(stdout)
  expect((await readFile(path.join(folder, 'key'), 'utf8')).includes('PRIVATE KEY')).toBe(true)
  await writeFile(path.join(folder, 'leaf.crt'), certificate.toString())
  expect(
    (await host.query(['openssl', 'verify', '-x509_strict', '-CAfile', path.join(folder, 'ca.crt'), path.join(folder, 'leaf.crt')])).stdout,
  ).toContain('OK')
})

test('a key that is not the one of the CA, one that is none, one that is not there: nothing is signed', async () => {
  const folder = await temporaryDirectory()
  const request = await requestFor('/O=system:nodes/CN=system:node:h2', path.join(folder, 'key'), 'ec')
  const { certificate } = await authority(folder)
  const signed = (file: string): Promise<string> =>
    signKubeletRequest(request, {
      ca: { certificate, sign: (bytes, hash) => signOnHost(host, path.join(folder, file), { bytes, hash }) },
      nodeName: 'h2',
      now,
      validity: 1000,
    })
  await writeFile(path.join(folder, 'other.key'), privateKeyPem(await newPrivateKey('RSA-2048')), { mode: 0o600 })
  await expect(signed('other.key')).rejects.toThrow('the key beside the CA "CN=kubernetes" does not belong to its certificate')
  for (const file of ['ca.crt', 'none.key'])
    await expect(signed(file)).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
      message: expect.stringContaining(`openssl cannot sign with the CA key "${folder}/${file}"`),
    })
})

test.each([
  '/O=system:nodes/CN=system:node:h3',
  '/O=system:masters/CN=system:node:h2',
  '/O=system:nodes/O=system:masters/CN=system:node:h2',
  '/CN=system:node:h2',
  '/O=system:nodes/CN=x/CN=system:node:h2\\,admin',
])('nobody but the node itself: %s', async (subject) => {
  const folder = await temporaryDirectory()
  const request = await requestFor(subject, path.join(folder, 'key'), 'ec')
  const ca = await authority(folder)
  await expect(signKubeletRequest(request, { ca, nodeName: 'h2', now, validity: 1 })).rejects.toMatchObject({
    code: 'CERTIFICATE_INVALID',
    message: expect.stringContaining('asks for a certificate of'),
  })
})

test('a request that was changed, and no request at all', async () => {
  const request = await requestFor('/O=system:nodes/CN=system:node:h2', path.join(await temporaryDirectory(), 'key'), 'ec')
  const der = Buffer.from(request.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  const at = der.indexOf('system:node:h2') + 'system:node:h'.length
  der[at] = '3'.charCodeAt(0)
  const changed = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
  expect(() => parseCertificateRequest(changed)).toThrow('it is not signed with its own key')
  expect(() => parseCertificateRequest('hello')).toThrow('it holds no CERTIFICATE REQUEST')
  expect(() => parseCertificateRequest(request.replace(/\n[A-Za-z0-9+/=]+\n-----END/, '\n-----END'))).toThrow(
    expect.objectContaining({ code: 'CERTIFICATE_INVALID' }),
  )
})

async function requestFor(subject: string, file: string, kind: string): Promise<string> {
  const key = kind === 'ec' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-newkey', 'rsa:2048']
  return (await host.run(['openssl', 'req', '-new', ...key, '-nodes', '-keyout', file, '-subj', subject])).stdout
}

/** A CA whose key is a file of a host. */
async function authority(folder: string, algorithm: EncryptionAlgorithm = 'RSA-2048'): Promise<DistantAuthority> {
  const key = await newPrivateKey(algorithm)
  const pem = selfSignedCa({
    commonName: 'kubernetes',
    key,
    notBefore: new Date(now.getTime() - 60_000),
    notAfter: new Date(now.getTime() + 86_400_000),
  })
  const file = path.join(folder, 'ca.key')
  await Promise.all([writeFile(file, privateKeyPem(key), { mode: 0o600 }), writeFile(path.join(folder, 'ca.crt'), pem)])
  return { certificate: new X509Certificate(pem), sign: (bytes, hash) => signOnHost(host, file, { bytes, hash }) }
}
