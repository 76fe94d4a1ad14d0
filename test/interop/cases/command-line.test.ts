/** Area N of the catalogue: the command line itself, beside kubeadm's. N5 (version), N7 and N9 have their tests in test/commands too. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { kadmProgram, runKadm, runProgram, type Ended } from '../../support/command-line.ts'
import { realBinary } from '../../support/real-binary.ts'
import { runJailed } from '../../support/jail.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

interface HelpFlag {
  readonly short: string
  readonly default: string
}

/** kadm's own. */
const own: ReadonlySet<string> = new Set(['config diff', 'config explain', 'config schema'])

/** `help` stands among the global flags; the others are taken and mean nothing, so that the help does not have them. */
const notShown: ReadonlySet<string> = new Set(['help', 'allow-missing-template-keys', 'show-managed-fields'])

test('N1: help of every command: the same sub-commands, and the same flags with the same short forms and defaults', { timeout: 180_000 }, async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const differences: unknown[] = []
  let walked = 0
  const walk = async (words: readonly string[]): Promise<void> => {
    const [theirs, ours] = await Promise.all([runProgram(kubeadm, [...words, '--help']), runKadm(...words, '--help')])
    walked += 1
    expect([words, theirs.exitCode, ours.exitCode, ours.stderr]).toEqual([words, 0, 0, ''])
    const [their, our] = [parseHelp(theirs.stdout), parseHelp(ours.stdout)]
    const more = our.commands.filter((command) => !their.commands.includes(command) && !own.has([...words, command].join(' ')))
    const missing = their.commands.filter((command) => !our.commands.includes(command))
    if (more.length > 0 || missing.length > 0) differences.push({ words, missing, more })
    for (const [name, flag] of their.flags) {
      if (notShown.has(name) || (our.commands.length > 0 && ['kubeconfig', 'dry-run'].includes(name))) continue // the sub-commands have them
      const mine = our.flags.get(name)
      if (mine === undefined || mine.short !== flag.short || mine.default !== flag.default) differences.push({ words, name, kubeadm: flag, kadm: mine })
    }
    for (const command of their.commands.filter((one) => our.commands.includes(one))) await walk([...words, command])
  }
  for (const words of [['config'], ['kubeconfig'], ['token'], ['version'], ['completion'], ['alpha']]) await walk(words)
  expect(differences).toEqual([])
  expect(walked).toBeGreaterThan(15)
})

test('N3: without a sub-command: help on stdout and exit code 1, or 0 where kubeadm has that', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  for (const words of [['config'], ['config', 'print'], ['config', 'images'], ['token'], ['init', 'phase'], ['kubeconfig'], ['alpha'], []]) {
    const [theirs, ours] = await Promise.all([runProgram(kubeadm, words), runKadm(...words)])
    expect([words, ours.exitCode]).toEqual([words, theirs.exitCode])
    expect(ours.stdout).toContain('Usage:')
  }
})

test('N5: version in every form', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const shape = (text: string): unknown => Object.entries((JSON.parse(text) as { clientVersion: Record<string, unknown> }).clientVersion).map(([key, value]) => [key, typeof value])
  const [theirs, ours] = await Promise.all([runProgram(kubeadm, ['version', '-o', 'json']), runKadm('version', '-o', 'json')])
  expect(shape(ours.stdout)).toEqual(expect.arrayContaining(shape(theirs.stdout) as unknown[]))
  expect((await runKadm('version', '-o', 'short')).stdout).toMatch(/^v1\.37\.2\n$/)
  const bad = randomBytes(3).toString('hex')
  expect([(await runKadm('version', '-o', bad)).exitCode, (await runProgram(kubeadm, ['version', '-o', bad])).exitCode]).toEqual([1, 1])
})

const config = '/tmp/jail/config.yaml'
const document = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.0\nencryptionAlgorithm: ECDSA-P256\n'

test('N7 and N9: what may stand beside --config; phases that are left out', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const lines: readonly (readonly string[])[] = [
    ['init', '--config', config, '--pod-network-cidr', `10.${Math.floor(Math.random() * 250)}.0.0/16`],
    ['init', '--config', config, '--cert-dir', '/x'],
    ['init', '--config', config, '--patches', '/x'],
    ['init', '--config', config, `--skip-phases=${randomBytes(3).toString('hex')}`],
    ['init', 'phase', 'certs', 'ca', '--config', config, '-v', '1'],
    ['init', 'phase', 'certs', 'ca', '--config', config, '--dry-run'],
    ['init', 'phase', 'certs', 'ca', '--config', config, '--cert-dir', '/x'],
  ]
  for (const words of lines) {
    const [theirs, ours] = await Promise.all([[kubeadm], [process.execPath, kadmProgram]].map((program) => runJailed([[...program, ...words]], { files: { [config]: document } })))
    expect([words, ours?.exitCode], ours?.stderr).toEqual([words, theirs?.exitCode])
    // A refusal leaves nothing.
    if (ours?.exitCode !== 0) expect([...(ours?.tree.keys() ?? [])]).toEqual([config])
  }
})

test('N11: a full disk behind standard output is an error; one behind standard error is not', async () => {
  const into = (stream: number, ...words: readonly string[]): Promise<Ended> =>
    runProgram('bash', ['-c', `exec ${stream}>/dev/full; exec "$@"`, 'full', process.execPath, kadmProgram, ...words])
  for (const words of [['config', 'print', 'init-defaults'], ['version'], ['config', 'schema']]) {
    expect(await into(1, ...words)).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^error: standard output cannot be written: ENOSPC.*\[FILE_FAILED\]\ntry: /) as string })
  }
  const file = path.join(await temporaryDirectory(), 'config.yaml')
  await writeFile(file, `${document}nothing: 1\n`)
  expect((await into(2, 'config', 'images', 'list', '--config', file)).exitCode).toBe(0)
  expect((await into(2, 'config', 'validate', '--config', file)).exitCode).toBe(1)
})

test('N11: with standard error a pipe that nobody reads, and after SIGINT, it ends and leaves no half file', async () => {
  const dir = await temporaryDirectory()
  const file = path.join(dir, 'config.yaml')
  await writeFile(file, document)
  const child = spawn(process.execPath, [kadmProgram, 'config', 'migrate', '--old-config', file, '--new-config', path.join(dir, 'new.yaml')], { stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.pause()
  expect(await once(child, 'exit')).toEqual([0, null])
  const stopped = spawn(process.execPath, [kadmProgram, 'config', 'migrate', '--old-config', file, '--new-config', path.join(dir, 'other.yaml')], { stdio: 'ignore' })
  setTimeout(() => stopped.kill('SIGINT'), 60 + Math.random() * 60)
  const [code, signal] = (await once(stopped, 'exit')) as [number | null, string | null]
  expect(signal === 'SIGINT' || code === 130 || code === 0).toBe(true)
  expect((await readdir(dir)).filter((name) => !['config.yaml', 'new.yaml', 'other.yaml'].includes(name))).toEqual([])
})

/** Of cobra's form and of kadm's. */
function parseHelp(text: string): { readonly commands: readonly string[]; readonly flags: ReadonlyMap<string, HelpFlag> } {
  const commands: string[] = []
  const flags = new Map<string, HelpFlag>()
  let section = ''
  let last = ''
  for (const line of text.split('\n')) {
    section = /^(\S.*):$/.exec(line)?.[1] ?? section
    const command = /^ {2}([a-z][a-z0-9-]*)\s/.exec(line)?.[1]
    if (command !== undefined && section.endsWith('Commands')) commands.push(command)
    const flag = /^ {2,6}(?:-(\w), )?--?([a-z][a-z0-9-]*)/.exec(line)
    if (flag !== null && section === 'Flags') {
      last = flag[2] ?? ''
      flags.set(last, { short: flag[1] ?? '', default: '' })
    }
    const given = /\(default (?:is )?"?([^")]*)"?\)|\[default: "?([^"\]]*)"?\]/.exec(line)
    const flagOfLine = flags.get(last)
    if (given !== null && flagOfLine !== undefined && section === 'Flags') flags.set(last, { ...flagOfLine, default: (given[1] ?? given[2] ?? '').replace(/^false$|^\[|\]$/g, '') })
  }
  return { commands, flags }
}
