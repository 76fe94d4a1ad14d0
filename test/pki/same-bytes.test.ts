import { randomBytes, randomInt, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { nthAddress } from '../../src/config/cidr.ts'
import { encryptionAlgorithms, type EncryptionAlgorithm, type InitConfig } from '../../src/config/model.ts'
import { parseYaml } from '../../src/config/yaml.ts'
import { altNames, noAltNames } from '../../src/pki/alt-names.ts'
import { certificateSpec, certificateSpecs } from '../../src/pki/certificate-specs.ts'
import { fromDer, itemsOf, toDer } from '../../src/pki/der.ts'
import { parsePrivateKey } from '../../src/pki/keys.ts'
import { kubeconfigSpecs } from '../../src/pki/kubeconfig/kubeconfig-specs.ts'
import { validityOf } from '../../src/pki/validity.ts'
import { signedCertificate, type CertificateFields } from '../../src/pki/x509.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, runCerts, runKubeconfigs, type FileState } from './kadm-pki.ts'
import { linesOf, runKubeadm } from './kubeadm-pki.ts'

test.for(encryptionAlgorithms)(
  'with %s kadm makes the files that kubeadm makes, and the certificates byte for byte',
  { timeout: 60_000 },
  async (algorithm, context) => {
    const root = await temporaryDirectory()
    const config = randomConfig(root, algorithm)

    // Sixteen keys of 4096 bits take a core some ten seconds, in either language.
    const some = new Set(['ca', 'sa', 'admin'])
    const isSlow = algorithm === 'RSA-3072' || algorithm === 'RSA-4096'
    const phases = isSlow ? ['certs ca', 'certs sa', 'kubeconfig admin'] : ['certs all', 'kubeconfig all']
    const only = (name: string): boolean => !isSlow || some.has(name)

    const oracle = await runKubeadm(context, config, phases)
    expect(oracle).toMatchObject({ exitCode: 0 })
    const certs = await runCerts(config, { only })
    const kubeconfigs = await runKubeconfigs(config, { only })
    const files = await filesIn(root)

    expect([...certs.warnings, ...kubeconfigs.warnings]).toEqual([])
    expect(certs.lines).toEqual(linesOf(oracle, 'certs').filter(isOfChild))
    expect(kubeconfigs.lines).toEqual(linesOf(oracle, 'kubeconfig').filter(isOfChild))
    expect(shapes(files)).toEqual(shapes(oracle.files))
    expect(kubeconfigShapes(files)).toEqual(kubeconfigShapes(oracle.files))

    // Given the serial number, the keys and the second of the start, there is one right certificate.
    expectSameBytes(oracle.files, config)
    expectSameBytes(files, config)
  },
)

/** The folder is named by the parent phase, which is not at work here. */
function isOfChild(line: string): boolean {
  return !/^Using (certificateDir|kubeconfig) folder/.test(line)
}

/** Rebuilds every certificate from the tables with the random parts of the one that is there. */
function expectSameBytes(files: ReadonlyMap<string, FileState>, config: InitConfig): void {
  const start = new Date(certificateAt(files, 'pki/ca').validFromDate.getTime() + 5 * 60_000)
  for (const spec of certificateSpecs.filter(({ baseName }) => files.has(`pki/${baseName}.crt`))) {
    const there = certificateAt(files, `pki/${spec.baseName}`)
    const ca = certificateSpec(spec.ca ?? spec.name)
    const subject = spec.subject(config)
    const names = spec.ca === undefined ? altNames([subject.commonName]) : spec.altNames(config)
    const own = new Date(there.validFromDate.getTime() + 5 * 60_000)
    const fields = { subject, isCa: spec.ca === undefined, usages: spec.usages, altNames: names, ...validityOf(spec, config, own) }
    expectRebuilt(there, fields, files, ca.baseName, spec.ca !== undefined)
  }
  for (const spec of kubeconfigSpecs.filter(({ file }) => files.has(file))) {
    const there = new X509Certificate(Buffer.from(userOf(files, spec.file)['client-certificate-data'] ?? '', 'base64'))
    const notAfter = new Date(there.validToDate)
    expect(Math.abs(notAfter.getTime() - start.getTime() - config.cluster.certificateValidityPeriod)).toBeLessThanOrEqual(20_000)
    expect(Buffer.from(clusterOf(files, spec.file)['certificate-authority-data'] ?? '', 'base64').toString()).toBe(
      files.get('pki/ca.crt')?.content,
    )
    const fields = {
      subject: spec.subject(config),
      isCa: false,
      usages: ['client'] as const,
      altNames: noAltNames,
      notBefore: certificateAt(files, 'pki/ca').validFromDate,
      notAfter,
    }
    expectRebuilt(there, fields, files, 'ca', true)
  }
}

function expectRebuilt(
  there: X509Certificate,
  fields: Omit<CertificateFields, 'publicKey' | 'serialNumber'>,
  files: ReadonlyMap<string, FileState>,
  caBaseName: string,
  isLeaf: boolean,
): void {
  const ca = certificateAt(files, `pki/${caBaseName}`)
  const key = parsePrivateKey(files.get(`pki/${caBaseName}.key`)?.content ?? '')
  if (key === undefined) throw new Error(`no key ${caBaseName}`)
  const built = signedCertificate(
    { ...fields, publicKey: there.publicKey, serialNumber: BigInt(`0x${there.serialNumber}`) },
    isLeaf ? { key, certificate: ca.raw } : { key },
  )
  // An ECDSA signature is never the same twice; what it is over, and how it is made, is.
  if (key.asymmetricKeyType === 'rsa') expect(built).toEqual(there.raw)
  else expect(unsigned(built)).toEqual(unsigned(there.raw))
  expect(there.verify(ca.publicKey)).toBe(true)
}

function unsigned(der: Buffer): readonly string[] {
  return itemsOf(fromDer(der))
    .slice(0, 2)
    .map((item) => toDer(item).toString('hex'))
}

/** Mode and kind of each file; of keys the PEM type and size. */
function shapes(files: ReadonlyMap<string, FileState>): Readonly<Record<string, unknown>> {
  const shape = ([path, { mode, content }]: readonly [string, FileState]): readonly [string, unknown] => {
    const blocks = Array.from(content.matchAll(/^-----BEGIN (.*)-----$/gm), ([, type]) => type)
    const key = path.endsWith('.key') ? parsePrivateKey(content) : undefined
    return [path, { mode, blocks, key: key?.asymmetricKeyType, details: key?.asymmetricKeyDetails }]
  }
  return Object.fromEntries([...files].toSorted().map(shape))
}

function kubeconfigShapes(files: ReadonlyMap<string, FileState>): readonly unknown[] {
  return kubeconfigSpecs
    .filter(({ file }) => files.has(file))
    .map(({ file }) => {
      const content = files.get(file)?.content ?? ''
      const masked = content.replaceAll(/(-data: )\S+/g, '$1...')
      return [file, masked, Object.keys(parseYaml(content) as object)]
    })
}

function certificateAt(files: ReadonlyMap<string, FileState>, base: string): X509Certificate {
  return new X509Certificate(files.get(`${base}.crt`)?.content ?? '')
}

interface KubeconfigDocument {
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[]
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[]
}

function userOf(files: ReadonlyMap<string, FileState>, file: string): Readonly<Record<string, string>> {
  return documentOf(files, file).users[0]?.user ?? {}
}

function clusterOf(files: ReadonlyMap<string, FileState>, file: string): Readonly<Record<string, string>> {
  return documentOf(files, file).clusters[0]?.cluster ?? {}
}

function documentOf(files: ReadonlyMap<string, FileState>, file: string): KubeconfigDocument {
  return parseYaml(files.get(file)?.content ?? '') as KubeconfigDocument
}

/** Names, addresses, periods that no test has seen before. */
function randomConfig(root: string, encryptionAlgorithm: EncryptionAlgorithm): InitConfig {
  const word = (): string => `x${randomBytes(3).toString('hex')}`
  const v4 = (): string => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`
  const v6 = (): string => `fd00:${randomBytes(2).toString('hex')}:0:0::${randomBytes(2).toString('hex')}`
  const isDual = randomInt(2) === 0
  const day = 24 * 3_600_000
  return configIn(root, {
    nodeRegistration: { name: word() },
    init: { localAPIEndpoint: { advertiseAddress: isDual ? v4() : 'fd00:0:0::12', bindPort: randomInt(1024, 65_536) } },
    cluster: {
      encryptionAlgorithm,
      clusterName: word(),
      ...(randomInt(3) > 0 && { controlPlaneEndpoint: [`${word()}.example:8443`, `${v4()}:6443`, '[fd00::77]:7443'][randomInt(3)] ?? '' }),
      networking: {
        serviceSubnet: isDual ? `${nthAddress('10.96.0.0/12', randomInt(100_000))}/20,fd00:10::/112` : 'fd00:10:96::/112',
        dnsDomain: `${word()}.local`,
      },
      apiServer: {
        extraArgs: [],
        extraVolumes: [],
        extraEnvs: [],
        certSANs: [`*.${word()}.example`, v6(), v4(), word(), 'kubernetes', '127.0.0.1', '::ffff:10.1.2.3'],
      },
      etcd: {
        kind: 'local',
        dataDir: '/var/lib/etcd',
        extraArgs: [],
        extraEnvs: [],
        serverCertSANs: [v4(), word()],
        peerCertSANs: [v6(), 'localhost', '::1'],
      },
      certificateValidityPeriod: randomInt(2, 900) * day,
      // Past 2049, where the way that times are written changes, every other time.
      caCertificateValidityPeriod: [randomInt(1000, 3000) * day, randomInt(9000, 20_000) * day][randomInt(2)] ?? day,
    },
  })
}
