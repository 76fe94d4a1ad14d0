import { expect, test } from 'vitest'
import { hostFlags } from '../../src/cli/host-flags.ts'
import { runKadm, runProgram } from '../support/command-line.ts'
import { runInProcess } from '../support/in-process.ts'
import { realBinary } from '../support/real-binary.ts'

interface Help {
  readonly commands: readonly string[]
  readonly flags: readonly string[]
}

/** What differs on purpose, and why. */
const onlyKubeadm: ReadonlySet<string> = new Set([
  '--rootfs', // chroot into another system: kadm has SSH for other hosts
  'show-join-command', // shows what its run has made: alone it has nothing to show, and kubeadm's fails
])

/** kadm's own. */
const onlyKadm: ReadonlySet<string> = new Set([
  '--discovery-unsafe-allow-insecure-file', // kubeadm takes such a file without being asked
  '--discovery-unsafe-allow-unpinned-ca', // and such a CA
  '--replace', // a lost host of the same name
  ...hostFlags.map(({ name }) => `--${name}`),
])

test.for(['init', 'join'])('%s and all its phases have the sub-commands and flags of kubeadm', { timeout: 120_000 }, async (workflow, context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const ask = async (words: readonly string[]): Promise<void> => {
    const [theirs, ours] = await Promise.all([runProgram(kubeadm, [...words, '--help']), runKadm(...words, '--help')])
    expect([words, ours.exitCode, ours.stderr]).toEqual([words, 0, ''])
    const [expected, actual] = [without(parseHelp(theirs.stdout), onlyKubeadm), without(parseHelp(ours.stdout), onlyKadm)]
    expect({ words, ...actual }).toEqual({ words, ...expected })
    for (const command of actual.commands) await ask([...words, command])
  }
  await ask([workflow])
})

test('help of every command that kadm has, also as `kadm help ...` and -h', async () => {
  const walk = async (words: readonly string[]): Promise<number> => {
    const [help, long, short] = await Promise.all([runInProcess('help', ...words), runInProcess(...words, '--help'), runInProcess(...words, '-h')])
    expect([words, help]).toEqual([words, { exitCode: 0, stdout: expect.stringContaining(`kadm ${words.join(' ')}`.trim()), stderr: '' }])
    expect([long, short]).toEqual([help, help])
    let count = 1
    if (words[0] !== 'init' && words[0] !== 'join') for (const command of parseHelp(help.stdout).commands) count += await walk([...words, command])
    return count
  }
  expect(await walk([])).toBeGreaterThan(4)
})

test('without words: the help', async () => {
  expect(await runKadm()).toEqual(await runKadm('--help'))
})

/** Of cobra's form and of kadm's: sections with a title, one name at the start of a line. */
function parseHelp(text: string): Help {
  const commands: string[] = []
  const flags: string[] = []
  let section = ''
  for (const line of text.split('\n')) {
    section = /^(\S.*):$/.exec(line)?.[1] ?? section
    const command = /^ {2}([a-z][a-z0-9-]*)\s/.exec(line)?.[1]
    if (command !== undefined && section.endsWith('Commands')) commands.push(command)
    const flag = /^ {2,6}(?:-\w, )?(--?[a-z][a-z0-9-]*)/.exec(line)?.[1]
    if (flag !== undefined && section.endsWith('Flags')) flags.push(flag === '-v' ? '--v' : flag)
  }
  return { commands: commands.toSorted(), flags: flags.toSorted() }
}

function without({ commands, flags }: Help, names: ReadonlySet<string>): Help {
  const kept = (name: string): boolean => !names.has(name)
  return { commands: commands.filter(kept), flags: flags.filter(kept) }
}
