/** `kadm certs` beside `kubeadm certs`: on the same files they say the same, end with the same code and leave the same. */
import { describe, expect, test } from 'vitest'
import { fromDer, itemsOf, toDer, type DerNode } from '../../src/pki/der.ts'
import { pemBlocks } from '../../src/pki/pem.ts'
import { treeMeaning } from '../interop/difference/meaning.ts'
import { runKadm, type Ended } from '../support/command-line.ts'
import { runJailed, type TreeEntry } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'
import { changedIn, configFile, configText, fast, madeByKubeadm } from './certs-jail.ts'
import { states, type HostFiles, type State } from './certs-states.ts'

describe.concurrent('the same as kubeadm', () => {
  test.for(states)('$name', { timeout: 120_000 }, async (state, context) => {
    const { change = (files) => files, renew = 'all', words = [] } = state
    const files = await change(await madeByKubeadm(context))
    const all = [...words, ...(state.config === 'none' ? [] : ['--config', configFile])]
    const commands = [
      ['check-expiration', ...all],
      ['check-expiration', ...all, '-o', 'json'],
      ['renew', renew, ...all],
    ]
    const [theirs, ours] = await Promise.all([
      run(realBinary(context, 'kubeadm'), commands, state, files),
      run('kadm', commands, state, files),
    ])

    expect(codes(ours), ours.results.map(({ stderr }) => stderr).join('\n')).toEqual(codes(theirs))
    expect(codes(theirs)).toHaveLength(3)
    expect(said(ours).slice(0, 2)).toEqual(said(theirs).slice(0, 2))
    if (codes(theirs)[2] === 0) {
      expect(said(ours)[2]).toBe(said(theirs)[2])
      expectSameFiles(ours, theirs, files)
    } else {
      // kubeadm may have renewed those before the one that it stumbled over.
      expect(changedIn(ours.tree, files)).toEqual([])
      expect(ours.results[2]?.stderr).toMatch(/^error: .+ \[[A-Z_]+\]$/m)
      expect(ours.results[2]?.stderr).toMatch(/^try: /m)
    }
  })
})

function expectSameFiles(ours: Ran, theirs: Ran, before: HostFiles): void {
  expect(changedIn(ours.tree, before)).toEqual(changedIn(theirs.tree, before))
  const [their, our] = [treeMeaning(theirs.tree), treeMeaning(ours.tree)]
  expect(our.files).toEqual(their.files)
  expect([...our.validities.keys()].toSorted()).toEqual([...their.validities.keys()].toSorted())
  expect(their.validities.size > 0).toBe(Object.keys(before).length > 0)
  for (const [path, { lifetime, afterCa }] of their.validities) {
    const own = our.validities.get(path) ?? { lifetime: Number.NaN, afterCa: Number.NaN }
    expect(Math.abs(own.lifetime - lifetime), `lifetime of ${path}`).toBeLessThanOrEqual(2)
    expect(Math.abs(own.afterCa - afterCa), `beginning of ${path}`).toBeLessThanOrEqual(60)
  }
}

function codes({ results }: Ran): readonly number[] {
  return results.map(({ exitCode }) => exitCode)
}

/** On stdout, in kadm's words. */
function said({ results }: Ran): readonly string[] {
  return results.map(({ stdout }) => stdout.replace("'kubeadm init", "'kadm init").replaceAll(/(residualTime"?: )-?\d+/g, '$1N'))
}

const forms: readonly (readonly string[])[] = [
  ['check-expiration', '-o', 'yaml'],
  ['check-expiration', '-o', 'kyaml'],
  ['check-expiration', '-oJSON'],
  ['check-expiration', '-o', 'xml'],
  ['check-expiration', 'admin.conf'],
  ['renew'],
  ['renew', 'foo'],
  ['renew', 'kubelet.conf'],
  ['renew', 'ca'],
  ['renew', 'apiserver', 'scheduler.conf'],
  ['certificate-key', 'x'],
  ['generate-csr', 'x'],
  [],
]

test('forms of output and words: the same output and the same code', { timeout: 60_000 }, async (context) => {
  const files = await madeByKubeadm(context)
  const withConfig = forms.map((words) => (words[0] === 'check-expiration' ? [...words, '--config', configFile] : words))
  const [theirs, ours] = await Promise.all([
    run(realBinary(context, 'kubeadm'), withConfig, { name: '' }, files),
    run('kadm', withConfig, { name: '' }, files),
  ])
  expect(codes(ours)).toEqual(codes(theirs))
  expect(said(ours).slice(0, 4)).toEqual(said(theirs).slice(0, 4))
  expect(changedIn(ours.tree, files)).toEqual([])
})

test('certificate-key prints 32 random bytes, also by the other name of the command', { timeout: 60_000 }, async () => {
  const keys = await Promise.all(['certs', 'certificates'].map((name) => runKadm(name, 'certificate-key')))
  for (const { exitCode, stdout } of keys) expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}\n$/)])
  expect(keys[0]?.stdout).not.toBe(keys[1]?.stdout)
})

const requestStates: readonly (State & { readonly before?: HostFiles })[] = [
  {
    name: 'fresh',
    config: {
      ...fast,
      controlPlaneEndpoint: 'shared.example:7443',
      clusterName: 'blue',
      apiServer: { certSANs: ['*.some.example', '10.1.2.3', 'fd00::3'] },
    },
  },
  { name: 'no shared endpoint', config: { encryptionAlgorithm: 'ECDSA-P384' } },
  {
    name: 'external etcd',
    config: { ...fast, etcd: { external: { endpoints: ['https://192.168.77.20:2379'], caFile: '/a', certFile: '/b', keyFile: '/c' } } },
  },
  { name: 'other folders', config: fast, words: ['--cert-dir', '/etc/kubernetes/a', '--kubeconfig-dir', '/etc/kubernetes/b'] },
  { name: 'a request is there', config: fast, before: { '/etc/kubernetes/pki/etcd/peer.csr': { content: 'x', mode: 0o600 } } },
  { name: 'a kubeconfig is there', config: fast, before: { '/etc/kubernetes/scheduler.conf': { content: 'x', mode: 0o600 } } },
]

test.for(requestStates)('generate-csr, $name: the same files', { timeout: 60_000 }, async (state, context) => {
  const commands = [['generate-csr', '--config', configFile, ...(state.words ?? [])]]
  const before = state.before ?? {}
  const [theirs, ours] = await Promise.all([
    run(realBinary(context, 'kubeadm'), commands, state, before),
    run('kadm', commands, state, before),
  ])
  expect(codes(ours)).toEqual(codes(theirs))
  if (codes(theirs)[0] === 0) {
    expect(ours.results[0]?.stdout.split('\n').toSorted()).toEqual(theirs.results[0]?.stdout.split('\n').toSorted()) // kubeadm's order is random
    expect(requestMeaning(ours.tree)).toEqual(requestMeaning(theirs.tree))
    expect(Object.keys(requestMeaning(ours.tree)).filter((path) => path.endsWith('.csr'))).toHaveLength(12)
  } else {
    expect(changedIn(ours.tree, before)).toEqual([])
    expect(ours.results[0]?.stderr).toContain('[FILE_EXISTS]')
  }
})

/** Of requests the names asked for, of the rest all but keys. */
function requestMeaning(tree: Ran['tree']): Readonly<Record<string, unknown>> {
  const { files } = treeMeaning(new Map([...tree].filter(([path]) => !path.endsWith('.csr'))))
  const requests = [...tree]
    .filter(([path]) => path.endsWith('.csr'))
    .map(([path, { content, mode }]) => {
      const [, subject, key, attributes] = itemsOf(itemsOf(fromDer(pemBlocks(String(content))[0]?.der ?? Buffer.of()))[0])
      return [path, { mode, subject: hexOf(subject), kind: hexOf(itemsOf(key)[0]), attributes: hexOf(attributes) }]
    })
  return { ...files, ...Object.fromEntries(requests) }
}

function hexOf(node: DerNode | undefined): string {
  return node === undefined ? '' : toDer(node).toString('hex')
}

interface Ran {
  readonly results: readonly Ended[]
  /** Of /etc/kubernetes. */
  readonly tree: ReadonlyMap<string, TreeEntry>
}

async function run(program: string, commands: readonly (readonly string[])[], { config = fast }: State, files: HostFiles): Promise<Ran> {
  const { results, tree } = await runJailed(
    commands.map((words) => [program, 'certs', ...words]),
    { files: { ...files, ...(config !== 'none' && { [configFile]: configText(config) }) }, keepGoing: true },
  )
  return { results, tree: new Map([...tree].filter(([path]) => path.startsWith('/etc/kubernetes'))) }
}
