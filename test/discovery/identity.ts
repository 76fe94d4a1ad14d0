/** Authorities and server certificates for servers that behave well or badly, made in a millisecond. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { pemText } from '../../src/pki/pem.ts'
import { signedCertificate, type Usage } from '../../src/pki/x509.ts'

export interface Authority {
  readonly key: KeyObject
  readonly der: Buffer
  readonly pem: string
}

export interface Identity {
  readonly cert: string
  readonly key: string
}

const hour = 3_600_000

export function authority(commonName = 'kubernetes'): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const der = signedCertificate(
    {
      subject: { commonName, organizations: [] },
      publicKey,
      isCa: true,
      usages: [],
      altNames: { dnsNames: [commonName], addresses: [] },
      notBefore: new Date(Date.now() - hour),
      notAfter: new Date(Date.now() + hour),
    },
    { key: privateKey },
  )
  return { key: privateKey, der, pem: pemText('CERTIFICATE', der) }
}

export interface LeafOptions {
  readonly commonName?: string
  readonly organizations?: readonly string[]
  readonly usages?: readonly Usage[]
  readonly dnsNames?: readonly string[]
  readonly addresses?: readonly string[]
  readonly notBefore?: Date
  readonly notAfter?: Date
}

/** By default a server on the loopback addresses. */
export function leaf(by: Authority, options: LeafOptions = {}): Identity {
  const {
    commonName = 'kube-apiserver',
    organizations = [],
    usages = ['server'],
    dnsNames = [],
    addresses = ['127.0.0.1', '::1'],
  } = options
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const der = signedCertificate(
    {
      subject: { commonName, organizations },
      publicKey,
      isCa: false,
      usages,
      altNames: { dnsNames, addresses },
      notBefore: options.notBefore ?? new Date(Date.now() - hour),
      notAfter: options.notAfter ?? new Date(Date.now() + hour),
    },
    { key: by.key, certificate: by.der },
  )
  return { cert: pemText('CERTIFICATE', der), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) }
}
