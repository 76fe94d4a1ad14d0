/**
 * Help beside the real kubeadm's (N1 of the catalogue): the same sub-commands, and the same flags with the same short forms, defaults and
 * kinds.
 */
import { expect, test, type TestContext } from 'vitest'
import { wholeTree } from '../../src/cli/commands.ts'
import type { Command, Flag } from '../../src/cli/command.ts'
import { hostFlags } from '../../src/cli/flags/host-flags.ts'
import { runKadm, runProgram } from '../support/command-line.ts'
import { runInProcess } from '../support/in-process.ts'
import { realBinary } from '../support/real-binary.ts'

/** Of kubeadm alone, on purpose, and why. */
const onlyKubeadm: ReadonlySet<string> = new Set([
  '--rootfs', // chroot into another system: kadm has SSH for other hosts
  'init phase show-join-command', // shows what its run has made: alone it has nothing to show, and kubeadm's fails
])

/** Of kadm alone. */
const onlyKadm: ReadonlySet<string> = new Set([
  'config diff',
  'config explain',
  'config schema',
  'upgrade node phase kubelet',
  'reset phase remove-etcd-member --force', // out of an etcd that loses its quorum by it
])

/**
 * Taken by kadm too, and shown at another place: three among the global flags, those of groups at their sub-commands; the last two mean
 * nothing.
 */
const elsewhere: ReadonlySet<string> = new Set([
  '--help',
  '--v',
  '--vmodule',
  ...['config', 'config images', 'config print', 'token'].map((group) => `${group} --kubeconfig`),
  'token --dry-run',
  '--allow-missing-template-keys',
  '--show-managed-fields',
])

const kindOf: Readonly<Record<string, Flag['kind']>> = {
  '': 'switch',
  string: 'text',
  duration: 'text',
  moduleSpec: 'text',
  int: 'number',
  int32: 'number',
  Level: 'number',
  strings: 'list',
}

const workflows = ['init', 'join', 'reset', 'upgrade', 'certs', 'config', 'kubeconfig', 'token', 'version', 'completion', 'alpha']

test.for(workflows)('%s and all below it', { timeout: 120_000 }, async (workflow, context) => {
  const differences: string[] = []
  const walk = async (command: Command, above: readonly string[]): Promise<void> => {
    const words = [...above, command.name]
    const help = await kubeadmHelp(context, words)
    const commands = (command.commands ?? []).filter(({ hidden }) => hidden !== true)
    for (const { name } of commands)
      if (!help.commands.includes(name) && !onlyKadm.has([...words, name].join(' ')))
        differences.push(`${words.join(' ')} ${name}: kadm only`)
    for (const name of help.commands)
      if (commands.every((one) => one.name !== name) && !onlyKubeadm.has([...words, name].join(' ')))
        differences.push(`${words.join(' ')} ${name}: kubeadm only`)
    differences.push(...differentFlags(words.join(' '), help.flags, command.flags ?? []))
    for (const child of commands.filter(({ name }) => help.commands.includes(name))) await walk(child, words)
  }
  const command = (await wholeTree()).commands?.find(({ name }) => name === workflow)
  if (command === undefined) throw new Error(`kadm has no ${workflow}`)
  await walk(command, [])
  expect(differences).toEqual([])
})

test('help of every command that kadm has, also as `kadm help ...` and -h: every flag is in it', { timeout: 60_000 }, async () => {
  let walked = 0
  const walk = async (command: Command, words: readonly string[]): Promise<void> => {
    const [help, long, short] = await Promise.all([
      runInProcess('help', ...words),
      runInProcess(...words, '--help'),
      runInProcess(...words, '-h'),
    ])
    expect([words, help]).toEqual([words, { exitCode: 0, stdout: expect.stringContaining(`kadm ${words.join(' ')}`.trim()), stderr: '' }])
    expect([long, short]).toEqual([help, help])
    const shown = flagsIn(help.stdout)
    for (const { name, short: letter = '', default: value, hidden } of command.flags ?? []) {
      const flag = shown.get(`--${name}`)
      expect([words, name, flag?.short]).toEqual([words, name, hidden === true ? undefined : letter])
      if (hidden !== true) expect([words, name, flag?.default]).toEqual([words, name, value ?? ''])
    }
    walked += 1
    for (const child of command.commands ?? []) if (child.hidden !== true) await walk(child, [...words, child.name])
  }
  await walk(await wholeTree(), [])
  expect(walked).toBeGreaterThan(100)
})

test.each([
  ['init', 'certs/apiserver-kubelet-client'],
  ['join', 'control-plane-prepare/certs'],
  ['reset', 'cleanup-node'],
  ['upgrade apply', 'addon/coredns'],
])('the help of %s lists the phases that --skip-phases takes, %s among them', async (workflow, phase) => {
  const { stdout } = await runInProcess(...workflow.split(' '), '--help')
  expect(stdout).toMatch(new RegExp(`^  ${phase} +\\S`, 'm'))
})

test('phases of init are those of kubeadm', { timeout: 60_000 }, async (context) => {
  const { stdout } = await runProgram(realBinary(context, 'kubeadm'), ['init', '--help'])
  const theirs = [...(/```\n([^]*?)```/.exec(stdout)?.[1] ?? '').matchAll(/^( *)\/?(\S+)/gm)].map(([, indent = '', name = '']) => [
    indent,
    name,
  ])
  expect(theirs.length).toBeGreaterThan(20)
  const ours = (await runInProcess('init', '--help')).stdout
  for (const [, name = ''] of theirs) expect(ours).toMatch(new RegExp(`^  (?:\\S+/)?${name} +\\S`, 'm'))
})

test('without words: the help', async () => {
  expect(await runKadm()).toEqual(await runKadm('--help'))
})

interface ShownFlag {
  readonly short: string
  /** Empty where there is none. */
  readonly default: string
  /** kubeadm's word for what follows it; empty for a switch. */
  readonly type: string
}

function differentFlags(command: string, theirs: ReadonlyMap<string, ShownFlag>, ours: readonly Flag[]): readonly string[] {
  const known = ours.filter(({ hidden }) => hidden !== true)
  const more = known
    .filter((flag) => !theirs.has(`--${flag.name}`) && !isOwn(flag) && !onlyKadm.has(`${command} --${flag.name}`))
    .map(({ name }) => `${command} --${name}: kadm only, and its text does not say so`)
  const others = [...theirs].flatMap(([name, flag]) => {
    if (onlyKubeadm.has(name) || elsewhere.has(name) || elsewhere.has(`${command} ${name}`)) return []
    const mine = ours.find((one) => `--${one.name}` === name)
    if (mine === undefined) return [`${command} ${name}: kubeadm only`]
    const [expected, actual] = [
      JSON.stringify([flag.short, flag.default, kindOf[flag.type]]),
      JSON.stringify([mine.short ?? '', meantDefault(mine), mine.kind]),
    ]
    return expected === actual ? [] : [`${command} ${name}: kubeadm ${expected}, kadm ${actual}`]
  })
  return [...more, ...others]
}

/** The help says of a flag that it is kadm's own; of those for hosts the first one says it for all. */
function isOwn({ name, doc }: Flag): boolean {
  return doc.includes("(kadm's own") || hostFlags.some((one) => one.name === name)
}

/** cobra shows no default that is empty. */
function meantDefault({ kind, default: value = '' }: Flag): string {
  return kind === 'switch' && value === 'false' ? '' : value
}

async function kubeadmHelp(
  context: TestContext,
  words: readonly string[],
): Promise<{ readonly commands: readonly string[]; readonly flags: ReadonlyMap<string, ShownFlag> }> {
  const { exitCode, stdout } = await runProgram(realBinary(context, 'kubeadm'), [...words, '--help'])
  expect([words, exitCode]).toEqual([words, 0])
  const [, listed = ''] = /^Available Commands:\n((?: .*\n)+)/m.exec(stdout) ?? []
  return { commands: [...listed.matchAll(/^ {2}([a-z][a-z0-9.-]*)\s/gm)].map(([, name = '']) => name), flags: flagsIn(stdout) }
}

/** Of cobra's form and of kadm's; what one flag says may go on in further lines. */
function flagsIn(help: string): ReadonlyMap<string, ShownFlag> {
  const flags = new Map<string, ShownFlag>()
  const lines = help.split('\n')
  for (const [index, line] of lines.entries()) {
    const [, short = '', name = '', type = ''] = /^ {2,6}(?:-(\w)(?:, | {2,}))?--?([a-z][a-z0-9-]*)(?: (\w+))?/.exec(line) ?? []
    if (name === '') continue
    const end = lines.findIndex((one, at) => at > index && !/^ {8}/.test(one))
    const text = lines.slice(index, end).join(' ')
    const value = /\(default (?:is )?"?([^")]*)"?\)\s*$/.exec(text)?.[1] ?? /\[default: "?([^"\]]*)"?\]/.exec(text)?.[1] ?? ''
    flags.set(`--${name}`, { short, default: value.replace(/^\[(.*)\]$/, '$1'), type })
  }
  return flags
}
