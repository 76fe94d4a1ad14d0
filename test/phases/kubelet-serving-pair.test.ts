/** A pair that a kubelet could not finish: removed, and never one that is whole, somebody else's, or just being written. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { paths } from '../../src/config/paths.ts'
import { servingPairMender } from '../../src/phases/components/kubelet-serving-pair.ts'
import type { JsonObject } from '../../src/json.ts'
import type { Argv } from '../../src/host/host.ts'
import { runProgram } from '../support/command-line.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

type Pair = Readonly<Record<string, string>>

async function wholePair(): Promise<{ readonly certificate: string; readonly key: string }> {
  // Neither RSA nor ECDSA, which kadm itself never makes.
  const key = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const file = path.join(await temporaryDirectory(), 'key')
  await writeFile(file, key, { mode: 0o600 })
  const { stdout } = await runProgram('openssl', ['req', '-x509', '-key', file, '-subj', '/CN=node1', '-days', '1'])
  return { certificate: stdout, key }
}

interface Meanwhile {
  /** Files that are written after each look. */
  readonly between?: Pair
  readonly kubelet?: JsonObject
}

/** Asks as time goes by; what is left, and the answers. */
async function looks(
  times: readonly number[],
  files: Pair,
  { between = {}, kubelet = {} }: Meanwhile = {},
): Promise<readonly [readonly string[], readonly boolean[]]> {
  const root = await temporaryDirectory()
  const folder = path.join(root, paths.kubeletPki)
  const put = async (pair: Pair): Promise<void> => {
    for (const [name, text] of Object.entries(pair)) await writeFile(path.join(folder, name), text)
  }
  await mkdir(folder, { recursive: true })
  await put({ 'kubelet-client-current.pem': 'of no interest', ...files })
  let now = 0
  const host = rootedHost(root)
  const inside = (argv: Argv): Argv => [argv[0], ...argv.slice(1).map((word) => (word.startsWith('/') ? path.join(root, word) : word))]
  const commands = { query: (argv: Argv) => host.query(inside(argv)), run: (argv: Argv) => host.run(inside(argv)) }
  const mend = servingPairMender({ ...host, ...commands }, { document: kubelet }, () => now)
  const answers: boolean[] = []
  for (const time of times) {
    now = time
    answers.push(await mend())
    await put(between)
  }
  return [(await readdir(folder)).toSorted(), answers]
}

const client = 'kubelet-client-current.pem'

test('what stays unfinished is removed at the second look, two seconds after the first', async () => {
  const { certificate, key } = await wholePair()
  for (const files of [
    { 'kubelet.crt': '', 'kubelet.key': '' },
    { 'kubelet.crt': certificate },
    { 'kubelet.key': key },
    { 'kubelet.crt': certificate, 'kubelet.key': key.slice(0, 60) },
    { 'kubelet.crt': certificate.slice(0, 200), 'kubelet.key': key },
  ])
    expect(await looks([0, 20, 1999, 2000, 4000], files)).toEqual([[client], [false, false, false, true, false]])
})

test('what is whole, is not there, or changes meanwhile stays', async () => {
  const { certificate, key } = await wholePair()
  const whole = { 'kubelet.crt': certificate, 'kubelet.key': key }
  const both = [client, 'kubelet.crt', 'kubelet.key']
  expect(await looks([0, 2000, 4000], whole)).toEqual([both, [false, false, false]])
  expect(await looks([0, 2000], {})).toEqual([[client], [false, false]])
  expect(await looks([0, 2000], { 'kubelet.crt': certificate }, { between: whole })).toEqual([both, [false, false]])
})

test("a certificate that is not the kubelet's own is none of its unfinished ones", async () => {
  const { certificate } = await wholePair()
  for (const kubelet of [{ tlsCertFile: '/var/lib/kubelet/pki/kubelet.crt' }, { serverTLSBootstrap: true }])
    expect(await looks([0, 2000], { 'kubelet.crt': certificate }, { kubelet })).toEqual([
      [client, 'kubelet.crt'],
      [false, false],
    ])
})
