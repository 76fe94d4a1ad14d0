/**
 * What each tool makes of files that are there already. The tools get the same bytes; they must agree on the outcome and leave the same
 * files.
 */
import { execFile } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test, type TestContext } from 'vitest'
import type { InitConfig } from '../../src/config/model.ts'
import { KadmError } from '../../src/errors.ts'
import { localHost } from '../../src/host/local-host.ts'
import { loadCertificateAuthority } from '../../src/pki/certificate-authority.ts'
import { selfSignedCa } from '../../src/pki/issue.ts'
import type { ConfigOverrides } from '../support/init-config.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, putFiles, runCerts, runKubeconfigs, type FileState, type PhaseOptions, type PhaseOutput } from './kadm-pki.ts'
import { runKubeadm } from './kubeadm-pki.ts'

type Files = Map<string, FileState>

interface Case {
  readonly change: (files: Files) => void | Promise<void>
  readonly config?: ConfigOverrides
  /** Of the run that made the files. */
  readonly madeWith?: ConfigOverrides
  /** What both do; where kubeadm fails, kadm's error. */
  readonly expected: 'kept' | 'made' | RegExp
  /** Something in the files that must come out the same from both. */
  readonly same?: (files: ReadonlyMap<string, FileState>) => unknown
  /** kadm's warnings; none when not said. */
  readonly warnings?: readonly RegExp[]
}

const external: ConfigOverrides = {
  cluster: {
    etcd: {
      kind: 'external',
      endpoints: ['https://10.0.0.5:2379'],
      httpEndpoints: [],
      caFile: '/e/ca.crt',
      certFile: '/e/c.crt',
      keyFile: '/e/c.key',
    },
  },
}
const shortLived: ConfigOverrides = { cluster: { certificateValidityPeriod: 48 * 3_600_000, caCertificateValidityPeriod: 24 * 3_600_000 } }
const extraSan: ConfigOverrides = {
  cluster: { apiServer: { extraArgs: [], extraVolumes: [], extraEnvs: [], certSANs: ['foo.example', '10.9.9.9'] } },
}

const certCases: Readonly<Record<string, Case>> = {
  'all there (E2)': { change: () => undefined, expected: 'kept' },
  'apiserver certificate lacks names that the configuration has gained (E6)': {
    change: () => undefined,
    config: extraSan,
    expected: 'kept',
    warnings: [/apiserver\.crt" is not valid for foo\.example, 10\.9\.9\.9/],
  },
  'apiserver.crt is lost (E8)': { change: lose('pki/apiserver.crt'), expected: /key ".*apiserver\.key" is there without its certificate/ },
  'ca.crt is lost': { change: lose('pki/ca.crt'), expected: /key ".*ca\.key" is there without its certificate/ },
  'apiserver.key is lost': { change: lose('pki/apiserver.key'), expected: 'kept', warnings: [/apiserver\.key" is not there/] },
  "apiserver.key is another's": {
    change: copy('pki/front-proxy-client.key', 'pki/apiserver.key'),
    expected: 'kept',
    warnings: [/apiserver\.key" does not belong/],
  },
  'apiserver pair is lost': { change: lose('pki/apiserver.crt', 'pki/apiserver.key'), expected: 'made' },
  'apiserver.crt is no certificate': {
    change: put('pki/apiserver.crt', 'nothing\n'),
    expected: /apiserver\.crt" cannot be read: it holds no certificate/,
  },
  'a leaf of another CA': {
    change: copy('pki/front-proxy-client.crt', 'pki/apiserver.crt'),
    expected: /cannot be used with CA certificate ".*ca\.crt": the CA "kubernetes" has not signed it/,
  },
  'sa.pub is lost (E10)': { change: lose('pki/sa.pub'), expected: 'kept', warnings: [/sa\.pub" is not there/] },
  "sa.pub is another's (E10)": { change: foreignPublicKey, expected: 'kept', warnings: [/sa\.pub" belongs to another key/] },
  'sa.pub has the key before sa.key too': { change: furtherPublicKey, expected: 'kept' },
  'sa.key is lost (E10)': { change: lose('pki/sa.key'), expected: 'made' },
  'sa.key is no key': { change: put('pki/sa.key', 'nothing\n'), expected: /sa\.key" cannot be used/ },
  'ca.key is of another CA, no leaf is missing (E12)': {
    change: copy('pki/etcd/ca.key', 'pki/ca.key'),
    expected: 'kept',
    warnings: [/ca\.key" does not belong to certificate ".*ca\.crt"/],
  },
  'ca.key is of another CA, a leaf is missing (E12)': {
    change: all(copy('pki/etcd/ca.key', 'pki/ca.key'), lose('pki/apiserver.crt', 'pki/apiserver.key')),
    expected: /CA key ".*ca\.key" does not belong to certificate/,
    warnings: [/ca\.key" does not belong/],
  },
  'ca.crt is a bundle, own first; the leaf is lost (E14)': {
    change: all(bundle('pki/ca.crt', 'pki/etcd/ca.crt'), lose('pki/apiserver.crt', 'pki/apiserver.key')),
    expected: 'made',
  },
  'ca.crt is a bundle, own last (E14)': {
    change: swap('pki/ca.crt', 'pki/etcd/ca.crt'),
    expected: /has not signed it/,
    warnings: [/ca\.key" does not belong/],
  },
  'etcd is external (E20)': { change: dropEtcd, config: external, expected: 'kept' },
  'the CA ends before its leafs (E4)': {
    change: () => undefined,
    madeWith: shortLived,
    config: shortLived,
    expected: 'kept',
    warnings: [/ends at/, /ends at/, /ends at/],
  },
  'an expired leaf': { change: expireLeaf, expected: /apiserver\.crt" cannot be used with CA certificate .*: it has expired at/ },
  'an expired CA': { change: expireCa, expected: /its CA "kubernetes" has expired at/, warnings: [/ca\.crt" has expired/, /ends at/] },
  'a certificate that is no CA in its place': {
    change: all(
      copy('pki/front-proxy-client.crt', 'pki/front-proxy-ca.crt'),
      copy('pki/front-proxy-client.key', 'pki/front-proxy-ca.key'),
      lose('pki/front-proxy-client.crt', 'pki/front-proxy-client.key'),
    ),
    expected: /front-proxy-ca\.crt" is not a CA/,
    warnings: [/front-proxy-ca\.crt" is not a CA/],
  },
  'keys in PKCS#8': { change: toPkcs8('pki/ca.key', 'pki/sa.key', 'pki/apiserver.key'), expected: 'kept' },
  'CA key in PKCS#8, a leaf to be made': {
    change: all(toPkcs8('pki/ca.key'), lose('pki/apiserver.crt', 'pki/apiserver.key')),
    expected: 'made',
  },
  'an RSA CA above an ECDSA leaf': {
    change: lose('pki/apiserver.crt', 'pki/apiserver.key'),
    madeWith: { cluster: { encryptionAlgorithm: 'RSA-2048' } },
    expected: 'made',
  },
}

const kubeconfigCases: Readonly<Record<string, Case>> = {
  'all there': { change: () => undefined, expected: 'kept' },
  'one is lost': { change: lose('scheduler.conf'), expected: 'made' },
  'another CA since (F5)': {
    change: all(copy('pki/etcd/ca.crt', 'pki/ca.crt'), copy('pki/etcd/ca.key', 'pki/ca.key')),
    expected: /admin\.conf" is there already and does not trust the CA/,
  },
  'the CA is gone': { change: lose('pki/ca.crt', 'pki/ca.key'), expected: /CA certificate ".*ca\.crt" is not there/ },
  'another server': {
    change: edit('admin.conf', (text) => text.replace(/server: .*/, 'server: https://other:6443')),
    expected: 'kept',
    warnings: [/talks to "https:\/\/other:6443", not to "https:\/\/192\.168\.77\.10:6443"/],
  },
  'blank lines in the CA (F11)': {
    change: edit('admin.conf', (text) =>
      text.replace(/(certificate-authority-data: )(\S+)/, (_, key: string, data: string) => key + loosen(data)),
    ),
    expected: 'kept',
  },
  'a client certificate that is cut off': {
    change: edit('admin.conf', cutOff(400)),
    expected: 'kept',
    warnings: [/admin\.conf" has no client certificate that can be read/],
  },
  'a client certificate that is cut off within a group of four': { change: edit('admin.conf', cutOff(401)), expected: /admin\.conf/ },
  "another file's client key": {
    change: (files) =>
      edit('admin.conf', (text) =>
        text.replace(/(client-key-data: )\S+/, `$1${/client-key-data: (\S+)/.exec(files.get('scheduler.conf')?.content ?? '')?.[1] ?? ''}`),
      )(files),
    expected: 'kept',
    warnings: [/admin\.conf" has the client key of another certificate/],
  },
  'CA data that is no certificate': {
    change: edit('admin.conf', (text) => text.replace(/(certificate-authority-data: )\S+/, '$1bm90aGluZwo=')),
    expected: /has no CA certificate that can be read/,
  },
  'no YAML': { change: put('admin.conf', '{'), expected: /admin\.conf" is not YAML/ },
  empty: { change: put('admin.conf', ''), expected: /admin\.conf"/ },
  'no current context': {
    change: edit('admin.conf', (text) => text.replace(/current-context: .*/, 'current-context: ""')),
    expected: /admin\.conf" has no current-context/,
  },
  'a context that is not there': {
    change: edit('admin.conf', (text) => text.replace(/current-context: .*/, 'current-context: gone')),
    expected: /admin\.conf" has no context "gone"/,
  },
  'a cluster that is not there': {
    change: edit('admin.conf', (text) => text.replace('    cluster: kubernetes', '    cluster: gone')),
    expected: /admin\.conf" has no cluster "gone"/,
  },
  'a bundle in ca.crt, of which the first goes into what is made': {
    change: all(bundle('pki/ca.crt', 'pki/etcd/ca.crt'), lose('admin.conf')),
    expected: 'made',
    same: (files) => /certificate-authority-data: (\S+)/.exec(files.get('admin.conf')?.content ?? '')?.[1],
  },
}

describe('certs all', () => {
  test.for(Object.entries(certCases))('%s', async ([, kase], context) => compare(context, 'certs all', kase, runCerts))
})

describe('kubeconfig all', () => {
  test.for(Object.entries(kubeconfigCases))('%s', async ([, kase], context) => compare(context, 'kubeconfig all', kase, runKubeconfigs))
})

/** What depends on them in the cluster does not come back with new ones. */
test.each<readonly [string, (files: Files) => void, string]>([
  ['the certificate of the CA is lost', lose('pki/ca.crt'), "put the CA's certificate back"],
  ['the key of the CA is lost', lose('pki/ca.key'), "put the CA's key back"],
  ['the key of the CA is no key', put('pki/ca.key', 'no key'), "put the CA's key back"],
  ['the certificate of the CA of etcd is none', put('pki/etcd/ca.crt', 'none'), "put the CA's certificate back"],
  ['the key of the service accounts is none', put('pki/sa.key', 'no key'), 'put the key back'],
])('%s: the remedy is to put it back, never to take away what is left or to make another', async (_, change, remedy) => {
  const root = await temporaryDirectory()
  const given = new Map(await freshFiles({}))
  change(given)
  await putFiles(root, given)
  const config = configIn(root)
  const phases = runCerts(config, { only: (name) => name === 'sa' || name.endsWith('ca') })
  const signing = ['ca', 'etcd-ca'].map((name) => loadCertificateAuthority(localHost(), config, name))
  const errors = (await Promise.allSettled([phases, ...signing])).flatMap((result): readonly KadmError[] =>
    result.status === 'rejected' ? [result.reason] : [],
  )
  expect(errors).not.toEqual([])
  for (const error of errors) {
    expect(error.remedy[0]).toMatch(remedy)
    expect(error.remedy.join('\n')).not.toMatch(/\brm |\bmv |init phase/)
  }
})

test('where there is nothing of a CA, it may be the first', async () => {
  const config = configIn(await temporaryDirectory())
  await expect(loadCertificateAuthority(localHost(), config, 'ca')).rejects.toMatchObject({
    remedy: [expect.stringMatching(/^kadm init phase certs ca /), expect.stringMatching('^put the '), expect.stringMatching('^kubectl ')],
  })
})

async function compare(
  context: TestContext,
  phase: string,
  { change, config: overrides = {}, madeWith = {}, expected, same = () => undefined, warnings = [] }: Case,
  runKadm: (config: InitConfig, options: PhaseOptions) => Promise<PhaseOutput>,
): Promise<void> {
  const root = await temporaryDirectory()
  const given = new Map(await freshFiles(madeWith))
  await change(given)
  await putFiles(root, given)
  const config = configIn(root, overrides)

  const oracle = await runKubeadm(context, config, [phase], given)
  const output: PhaseOutput = { lines: [], warnings: [] }
  const caught: unknown = await runKadm(config, { output }).then(
    () => undefined,
    (error: unknown) => error,
  )
  const files = await filesIn(root)

  expect(oracle.exitCode).toBe(expected instanceof RegExp ? 1 : 0)
  if (expected instanceof RegExp) {
    expect(caught).toBeInstanceOf(KadmError)
    expect(String(caught)).toMatch(expected)
  } else {
    expect(caught).toBeUndefined()
    expect(output.lines.some((line) => /^(Generating|Writing)/.test(line))).toBe(expected === 'made')
  }
  expect(output.warnings).toEqual(warnings.map((pattern) => expect.stringMatching(pattern)))
  expect(same(files)).toEqual(same(oracle.files))
  expect([...files.keys()].toSorted()).toEqual([...oracle.files.keys()].toSorted())
  for (const [file, state] of given)
    if (oracle.files.get(file)?.content === state.content) expect([file, files.get(file)]).toEqual([file, state])
  for (const [file, { mode }] of oracle.files) expect([file, files.get(file)?.mode]).toEqual([file, mode])
}

const made = new Map<string, Promise<Files>>()

/** What init makes; once for each configuration, since no case changes it in place. */
function freshFiles(overrides: ConfigOverrides): Promise<Files> {
  const name = JSON.stringify(overrides)
  const files = made.get(name) ?? makeFiles(overrides)
  made.set(name, files)
  return files
}

async function makeFiles(overrides: ConfigOverrides): Promise<Files> {
  const root = await temporaryDirectory()
  await runCerts(configIn(root, overrides))
  await runKubeconfigs(configIn(root, overrides))
  return filesIn(root)
}

function all(...changes: readonly Case['change'][]): Case['change'] {
  return async (files) => {
    for (const change of changes) await change(files)
  }
}

function lose(...names: readonly string[]): (files: Files) => void {
  return (files) => names.forEach((name) => files.delete(name))
}

function put(name: string, content: string): (files: Files) => void {
  return edit(name, () => content)
}

/** The file ends after so many characters of the client's certificate in base64, of which four make three bytes. */
function cutOff(characters: number): (text: string) => string {
  return (text) => text.slice(0, text.search(/(?<=client-certificate-data: )/) + characters)
}

function edit(name: string, change: (text: string) => string): (files: Files) => void {
  return (files) => {
    const before = files.get(name) ?? { mode: 0o600, content: '' }
    const content = change(before.content)
    if (content === before.content) throw new Error(`nothing changed in ${name}`)
    files.set(name, { ...before, content })
  }
}

function copy(from: string, to: string): (files: Files) => void {
  return (files) => edit(to, () => files.get(from)?.content ?? '')(files)
}

function bundle(name: string, second: string): (files: Files) => void {
  return (files) => edit(name, (text) => text + (files.get(second)?.content ?? ''))(files)
}

function swap(name: string, first: string): (files: Files) => void {
  return (files) => edit(name, (text) => (files.get(first)?.content ?? '') + text)(files)
}

function foreignPublicKey(files: Files): void {
  edit('pki/sa.pub', () => publicKeyOfCa(files))(files)
}

function furtherPublicKey(files: Files): void {
  edit('pki/sa.pub', (own) => `${publicKeyOfCa(files)}${own}`)(files)
}

function publicKeyOfCa(files: Files): string {
  return String(createPublicKey(files.get('pki/ca.key')?.content ?? '').export({ type: 'spki', format: 'pem' }))
}

function dropEtcd(files: Files): void {
  for (const name of files.keys()) if (name.includes('etcd')) files.delete(name)
}

function toPkcs8(...names: readonly string[]): (files: Files) => Promise<void> {
  return async (files) => {
    for (const name of names) {
      const dir = await temporaryDirectory()
      await writeFile(path.join(dir, 'key'), files.get(name)?.content ?? '')
      const { stdout } = await promisify(execFile)('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', path.join(dir, 'key')])
      edit(name, () => stdout)(files)
    }
  }
}

/** An extra line of blanks in each PEM line's place, as editors leave them. */
function loosen(data: string): string {
  return Buffer.from(`\n\n${Buffer.from(data, 'base64').toString('utf8').replaceAll('\n', '\n\n')}\n`).toString('base64')
}

const day = 24 * 3_600_000

async function expireLeaf(files: Files): Promise<void> {
  const root = await temporaryDirectory()
  await putFiles(root, new Map([...files].filter(([name]) => !/pki\/apiserver\./.test(name))))
  const past = configIn(root, { cluster: { certificateValidityPeriod: day } })
  await runCerts(past, { start: new Date(Date.now() - 2 * day), only: (name) => name === 'apiserver' })
  for (const [name, state] of await filesIn(root)) files.set(name, state)
}

/** The same key, so that the leafs are still signed by it. */
function expireCa(files: Files): void {
  const key = createPrivateKey(files.get('pki/ca.key')?.content ?? '')
  edit('pki/ca.crt', () =>
    selfSignedCa({ commonName: 'kubernetes', key, notBefore: new Date(Date.now() - 3 * day), notAfter: new Date(Date.now() - day) }),
  )(files)
}
