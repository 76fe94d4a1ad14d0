/**
 * What is told to be pasted can be: a command first, its prose behind three blanks and a `#`, and what kadm is told to do it knows. Or a whole
 * line of prose, in which no command is hidden.
 */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { Command } from '../../src/cli/command.ts'
import { wholeTree } from '../../src/cli/commands.ts'
import { globalFlagNames } from '../../src/cli/flags/global-flags.ts'
import { remedyLines } from './remedy-lines.ts'

const programs =
  'apt-get|base64|cat|command|cp|crictl|ctr|curl|date|df|dmesg|du|echo|export|findmnt|flock|fuser|getent|go|grep|journalctl|kadm|kubeadm|kubectl|kubelet|ls|lsattr|mkdir|mv|namei|npm|openssl|ps|rm|ssh|ssh-add|ssh-keygen|sshd|sudo|systemctl|ulimit|unset|uptime|which'
const beginsAsCommand = new RegExp(`^(?:(?:${programs})(?=[ ;]|$)|-)`)
const hidesCommand = new RegExp(`^\\S+ .*(?::|;|e\\.g\\.|try) (?:${programs})(?= |$)`)
/** None of them is an argument anywhere. */
const ofProse = /(?<![\w=./-])(?:a|an|and|gives|it|names|of|or|shows|takes|the|then|who|with)(?![\w=./-])/

const lines = remedyLines().filter(({ text }) => !text.includes('\n'))

test('every remedy of the sources has its prose where it belongs, and kadm knows what it is told to do', async () => {
  expect(lines.length).toBeGreaterThan(250)
  const root = await wholeTree()
  const problems = lines.flatMap(({ place, text }) => problemsOf(text, root).map((problem) => `${place}: ${text}: ${problem}`))
  expect(problems).toEqual([])
})

test('every command of them is a line for a shell', () => {
  const commands = lines.map(({ text }) => text).filter((text) => beginsAsCommand.test(text) && !text.startsWith('-'))
  expect(notForShell(commands)).toEqual([])
  expect(notForShell(['kubectl get "X', 'export A=<b>', "kubectl get X   # it's"])).toEqual(['kubectl get "X', 'export A=<b>'])
})

test.each([
  ['systemctl restart kubelet; then run it', 'prose in the command'],
  ['fuser -vm "X" shows who uses it', 'prose in the command'],
  ['cat X/README # how to go back', 'prose stands behind "   # "'],
  ['to have a new pair made: rm "X"', 'a command behind prose'],
  ['kadm reste', 'kadm has no "reste"'],
  ['kadm init phase certs nothing', 'kadm init phase certs has no "nothing"'],
  ['kadm token create --prnt   # on a control plane', 'kadm token create has no --prnt'],
  ['rm "X" && kadm certs renew all --restrt', 'kadm certs renew all has no --restrt'],
])('what it finds: %s', async (text, problem) => {
  expect(problemsOf(text, await wholeTree())).toContain(problem)
})

test.each([
  'kadm sandbox exec h1 --name X -- kadm nothing',
  'kadm init phase certs X   # where the cluster has none',
  'put it back at "X"',
  'spec.ssh.become: sudo',
])('what it lets pass: %s', async (text) => {
  expect(problemsOf(text, await wholeTree())).toEqual([])
})

function problemsOf(text: string, root: Command): readonly string[] {
  const [command = ''] = text.split('   # ')
  if (/ # /.test(command)) return ['prose stands behind "   # "']
  if (!beginsAsCommand.test(command)) return hidesCommand.test(command) ? ['a command behind prose'] : []
  const words = command.replaceAll(/"[^"]*"|'[^']*'/g, 'X')
  return [
    ...(ofProse.test(words) ? ['prose in the command'] : []),
    ...words.split(/&&|[;|]/).flatMap((part) => unknownToKadm(part.trim().split(' '), root)),
  ]
}

/** Plain words are a line for any shell. */
function notForShell(texts: readonly string[]): readonly string[] {
  const each = 'for line; do bash -n -c "$line" 2>/dev/null || printf "%s\\n" "$line"; done'
  const { stdout } = spawnSync('bash', ['-c', each, 'bash', ...texts.filter((text) => /[^\w ./=,:@%+-]/.test(text))], { encoding: 'utf8' })
  return stdout.split('\n').slice(0, -1)
}

function unknownToKadm([program, ...given]: readonly string[], root: Command): readonly string[] {
  if (program !== 'kadm') return []
  const words = given.includes('--') ? given.slice(0, given.indexOf('--')) : given
  let [command, path] = [root, 'kadm']
  for (const word of words) {
    if (word.startsWith('-') || word === 'X' || (command.commands ?? []).length === 0) break
    const next = command.commands?.find(({ name, aliases = [] }) => name === word || aliases.includes(word))
    if (next === undefined && command.positional !== undefined) break
    if (next === undefined) return [`${path} has no "${word}"`]
    command = next
    path = `${path} ${word}`
  }
  // Which it is, only the run knows.
  if (words.includes('X') && (command.commands ?? []).length > 0) return []
  const flags = command.flags ?? []
  const names = new Set(['help', ...globalFlagNames, ...flags.flatMap(({ name, short = [] }) => [name, short].flat())])
  return words
    .filter((word) => word.startsWith('-'))
    .map((word) => word.replace(/=.*/, ''))
    .filter((word) => !names.has(word.replace(/^--?/, '')))
    .map((word) => `${path} has no ${word}`)
}
