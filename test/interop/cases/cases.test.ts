/**
 * Black-box cases of areas A to G and K by kubeadm and by kadm. E22 is in test/commands/certs.test.ts, E28 in test/pki/recording.test.ts
 * and below, H in test/manifests/kubelet-files.test.ts and patches.test.ts, M in test/cli/reset-command.test.ts and test/phases/reset; N
 * beside this file and in test/commands.
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { bothPrograms } from '../../support/both-programs.ts'
import { kadmProgram, runProgram } from '../../support/command-line.ts'
import { runJailed } from '../../support/jail.ts'
import { realBinary } from '../../support/real-binary.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { compareCases } from '../kubeadm-tables/compare.ts'
import { fileRows } from './file-rows.ts'
import { readingRows, rows } from './rows.ts'

test('every row has the same exit code, names the same fields, and leaves the same', { timeout: 180_000 }, async (context) => {
  const ids = 'A2 A4 A6 A8 A10 A12 B1 B3 B5 B7 C2 C4 C6 C8 C10 C12 C14 C16 D3 D5 D7 F1 F3 F5 F7 F9 F11 K2 K4 K6'.split(' ')
  expect([...new Set(rows.map(({ from }) => from))].toSorted()).toEqual(ids.toSorted())
  expect((await compareCases(context, rows)).different).toEqual([])
})

test('K2: what only reads a configuration does so on a host without a default route too', { timeout: 180_000 }, async (context) => {
  const { different, exitCodes } = await compareCases(context, readingRows, { address: null })
  expect(different).toEqual([])
  expect(exitCodes).toEqual(readingRows.map(({ words }) => (words[0] === 'init' ? 1 : 0)))
})

test('rows about files: the same files', { timeout: 300_000 }, async (context) => {
  const ids = 'E2 E4 E6 E8 E10 E12 E14 E16 E18 E20 E24 E26 E30 G2 G4 G6 G8 G10 G12 G14 G16'.split(' ')
  expect([...new Set(fileRows.map(({ from }) => from))].toSorted()).toEqual(ids.toSorted())
  expect((await compareCases(context, fileRows)).different).toEqual([])
})

test(
  'E28: a dry run beside a CA that is there: nothing is made where the certificates are, by either',
  { timeout: 60_000 },
  async (context) => {
    const made = '/tmp/jail/pki/ca.key'
    const script =
      'c="--cert-dir=/tmp/jail/pki --kubernetes-version=v1.37.0"; "$@" init phase certs ca $c >/dev/null && sha256sum /tmp/jail/pki/* >/tmp/jail/before && "$@" init phase certs all --dry-run $c >/dev/null; echo $? >/tmp/jail/code; sha256sum /tmp/jail/pki/* >/tmp/jail/after'
    for (const program of [[realBinary(context, 'kubeadm')], [process.execPath, kadmProgram]]) {
      const { tree, stderr } = await runJailed([['bash', '-c', script, 'run', ...program]])
      const text = (name: string): string => String(tree.get(`/tmp/jail/${name}`)?.content)
      expect([text('code'), tree.get(made)?.kind, [...tree.keys()].filter((file) => file.startsWith('/tmp/jail/pki/'))], stderr).toEqual([
        '0\n',
        'file',
        ['/tmp/jail/pki/ca.crt', made],
      ])
      expect(text('after')).toBe(text('before'))
    }
  },
)

test('A10: an empty file is ok, and it is said that nothing was checked', async () => {
  const file = path.join(await temporaryDirectory(), 'empty.yaml')
  await writeFile(file, '')
  const { exitCode, stdout, stderr } = await runProgram(process.execPath, [kadmProgram, 'config', 'validate', '--config', file])
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'ok\n' })
  expect(stderr).toContain('WARNING: nothing was checked')
})

/** 9 levels of 9 aliases: 387 million words. */
const bomb = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...[...'bcdefghi'].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join()}]`),
].join('\n')

test.each([
  ['random bytes', randomBytes(3000)],
  ['a word of 200 kB', Buffer.from(`${'x'.repeat(200_000)}\n`)],
  ['a bomb of aliases', Buffer.from(bomb)],
])('A12: %s: refused with one clear line, in little time and memory', async (_, content) => {
  const file = path.join(await temporaryDirectory(), 'config.yaml')
  await writeFile(file, content)
  const began = performance.now()
  const words = ['--max-old-space-size=250', kadmProgram, 'config', 'validate', '--config', file]
  const { exitCode, stdout, stderr } = await runProgram(process.execPath, words)
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toMatch(/^error: .{1,400} \[CONFIG_(?:SYNTAX|INVALID)\]\n/)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stderr.length).toBeLessThan(3000)
  // 2 s, and what other tests on two cores take.
  expect(performance.now() - began).toBeLessThan(10_000)
})

test('D1: what was migrated once stays as it is; without tokens each run makes a new one', async (context) => {
  const { kadm, kubeadm } = bothPrograms(context)
  const dir = await temporaryDirectory()
  const cluster = `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.0\nclusterName: c${randomBytes(3).toString('hex')}\n`
  const init =
    'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nlocalAPIEndpoint: {advertiseAddress: 192.0.2.3}\nnodeRegistration: {name: node, criSocket: "unix:///x"}\n'
  const at = (name: string): string => path.join(dir, name)
  await writeFile(at('given'), `${init}bootstrapTokens: [{token: abcdef.${randomBytes(8).toString('hex')}}]\n---\n${cluster}`)
  await writeFile(at('none'), `${init}---\n${cluster}`)
  for (const program of [kadm, kubeadm]) {
    const once = (await program('config', 'migrate', '--old-config', at('given'))).stdout
    await writeFile(at('once'), once)
    expect(once).toContain('kind: InitConfiguration')
    expect((await program('config', 'migrate', '--old-config', at('once'))).stdout).toBe(once)
    const [one, two] = [
      await program('config', 'migrate', '--old-config', at('none')),
      await program('config', 'migrate', '--old-config', at('none')),
    ]
    expect(one.stdout).not.toBe(two.stdout)
    expect(one.stdout.replace(/token: .*/, '')).toBe(two.stdout.replace(/token: .*/, ''))
  }
})
