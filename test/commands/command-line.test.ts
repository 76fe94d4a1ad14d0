import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { parseYaml } from '../../src/config/yaml.ts'
import { kadmProgram, runKadm, runProgram } from '../support/command-line.ts'
import { realBinary } from '../support/real-binary.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

describe('words that kadm does not know: exit code 1, as kubeadm, and where to look', () => {
  test.each([
    { words: ['foo'], says: 'unknown command or argument "foo" for "kadm"', help: 'kadm --help' },
    { words: ['init', 'foo'], says: 'unknown command or argument "foo" for "kadm init"', help: 'kadm init --help' },
    { words: ['init', 'phase', 'foo'], says: 'unknown command or argument "foo" for "kadm init phase"', help: 'kadm init phase --help' },
    {
      words: ['init', 'phase', 'certs', 'foo'],
      says: 'unknown command or argument "foo" for "kadm init phase certs"',
      help: 'kadm init phase certs --help',
    },
    { words: ['version', '--nope'], says: 'unknown flag: --nope', help: 'kadm version --help' },
    { words: ['init', '--cert-dir'], says: '--cert-dir needs a value', help: 'kadm init --help' },
    { words: ['help', 'bogus'], says: 'unknown command or argument "bogus" for "kadm"', help: 'kadm --help' },
    { words: ['help', 'init', 'phase', 'bogus'], says: 'unknown command or argument "bogus"', help: 'kadm init phase --help' },
    {
      words: ['init', '--apiserver-cert-extra-sans=a,,b'],
      says: 'invalid value "a,,b" for "--apiserver-cert-extra-sans"',
      help: 'kadm init --help',
    },
    { words: ['version', '-o'], says: '-o needs a value', help: 'kadm version --help' },
    {
      words: ['init', '--apiserver-bind-port', 'many'],
      says: 'invalid value "many" for "--apiserver-bind-port"',
      help: 'kadm init --help',
    },
    // Taken for false, they would act.
    {
      words: ['reset', '--force', '--dry-run=maybe'],
      says: 'invalid value "maybe" for "--dry-run": not true or false',
      help: 'kadm reset --help',
    },
    { words: ['reset', '-f=', '--dry-run'], says: 'invalid value "" for "-f"', help: 'kadm reset --help' },
    { words: ['reset', '--force', '--dry-run', 'false'], says: 'unknown command or argument "false"', help: 'kadm reset --help' },
  ])('kadm $words', async ({ words, says, help }) => {
    const { exitCode, stdout, stderr } = await runKadm(...words)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(/^error: .* \[USAGE\]\ntry: .*\n$/)
    expect(stderr).toContain(says)
    expect(stderr).toContain(`try: ${help}\n`)
  })

  test('kubeadm has the same exit codes', async (context) => {
    const kubeadm = realBinary(context, 'kubeadm')
    for (const words of [
      ['foo'],
      ['init', 'foo'],
      ['init', 'phase', 'foo'],
      ['init', 'phase'],
      ['init', 'phase', 'certs'],
      ['version', '--nope'],
      ['config', 'print', 'init-defaults', '--component-configs=KubeProxyConfiguration,'],
      ['init', 'phase', 'certs', 'apiserver', '--kubernetes-version=v1.37.0', '--apiserver-cert-extra-sans=a,,b'],
      ['init', 'phase', 'control-plane', 'apiserver', '--kubernetes-version=v1.37.0', '--apiserver-extra-args=a=b,,c=d'],
      [],
    ]) {
      const [theirs, ours] = await Promise.all([runProgram(kubeadm, words), runKadm(...words)])
      expect([words, ours.exitCode]).toEqual([words, theirs.exitCode])
    }
  })
})

test('a directory in the place of a file: what to do works when it is pasted', async () => {
  const { exitCode, stderr } = await runKadm('token', 'list', '--kubeconfig', '/etc')
  expect(exitCode).toBe(1)
  expect(stderr).toContain('"/etc": it is a directory')
  expect(stderr).toMatch(/^try: ls "\/etc" {3}# a file is needed here, not a directory$/m)
})

test.each([[['init', 'phase']], [['init', 'phase', 'certs']], [['sandbox']]])(
  'a command that needs another shows its help and says so: %j',
  async (words) => {
    const { exitCode, stdout, stderr } = await runKadm(...words)
    expect(exitCode).toBe(1)
    expect(stdout).toBe((await runKadm(...words, '--help')).stdout)
    expect(stderr).toMatch(/^error: "kadm .*" needs a sub-command \[USAGE\]\n/)
  },
)

describe('version', () => {
  test('-o short is one line, as kubeadm', async (context) => {
    const theirs = await runProgram(realBinary(context, 'kubeadm'), ['version', '-o', 'short'])
    expect(await runKadm('version', '-o', 'short')).toEqual(theirs)
  })

  test.each(['json', 'yaml'])('-o %s has the keys and types of kubeadm', async (form) => {
    const ours = shapeOf((await runKadm('version', '-o', form)).stdout)
    expect(ours).toEqual({ ...kubeadmVersion, kadmVersion: 'string' })
  })

  test('those keys are kubeadm', async (context) => {
    const kubeadm = realBinary(context, 'kubeadm')
    for (const form of ['json', 'yaml'])
      expect(shapeOf((await runProgram(kubeadm, ['version', '-o', form])).stdout)).toEqual(kubeadmVersion)
  })

  test('another form is refused, as by kubeadm', async (context) => {
    const [theirs, ours] = await Promise.all([
      runProgram(realBinary(context, 'kubeadm'), ['version', '-o', 'foo']),
      runKadm('version', '-o', 'foo'),
    ])
    expect([ours.exitCode, ours.stdout]).toEqual([theirs.exitCode, ''])
    expect(ours.stderr).toContain('error: invalid output format: "foo" [USAGE]')
  })
})

test('the reader of a pipe that goes away is no error', async () => {
  const script = 'set -o pipefail; "$1" "$2" init --help | head -n 1; echo "${PIPESTATUS[@]}"'
  const { stdout, stderr } = await runProgram('bash', ['-c', script, 'pipe', process.execPath, kadmProgram])
  expect(stdout).toBe('Run this command in order to set up the Kubernetes control plane\n0 0\n')
  expect(stderr).toBe('')
})

test.each([[['-v', '5']], [['-v=5']], [['-v5']], [['--v=5']], [['--v', '5']]])(
  '%j shows where an error comes from; below 5 it is not shown',
  async (flags) => {
    const words = ['sandbox', 'network', '--name', 'no-such-sandbox']
    for (const line of [
      [...flags, ...words],
      [...words, ...flags],
    ]) {
      const loud = await runKadm(...line)
      expect([line, loud.exitCode, loud.stderr]).toEqual([
        line,
        1,
        expect.stringMatching(/^error: there is no sandbox "no-such-sandbox" \[SANDBOX_UNKNOWN\]\ntry: .*\n\n[\s\S]*\n +at \S/),
      ])
    }
    expect((await runKadm(...words, '-v', '4')).stderr).not.toContain('    at ')
  },
)

test('-v5 may stand before the command and within it', async () => {
  for (const words of [
    ['-v5', 'config', 'print', 'reset-defaults'],
    ['config', '-v5', 'print', 'reset-defaults'],
    ['config', 'print', 'reset-defaults', '-v5'],
  ])
    expect([words, await runKadm(...words)]).toEqual([words, expect.objectContaining({ exitCode: 0, stderr: '' })])
  expect((await runKadm('config', 'print', 'init-defaults', '--bad', '-v5')).stderr).toMatch(/\n +at \S/)
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s twice ends a read of a pipe that nobody writes to', async (signal) => {
  const pipe = path.join(await temporaryDirectory(), 'pipe')
  await runProgram('mkfifo', [pipe])
  const child = spawn(process.execPath, [kadmProgram, 'config', 'validate', '--config', pipe], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  await until(async () => {
    const caught = /^SigCgt:.*(\w{4})$/m.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? '0'
    return (Number.parseInt(caught, 16) & 1) === 1 ? true : undefined // SIGHUP, which node does not hear by itself
  })
  await delay(500) // into the read
  child.kill(signal)
  await delay(100)
  child.kill(signal)
  const end = await Promise.race([ended, delay(5000, 'still there')])
  child.kill('SIGKILL')
  expect(end).toEqual([null, signal])
})

const kubeadmVersion = Object.fromEntries(
  ['buildDate', 'compiler', 'gitCommit', 'gitTreeState', 'gitVersion', 'goVersion', 'major', 'minor', 'platform'].map((key) => [
    key,
    'string',
  ]),
)

function shapeOf(text: string): Record<string, string> {
  const parsed = parseYaml(text) as { readonly clientVersion: Readonly<Record<string, unknown>> }
  expect(Object.keys(parsed)).toEqual(['clientVersion'])
  return Object.fromEntries(Object.entries(parsed.clientVersion).map(([key, value]) => [key, typeof value]))
}
