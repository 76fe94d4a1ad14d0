import { describe, expect, test } from 'vitest'
import { parseYaml } from '../../src/config/yaml.ts'
import { kadmProgram, runKadm, runProgram } from '../support/command-line.ts'
import { realBinary } from '../support/real-binary.ts'

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
    { words: ['version', '-o'], says: '', help: 'kadm version --help' },
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
      [],
    ]) {
      const [theirs, ours] = await Promise.all([runProgram(kubeadm, words), runKadm(...words)])
      expect([words, ours.exitCode]).toEqual([words, theirs.exitCode])
    }
  })
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

test.each([[['-v', '5']], [['-v=5']], [['--v=5']], [['--v', '5']]])(
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
