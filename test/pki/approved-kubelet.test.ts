/** The kubelet's certificate where the key of the CA is kept elsewhere: what is asked for in the API, and what is taken from there. */
import { X509Certificate } from 'node:crypto'
import path from 'node:path'
import { expect, test } from 'vitest'
import { kinds } from '../../src/cluster/kinds.ts'
import { recordingCluster } from '../../src/cluster/recording-cluster.ts'
import { localHost } from '../../src/host/local-host.ts'
import { altNames, noAltNames } from '../../src/pki/alt-names.ts'
import { approvedCertificate } from '../../src/pki/approved-kubelet.ts'
import { parseCertificateRequest } from '../../src/pki/certificate-request.ts'
import { selfSignedCa } from '../../src/pki/issue.ts'
import { newPrivateKey } from '../../src/pki/keys.ts'
import { pemBlocks, pemText } from '../../src/pki/pem.ts'
import { kubeletSubject, parseKubeletRequest } from '../../src/pki/signed-kubelet.ts'
import { signedCertificate, type CertificateFields } from '../../src/pki/x509.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const now = new Date()
const validity = { notBefore: new Date(now.getTime() - 60_000), notAfter: new Date(now.getTime() + 86_400_000) }

test('of several requests in a text only the one that was judged is sent; a block that Go passes over is none', async () => {
  const [own, other] = [await requestFor('h2'), await requestFor('h3')]
  expect(pemBlocks(await sent(`# text\n${own}${other}`)).map(({ der }) => der)).toEqual([parseCertificateRequest(own).der])
  // The base64 is wrong for Go, and so it takes the second one.
  const broken = own.replace('\n', '\n*')
  await expect(sent(`${broken}${other}`)).rejects.toThrow('asks for a certificate of "system:nodes/system:node:h3"')
  expect(pemBlocks(`${broken}${other}`)).toHaveLength(1)
})

test.each([
  { name: 'nothing', extensions: [] },
  {
    name: 'what v3_req of openssl.cnf has',
    extensions: ['basicConstraints = CA:FALSE', 'keyUsage = nonRepudiation, digitalSignature, keyEncipherment'],
  },
  { name: 'the id of the key', extensions: ['subjectKeyIdentifier = hash'] },
  { name: 'names', extensions: ['keyUsage = digitalSignature', 'subjectAltName = DNS:kubernetes'], refused: 'subjectAltName' },
  { name: 'being a CA', extensions: ['basicConstraints = critical,CA:TRUE'], refused: 'basicConstraints (CA)' },
  { name: 'another use', extensions: ['extendedKeyUsage = serverAuth'], refused: 'extendedKeyUsage' },
])('a request that asks for $name', async ({ extensions, refused }) => {
  const request = await requestFor('h2', extensions)
  if (refused === undefined) return expect(parseKubeletRequest(request, 'h2').extensions).toHaveLength(extensions.length)
  expect(() => parseKubeletRequest(request, 'h2')).toThrow(
    expect.objectContaining({ code: 'CERTIFICATE_INVALID', message: expect.stringContaining(`with the extension ${refused}`) }),
  )
})

test.each<{ readonly name: string; readonly fields: Partial<CertificateFields>; readonly problem?: string }>([
  { name: 'for clients', fields: {} },
  { name: 'without a use', fields: { usages: [] } },
  { name: 'with names', fields: { altNames: altNames(['kubernetes', '10.96.0.1']) }, problem: 'it has further names: DNS:kubernetes' },
  { name: 'of a CA', fields: { isCa: true, usages: [] }, problem: 'it is a CA' },
  { name: 'for servers too', fields: { usages: ['client', 'server'] }, problem: 'it is not for client authentication alone: server' },
])('a certificate that comes back $name', async ({ fields, problem }) => {
  const request = await requestFor('h2')
  if (problem === undefined) return expect(new X509Certificate(await answer(request, fields)).subject).toContain('system:node:h2')
  await expect(answer(request, fields)).rejects.toMatchObject({
    code: 'CERTIFICATE_INVALID',
    message: expect.stringContaining(`cannot be used: ${problem}`),
  })
})

/** By openssl, as the host makes it; with these lines of `req_extensions`. */
async function requestFor(node: string, extensions: readonly string[] = []): Promise<string> {
  const { commonName, organizations } = kubeletSubject(node)
  const file = path.join(await temporaryDirectory(), 'key')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file]
  const added = extensions.flatMap((line) => ['-addext', line])
  const subject = `/O=${organizations.join()}/CN=${commonName}`
  return (await localHost().run(['openssl', 'req', '-new', ...key, '-subj', subject, ...added])).stdout
}

/** The text of the request that is asked with. */
async function sent(request: string): Promise<string> {
  let text = ''
  await asked(request, {}, (given) => (text = given))
  return text
}

async function answer(request: string, fields: Partial<CertificateFields>): Promise<string> {
  return asked(request, fields, () => {})
}

/** An API that approves and signs at once, with these fields. */
async function asked(request: string, fields: Partial<CertificateFields>, hear: (request: string) => void): Promise<string> {
  const key = await newPrivateKey('ECDSA-P256')
  const caPem = selfSignedCa({ commonName: 'kubernetes', key, ...validity })
  const cluster = recordingCluster(undefined)
  return approvedCertificate(request, {
    cluster: {
      ...cluster,
      create: async (object) => {
        const text = Buffer.from((object['spec'] as { readonly request: string }).request, 'base64').toString()
        hear(text)
        const { publicKey } = parseCertificateRequest(text)
        const wanted = {
          subject: kubeletSubject('h2'),
          publicKey,
          isCa: false,
          usages: ['client'],
          altNames: noAltNames,
          ...validity,
        } as const
        const der = signedCertificate({ ...wanted, ...fields }, { key, certificate: new X509Certificate(caPem).raw })
        const certificate = Buffer.from(pemText('CERTIFICATE', der)).toString('base64')
        return cluster.create({
          ...object,
          ...kinds.certificateSigningRequest,
          status: { certificate, conditions: [{ type: 'Approved', status: 'True' }] },
        })
      },
    },
    nodeName: 'h2',
    caPem,
    timeout: 5000,
    now,
    signal: new AbortController().signal,
    say: () => {},
  })
}
