/** The certificates of a control plane that joins: kubeadm and kadm get the same files and the same cluster, and must agree. */
import { X509Certificate } from 'node:crypto'
import { expect, test, type TestContext } from 'vitest'
import type { InitConfig } from '../../src/config/model.ts'
import { localHost } from '../../src/host/local-host.ts'
import { certificateKey } from '../../src/pki/certificate-key.ts'
import { checkSharedCertificates } from '../../src/pki/check-shared-certificates.ts'
import { downloadSharedCertificates } from '../../src/pki/download-shared-certificates.ts'
import { countJoiningKeys, ensureJoiningCertificates, ensureJoiningKubeconfigs } from '../../src/pki/joining-control-plane.ts'
import { keySupply } from '../../src/pki/key-supply.ts'
import { sharedControlPlane, type ControlPlane } from '../support/control-plane.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, putFiles, runCerts, runKubeconfigs, type FileState } from './kadm-pki.ts'
import { fillCluster, kubeadmJoin } from '../support/kubeadm-join.ts'

type Files = Map<string, FileState>

const controlPlane = sharedControlPlane()
let filled: Promise<Scene> | undefined

interface Scene {
  readonly plane: ControlPlane
  readonly key: string
  /** Of a whole control plane `node1`, with its kubeconfigs. */
  readonly all: ReadonlyMap<string, FileState>
  /** Of the CAs and the service account. */
  readonly shared: ReadonlyMap<string, FileState>
}

/** One cluster for all tests: kubeadm fills it with the files of the first control plane. */
async function scene(context: TestContext): Promise<Scene> {
  const plane = await controlPlane(context)
  filled ??= (async () => {
    const key = certificateKey()
    const root = await temporaryDirectory()
    const config = joining(root, plane)
    await runCerts(config)
    await runKubeconfigs(config)
    const all = await filesIn(root)
    const shared = new Map([...all].filter(([name]) => /^pki\/(etcd\/|front-proxy-)?(ca|sa)\./.test(name)))
    await fillCluster(context, plane, { files: shared, key })
    return { plane, key, all, shared }
  })()
  return await filled
}

test('from the shared CAs both make the same certificates and kubeconfigs, and say the same', async (context) => {
  const { plane, shared } = await scene(context)
  expect([...shared.keys()]).toHaveLength(8)
  const certs = await kubeadmJoin(context, plane, { phase: 'control-plane-prepare certs', files: shared })
  const kubeconfigs = await kubeadmJoin(context, plane, { phase: 'control-plane-prepare kubeconfig', files: shared })
  const root = await temporaryDirectory()
  await putFiles(root, shared)
  expect(await countJoiningKeys(localHost(), joining(root, plane), root)).toBe(10)
  const lines = await runJoin(root, plane)

  const kadm = await filesIn(root)
  const kubeadm = new Map([...certs.files, ...kubeconfigs.files])
  expect([...kadm.keys()].toSorted()).toEqual([...kubeadm.keys()].toSorted())
  for (const [name, file] of kubeadm) expect([name, meaningOf(kadm.get(name))]).toEqual([name, meaningOf(file)])
  const said = [...linesOf(certs.output, 'certs').slice(1), ...linesOf(kubeconfigs.output, 'kubeconfig').slice(2)]
  expect(lines.toSorted()).toEqual(said.map((line) => line.replace('/etc/kubernetes', root)).toSorted())
  expect(await countJoiningKeys(localHost(), joining(root, plane), root)).toBe(0)
})

interface Case {
  readonly change: (files: Files, other: ReadonlyMap<string, FileState>) => void
  /** What both do; where kubeadm fails, kadm's error. */
  readonly expected: 'kept' | 'made' | RegExp
}

const cases: Readonly<Record<string, Case>> = {
  'all is there: a run that is repeated': { change: () => undefined, expected: 'kept' },
  'one pair is not there': { change: lose('pki/etcd/peer.crt', 'pki/etcd/peer.key'), expected: 'made' },
  "another node's API server certificate": {
    change: (files, other) => ['crt', 'key'].forEach((end) => files.set(`pki/apiserver.${end}`, fileOf(other, `pki/apiserver.${end}`))),
    expected: /the apiserver certificate .*apiserver\.crt" is not valid for node1, 192\.168\.77\.10/,
  },
  "another node's etcd certificate": {
    change: (files, other) => ['crt', 'key'].forEach((end) => files.set(`pki/etcd/peer.${end}`, fileOf(other, `pki/etcd/peer.${end}`))),
    expected: /the etcd-peer certificate .*peer\.crt" is not valid for node1, 192\.168\.77\.10/,
  },
  'a key is lost': { change: lose('pki/front-proxy-client.key'), expected: /front-proxy-client\.key" is not there/ },
  'a key cannot be read': {
    change: (files) => files.set('pki/etcd/server.key', { mode: 0o600, content: 'no key' }),
    expected: /etcd\/server\.key" cannot be used/,
  },
  'a certificate is lost': { change: lose('pki/apiserver.crt'), expected: /apiserver\.key" is there without its certificate/ },
  'signed by another CA': {
    change: (files) => files.set('pki/front-proxy-client.crt', fileOf(files, 'pki/apiserver-etcd-client.crt')),
    expected: /front-proxy-client\.crt" cannot be used with CA certificate .* has not signed it/,
  },
  'ca.key is kept elsewhere, all signed': { change: lose('pki/ca.key'), expected: 'kept' },
  'etcd/ca.key is kept elsewhere, all signed': { change: lose('pki/etcd/ca.key'), expected: 'kept' },
  'ca.key is kept elsewhere, a leaf is not there': {
    change: lose('pki/ca.key', 'pki/apiserver.crt', 'pki/apiserver.key'),
    expected: /apiserver\.key" is not there\n.*apiserver\.crt" is not there/,
  },
  'front-proxy-ca.key is kept elsewhere, its client is not there': {
    change: lose('pki/front-proxy-ca.key', 'pki/front-proxy-client.crt', 'pki/front-proxy-client.key'),
    expected: /front-proxy-client\.crt" is not there/,
  },
}

test.for(Object.entries(cases))('%s: kubeadm and kadm agree', async ([, { change, expected }], context) => {
  const { plane, all, shared } = await scene(context)
  const files = new Map([...all].filter(([name]) => name.startsWith('pki/')))
  change(files, await filesOfAnother(plane, shared))
  const root = await temporaryDirectory()
  await putFiles(root, files)

  const theirs = await kubeadmJoin(context, plane, { phase: 'control-plane-prepare certs', files })
  const ours: unknown = await runJoin(root, plane, { kubeconfigs: false }).catch((error: unknown) => error)

  if (expected instanceof RegExp) {
    expect(theirs.exitCode, theirs.output).toBe(1)
    expect(ours).toMatchObject({ code: expect.stringMatching(/^(CERTIFICATE_INVALID|EXTERNAL_CA_INCOMPLETE)$/), remedy: expect.any(Array) })
    expect(fullText(ours)).toMatch(expected)
    for (const [name, file] of files) expect([name, (await filesIn(root)).get(name)]).toEqual([name, file])
    return
  }
  expect(theirs.exitCode, theirs.output).toBe(0)
  const [made, wanted] = [await filesIn(root), theirs.files]
  expect([...made.keys()].toSorted()).toEqual([...wanted.keys()].toSorted())
  for (const [name, file] of made) expect([name, meaningOf(file)]).toEqual([name, meaningOf(wanted.get(name))])
  if (expected === 'kept') expect(made).toEqual(files)
  if (!files.has('pki/ca.key') || !files.has('pki/etcd/ca.key')) return
  expect((ours as readonly string[]).toSorted()).toEqual(
    linesOf(theirs.output, 'certs')
      .slice(1)
      .map((line) => line.replace('/etc/kubernetes', root))
      .toSorted(),
  )
})

test('with an external CA the kubeconfigs must be there and trust it; kubeadm does not look', async (context) => {
  const { plane, all } = await scene(context)
  const files = new Map([...all].filter(([name]) => name !== 'pki/ca.key' && name !== 'scheduler.conf'))
  const root = await temporaryDirectory()
  await putFiles(root, files)
  const theirs = await kubeadmJoin(context, plane, { phase: 'control-plane-prepare kubeconfig', files })
  expect(theirs.exitCode).toBe(0)
  await expect(runJoin(root, plane)).rejects.toMatchObject({
    code: 'EXTERNAL_CA_INCOMPLETE',
    details: [`"${root}/scheduler.conf" is not there`],
  })
  await putFiles(root, new Map([...files, ['scheduler.conf', fileOf(all, 'scheduler.conf')]]))
  expect(await runJoin(root, plane)).toEqual(expect.arrayContaining(linesOf(theirs.output, 'kubeconfig').slice(2)))
})

test('everything that is missing from what control planes share is told at once', async () => {
  const root = await temporaryDirectory()
  const config = configIn(root)
  const warnings: string[] = []
  const check = () => checkSharedCertificates({ config, host: localHost(), warn: (line) => warnings.push(line) })
  await expect(check()).rejects.toMatchObject({
    code: 'CERTIFICATE_INVALID',
    details: ['ca.crt', 'front-proxy-ca.crt', 'etcd/ca.crt', 'sa.key', 'sa.pub'].map((name) => `"${root}/pki/${name}" is not there`),
    remedy: [expect.stringContaining('upload-certs --upload-certs'), expect.stringContaining(`into "${root}/pki"`)],
  })
  // None is made in their place, as kubeadm does.
  const keys = keySupply('ECDSA-P256', 0)
  await expect(
    ensureJoiningCertificates({ config, host: localHost(), keys, start: new Date(), say: () => {}, warn: () => {} }),
  ).rejects.toThrow(/5 problems/)
  expect(await filesIn(root)).toEqual(new Map())

  await runCerts(config)
  await check()
  const files = await filesIn(root)
  const lost = new Map([...files].filter(([name]) => name !== 'pki/ca.key'))
  lost.set('pki/front-proxy-ca.key', fileOf(files, 'pki/etcd/ca.key'))
  lost.set('pki/sa.pub', fileOf(files, 'pki/etcd/ca.crt'))
  await putFiles(root, lost)
  await expect(check()).rejects.toMatchObject({
    details: [expect.stringMatching(/front-proxy-ca\.key" does not belong to/), expect.stringMatching(/sa\.pub" does not belong to/)],
  })
  expect(warnings).toEqual([expect.stringMatching(/ca\.key" is not there: what this CA signs must be on this host already/)])
})

test('the Secret that kubeadm uploaded is downloaded as kubeadm does; one that is not there comes with what to do', async (context) => {
  const { plane, key, shared } = await scene(context)
  const theirs = await kubeadmJoin(context, plane, { phase: 'control-plane-prepare download-certs', files: new Map(), key })
  const root = await temporaryDirectory()
  const cluster = plane.connect('super-admin')
  const lines: string[] = []
  const options = { config: joining(root, plane), host: localHost(), key, timeout: 10_000, say: (line: string) => void lines.push(line) }
  await downloadSharedCertificates(cluster, options)

  expect(await filesIn(root)).toEqual(theirs.files)
  for (const [name, { content }] of shared) expect(theirs.files.get(name)?.content).toBe(content)
  expect(lines).toEqual(linesOf(theirs.output, 'download-certs').map((line) => line.replace('/etc/kubernetes', root)))

  const notUploaded = { code: 'CERTIFICATE_INVALID', remedy: [expect.stringContaining('within two hours'), expect.any(String)] }
  await expect(downloadSharedCertificates({ get: async () => undefined }, options)).rejects.toMatchObject(notUploaded)
  await expect(downloadSharedCertificates(plane.connect('anonymous'), options)).rejects.toMatchObject(notUploaded)
  await expect(downloadSharedCertificates(cluster, { ...options, key: certificateKey() })).rejects.toThrow(/certificate key does not open/)
})

/** With the cluster's endpoint. */
function joining(root: string, plane: ControlPlane, name = 'node1', address = '192.168.77.10'): InitConfig {
  return configIn(root, {
    cluster: { controlPlaneEndpoint: new URL(plane.server).host },
    nodeRegistration: { name },
    init: { localAPIEndpoint: { advertiseAddress: address, bindPort: 6443 } },
  })
}

/** What kadm said. */
async function runJoin(root: string, plane: ControlPlane, { kubeconfigs = true } = {}): Promise<readonly string[]> {
  const lines: string[] = []
  const config = joining(root, plane)
  const options = {
    config,
    host: localHost(),
    keys: keySupply('ECDSA-P256', 0),
    start: new Date(),
    say: (line: string) => void lines.push(line),
    warn: () => undefined,
  }
  await ensureJoiningCertificates(options)
  if (kubeconfigs) await ensureJoiningKubeconfigs({ ...options, directory: root })
  return lines
}

async function filesOfAnother(plane: ControlPlane, shared: ReadonlyMap<string, FileState>): Promise<ReadonlyMap<string, FileState>> {
  const root = await temporaryDirectory()
  await putFiles(root, shared)
  await runCerts(joining(root, plane, 'node2', '192.168.77.20'))
  return await filesIn(root)
}

function meaningOf(file: FileState | undefined): unknown {
  if (file === undefined) return undefined
  const { mode, content } = file
  if (content.includes('PRIVATE KEY')) return { mode, kind: /BEGIN ([A-Z ]+)/.exec(content)?.[1] }
  if (content.startsWith('apiVersion')) return { mode, text: content.replace(/(client-(?:certificate|key)-data): .*/g, '$1') }
  if (!content.includes('BEGIN CERTIFICATE')) return { mode, content }
  const { subject, issuer, subjectAltName, keyUsage, ca } = new X509Certificate(content)
  return { mode, subject, issuer, subjectAltName, keyUsage, ca }
}

function linesOf(output: string, phase: string): readonly string[] {
  const prefix = `[${phase}] `
  return output.split('\n').flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []))
}

function fullText(error: unknown): string {
  const details: unknown = typeof error === 'object' && error !== null && 'details' in error ? error.details : []
  return [error instanceof Error ? error.message : String(error), ...(Array.isArray(details) ? details.map(String) : [])].join('\n')
}

function lose(...names: readonly string[]): Case['change'] {
  return (files) => names.forEach((name) => files.delete(name))
}

function fileOf(files: ReadonlyMap<string, FileState>, name: string): FileState {
  const file = files.get(name)
  if (file === undefined) throw new Error(`there is no ${name}`)
  return file
}
