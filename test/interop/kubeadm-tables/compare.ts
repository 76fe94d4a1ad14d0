/** A table of cases by the real kubeadm and by kadm, each tool in a jail of its own, and what is not the same. */
import path from 'node:path'
import { expect, type TestContext } from 'vitest'
import { dumpYaml, parseYamlDocuments } from '../../../src/config/yaml.ts'
import { wordsOf } from '../../../src/config/flag-problems.ts'
import { errorPaths } from '../../config/kubeadm-config.ts'
import { runJailed, type JailOptions, type TreeEntry } from '../../support/jail.ts'
import { realBinary } from '../../support/real-binary.ts'
import { treeMeaning } from '../difference/meaning.ts'
import { fixtures } from './fixtures.ts'
import type { TableResult } from './run-table.ts'
import type { TableCase } from './table-case.ts'

export interface Compared {
  /** Where the tools differ and should not, or the reverse. */
  readonly different: readonly unknown[]
  /** The real kubeadm's. */
  readonly exitCodes: readonly number[]
}

export async function compareCases(
  context: TestContext,
  cases: readonly TableCase[],
  jail: Pick<JailOptions, 'address'> = {},
): Promise<Compared> {
  const kubeadm = realBinary(context, 'kubeadm')
  const made = await fixtures()
  const filled = cases.map((one) => ({
    ...one,
    files: Object.fromEntries(
      Object.entries(one.files ?? {}).map(([file, text]) => [file, text.startsWith('@') ? fixtureOf(made, text.slice(1)) : text]),
    ),
  }))
  const [theirs, ours] = await Promise.all([resultsOf(filled, kubeadm, jail), resultsOf(filled, 'kadm', jail)])
  const different = cases.flatMap((one, index) => {
    const [their, our] = [theirs[index], ours[index]]
    if (their === undefined || our === undefined) throw new Error(`no result for ${one.name}`)
    const why = difference(one, their, our, index)
    if ((why === undefined) === (one.differs === undefined)) return []
    return [
      {
        from: one.from,
        name: one.name,
        why: why?.slice(0, 1000) ?? `said to differ: ${one.differs}`,
        kubeadm: their.stderr.slice(0, 300),
        kadm: our.stderr.slice(0, 300),
      },
    ]
  })
  return { different, exitCodes: theirs.map(({ exitCode }) => exitCode) }
}

function fixtureOf(made: Readonly<Record<string, string>>, name: string): string {
  const text = made[name]
  if (text === undefined) throw new Error(`there is no fixture "${name}"`)
  return text
}

/** Words for what is not the same; `undefined` when all is. */
function difference({ same }: TableCase, their: TableResult, our: TableResult, index: number): string | undefined {
  if (their.exitCode !== our.exitCode) return `exit code ${their.exitCode}, kadm ${our.exitCode}`
  if (our.exitCode !== 0 && !/^error: .*\[[A-Z_]+\]\n( {2}.*\n)*try: /m.test(our.stderr)) return `no remedy: ${our.stderr}`
  const [theirPaths, ourPaths] = [errorPaths(their.stderr), pathsOf(our.stderr)]
  const words = toldWords(our.stderr)
  if (words.length > 0) {
    const known = words.map((word) => pathsOfWord.get(word) ?? [])
    const areSame =
      theirPaths.every((at) => known.flat().includes(at)) && known.every((paths) => paths.some((at) => theirPaths.includes(at)))
    if (theirPaths.length > 0 && !areSame) return `fields ${theirPaths.join()}, kadm ${words.join()}`
  } else if (theirPaths.length > 0 && theirPaths.join() !== ourPaths.join()) return `fields ${theirPaths.join()}, kadm ${ourPaths.join()}`
  if (their.exitCode !== 0) return undefined
  if (same === 'output' && outputMeaning(their.stdout) !== outputMeaning(our.stdout)) return `printed ${their.stdout}\nkadm ${our.stdout}`
  if (same !== 'files') return undefined
  const [theirFiles, ourFiles] = [their, our].map(({ files, stdout }) =>
    JSON.stringify(treeMeaning(treeOf(files, stdout, index)).files, undefined, 1),
  )
  return theirFiles === ourFiles ? undefined : `files ${theirFiles}\nkadm ${ourFiles}`
}

/** `  a.b: text` of an error, or the one problem in its message. */
function pathsOf(stderr: string): readonly string[] {
  return [...new Set([...stderr.matchAll(/^(?:error: .* cannot work: | {2})(\S+): /gm)].map(([, at = '']) => at))].toSorted()
}

/** `--token` and `[api-server-endpoint]`: what was wrong in the words of a command line. */
function toldWords(stderr: string): readonly string[] {
  const message = /^error: .* \[CONFIG_INVALID\]\n/m.test(stderr)
  return message ? [...new Set([...stderr.matchAll(/^(?:error: | {2})(--[a-z-]+|\[[a-z-]+\])/gm)].map(([, word = '']) => word))] : []
}

/** The fields that a word sets. */
const pathsOfWord: ReadonlyMap<string, readonly string[]> = (() => {
  const pairs = Object.values(wordsOf).flatMap((words) => [...words])
  const ofJoin = [...wordsOf.join].filter(([at]) => at.endsWith('Token') || at.endsWith('.token'))
  const all = [...pairs, ...ofJoin.map(([at]) => [at, '--token'] as const)]
  return new Map(all.map(([, word]) => [word, all.flatMap(([at, other]) => (other === word ? [at.replace(/\.\d+\b/, '')] : []))]))
})()

/** Manifests as data: kubeadm's lines about patches stand among them. */
function outputMeaning(stdout: string): string {
  return stdout.includes('kind: ConfigMap\n')
    ? parseYamlDocuments(stdout)
        .map((one) => (one === null ? '' : dumpYaml(one as never)))
        .join('---\n')
    : stdout
}

/** What a command printed counts as a file when it is a kubeconfig. */
function treeOf(files: TableResult['files'], stdout: string, index: number): ReadonlyMap<string, TreeEntry> {
  const entry = (content: Buffer, mode: number): TreeEntry => ({ kind: 'file', mode, uid: 0, gid: 0, content })
  const all = Object.entries(files).map(([file, [content, mode]]) => [file, entry(Buffer.from(content, 'base64'), mode)] as const)
  const printed = stdout.includes('kind: Config\n')
    ? ([[`/tmp/jail/cases/${index}/printed.conf`, entry(Buffer.from(stdout), 0)]] as const)
    : []
  return new Map([...all, ...printed])
}

/** So many that a jail ends in time. */
const perJail = 75

async function resultsOf(cases: readonly TableCase[], tool: string, jail: Pick<JailOptions, 'address'>): Promise<readonly TableResult[]> {
  if (cases.length === 0) return []
  const now = cases.slice(0, perJail)
  const program = path.join(import.meta.dirname, 'run-table.ts')
  const files = { '/tmp/jail/cases.json': JSON.stringify(now), '/etc/resolv.conf': 'nameserver 127.0.0.1\n' }
  const words = [process.execPath, program, '/tmp/jail/cases.json', '/tmp/jail/results.json', tool]
  const result = await runJailed([words], { files, ...jail })
  expect(result.exitCode, result.stderr).toBe(0)
  const results = JSON.parse(String(result.tree.get('/tmp/jail/results.json')?.content)) as readonly TableResult[]
  return [...results, ...(await resultsOf(cases.slice(perJail), tool, jail))]
}
