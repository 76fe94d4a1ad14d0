/**
 * Area N of the catalogue: the command line itself, beside kubeadm's. N1 is test/commands/help.test.ts; N5 (version), N7 and N9 have tests
 * in test/commands too.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { kadmProgram, runKadm, runProgram, type Ended } from '../../support/command-line.ts'
import { realBinary } from '../../support/real-binary.ts'
import { runJailed } from '../../support/jail.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

test('N3: without a sub-command: help on stdout and exit code 1, or 0 where kubeadm has that', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  for (const words of [
    ['config'],
    ['config', 'print'],
    ['config', 'images'],
    ['token'],
    ['init', 'phase'],
    ['certs', 'renew'],
    ['kubeconfig'],
    ['alpha'],
    [],
  ]) {
    const [theirs, ours] = await Promise.all([runProgram(kubeadm, words), runKadm(...words)])
    expect([words, ours.exitCode]).toEqual([words, theirs.exitCode])
    expect(ours.stdout, words.join(' ')).toContain('Usage:')
  }
})

test('N5: version in every form', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const shape = (text: string): unknown =>
    Object.entries((JSON.parse(text) as { clientVersion: Record<string, unknown> }).clientVersion).map(([key, value]) => [
      key,
      typeof value,
    ])
  const [theirs, ours] = await Promise.all([runProgram(kubeadm, ['version', '-o', 'json']), runKadm('version', '-o', 'json')])
  expect(shape(ours.stdout)).toEqual(expect.arrayContaining(shape(theirs.stdout) as unknown[]))
  expect((await runKadm('version', '-o', 'short')).stdout).toMatch(/^v1\.37\.2\n$/)
  const bad = randomBytes(3).toString('hex')
  expect([(await runKadm('version', '-o', bad)).exitCode, (await runProgram(kubeadm, ['version', '-o', bad])).exitCode]).toEqual([1, 1])
})

const config = '/tmp/jail/config.yaml'
const document =
  'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.0\nencryptionAlgorithm: ECDSA-P256\n'

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
    const [theirs, ours] = await Promise.all(
      [kubeadm, 'kadm'].map((program) => runJailed([[program, ...words]], { files: { [config]: document } })),
    )
    expect([words, ours?.exitCode], ours?.stderr).toEqual([words, theirs?.exitCode])
    // A refusal leaves nothing.
    if (ours?.exitCode !== 0) expect([...(ours?.tree.keys() ?? [])]).toEqual([config])
  }
})

test('an empty --config is no file, and still refuses what may not stand beside one', { timeout: 120_000 }, async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const files = { '/etc/resolv.conf': 'nameserver 127.0.0.1\n' } // the version that is newest is not looked up
  const lines: readonly (readonly string[])[] = [
    ['init', 'phase', 'control-plane', 'scheduler', '--config=', '--dry-run'],
    ['init', 'phase', 'control-plane', 'scheduler', '--config=', '--dry-run', '--kubernetes-version=v1.37.0'],
    ['init', 'phase', 'preflight', '--config', '', '--cri-socket', '/x'],
    ['upgrade', 'plan', '--config='],
    ['upgrade', 'diff', '--config=', '-c', '4'],
  ]
  const [theirs, ours] = await Promise.all(
    [kubeadm, 'kadm'].map((program) =>
      runJailed(
        lines.map((words) => [program, ...words]),
        { files, keepGoing: true },
      ),
    ),
  )
  expect(ours?.results.map(({ exitCode }) => exitCode)).toEqual(theirs?.results.map(({ exitCode }) => exitCode))
  const codes = ours?.results.map(({ stderr }) => /^error: .* \[(\w+)\]$/m.exec(stderr)?.[1])
  expect(codes).toEqual([undefined, 'USAGE', 'USAGE', 'KUBECONFIG_INVALID', 'USAGE'])
})

test('a folder of a dry run that is set but empty is none', { timeout: 120_000 }, async (context) => {
  const words = ['init', 'phase', 'control-plane', 'scheduler', '--config', config, '--dry-run']
  for (const program of [realBinary(context, 'kubeadm'), 'kadm']) {
    const { exitCode, tree, stderr } = await runJailed([[program, ...words]], {
      files: { [config]: document },
      environment: { KUBEADM_INIT_DRYRUN_DIR: '' },
    })
    expect(exitCode, stderr).toBe(0)
    const folders = [...tree.keys()].filter((file) => /^\/etc\/kubernetes\/tmp\/kubeadm-init-dryrun\w+$/.test(file))
    expect(folders, program).toHaveLength(1)
    expect(stderr).toContain(`Using dry-run directory ${folders[0]}. To override it, set the environment variable KUBEADM_INIT_DRYRUN_DIR`)
  }
})

test('N9: an empty --skip-phases leaves the list of the file', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  // Its checks fail in a jail.
  const init = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nskipPhases: [preflight]\n'
  const options = { files: { [config]: `${init}---\n${document}` } }
  for (const [flag, exitCode] of [
    ['--skip-phases=', 0],
    ['--skip-phases=certs/sa', 1],
  ] as const) {
    const words = ['init', '--config', config, '--dry-run', flag]
    const results = await Promise.all([kubeadm, 'kadm'].map((program) => runJailed([[program, ...words]], options)))
    expect([flag, ...results.map((one) => one.exitCode)], results[1]?.stderr).toEqual([flag, exitCode, exitCode])
  }
})

test('--dry-run=false goes before a file that says true', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const init = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\ndryRun: true\n'
  const options = { files: { [config]: `${init}---\n${document}` } }
  for (const [flags, isReal] of [
    [[], false],
    [['--dry-run=false'], true],
  ] as const) {
    const words = ['init', 'phase', 'certs', 'ca', '--config', config, ...flags]
    for (const { exitCode, stderr, tree } of await Promise.all(
      [kubeadm, 'kadm'].map((program) => runJailed([[program, ...words]], options)),
    ))
      expect([flags, exitCode, tree.has('/etc/kubernetes/pki/ca.crt')], stderr).toEqual([flags, 0, isReal])
  }
})

test('N11: a full disk behind standard output is an error; one behind standard error is not', async () => {
  const into = (stream: number, ...words: readonly string[]): Promise<Ended> =>
    runProgram('bash', ['-c', `exec ${stream}>/dev/full; exec "$@"`, 'full', process.execPath, kadmProgram, ...words])
  for (const words of [['config', 'print', 'init-defaults'], ['version'], ['config', 'schema']]) {
    expect(await into(1, ...words)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^error: standard output cannot be written: ENOSPC.*\[FILE_FAILED\]\ntry: /) as string,
    })
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
  const child = spawn(
    process.execPath,
    [kadmProgram, 'config', 'migrate', '--old-config', file, '--new-config', path.join(dir, 'new.yaml')],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  child.stderr.pause()
  expect(await once(child, 'exit')).toEqual([0, null])
  const stopped = spawn(
    process.execPath,
    [kadmProgram, 'config', 'migrate', '--old-config', file, '--new-config', path.join(dir, 'other.yaml')],
    { stdio: 'ignore' },
  )
  setTimeout(() => stopped.kill('SIGINT'), 60 + Math.random() * 60)
  const [code, signal] = (await once(stopped, 'exit')) as [number | null, string | null]
  expect(signal === 'SIGINT' || code === 130 || code === 0).toBe(true)
  // Stopped before it was written there is no other.yaml.
  const left = await readdir(dir)
  expect(left.filter((name) => !['config.yaml', 'new.yaml', 'other.yaml'].includes(name))).toEqual([])
  // Each run draws a token.
  const written = async (name: string): Promise<string> => (await readFile(path.join(dir, name), 'utf8')).replace(/token: .+/, 'token: x')
  if (left.includes('other.yaml')) expect(await written('other.yaml')).toBe(await written('new.yaml'))
})
