/**
 * The completion scripts: bash's in a real bash, for every command there is; the others by what they hold (both were tried in zsh 5.9 and
 * fish 3.6).
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Command } from '../../src/cli/command.ts'
import { wholeTree } from '../../src/cli/commands.ts'
import { runKadm, runProgram } from '../support/command-line.ts'
import { bothPrograms } from '../support/both-programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const askScript = `source "$1"
while IFS= read -r line; do
  eval "COMP_WORDS=($line)"
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _kadm
  echo "\${COMPREPLY[*]}"
done < "$2"`

/** What bash offers for each line (shell words; the last is the one being typed). */
async function offers(lines: readonly string[]): Promise<readonly string[]> {
  const dir = await temporaryDirectory()
  const [script, asked] = [path.join(dir, 'kadm.bash'), path.join(dir, 'lines')]
  await writeFile(script, (await runKadm('completion', 'bash')).stdout)
  await writeFile(asked, lines.map((line) => `${line}\n`).join(''))
  const { exitCode, stdout, stderr } = await runProgram('bash', ['-u', '-c', askScript, 'bash', script, asked])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout.split('\n').slice(0, -1)
}

interface Place {
  readonly words: string
  readonly command: Command
}

function placesOf(command: Command, words: string): readonly Place[] {
  const shown = (command.commands ?? []).filter(({ hidden }) => hidden !== true)
  return [{ words, command }, ...shown.flatMap((child) => placesOf(child, `${words} ${child.name}`))]
}

test('bash is offered every sub-command and every flag of every command', async () => {
  const places = placesOf(await wholeTree(), 'kadm')
  expect(places.length).toBeGreaterThan(50)
  const commands = await offers(places.map(({ words }) => `${words} ''`))
  const flags = await offers(places.map(({ words }) => `${words} --`))
  for (const [index, { words, command }] of places.entries()) {
    const names = (command.commands ?? []).filter(({ hidden }) => hidden !== true).map(({ name }) => name)
    expect({ words, commands: commands[index] }).toEqual({ words, commands: names.join(' ') })
    const own = (command.flags ?? []).filter(({ hidden }) => hidden !== true).map(({ name }) => `--${name}`)
    expect({ words, flags: flags[index] }).toEqual({ words, flags: [...own, '--vmodule', '--help'].join(' ') })
  }
})

test('what is typed already narrows it; aliases and flags between the words are understood; values are left to the shell', async () => {
  expect(
    await offers([
      'kadm to',
      'kadm -v 5 token cr',
      'kadm init phase bootstraptoken --skip',
      'kadm init --config ""',
      'kadm token list -o ""',
      'kadm nothing ""',
    ]),
  ).toEqual(['token', 'create', '--skip-token-print', '', '', expect.stringContaining('init')])
})

test('fish and zsh: the same tree', async () => {
  const [fish, zsh, bash] = await Promise.all(['fish', 'zsh', 'bash'].map(async (shell) => (await runKadm('completion', shell)).stdout))
  for (const { words } of placesOf(await wholeTree(), 'kadm')) expect(fish).toContain(`    case '${words}'\n`)
  expect(fish).toContain(String.raw`'Don\'t print the bootstrap token'`)
  expect(zsh).toContain(bash?.slice(bash.indexOf('\n')))
})

test('no shell, two shells and another shell are refused, as by kubeadm', async (context) => {
  const { kadm, kubeadm } = bothPrograms(context)
  for (const words of [[], ['foo'], ['bash', 'zsh']]) {
    for (const program of [kadm, kubeadm]) expect((await program('completion', ...words)).exitCode, words.join(' ')).toBe(1)
  }
})
