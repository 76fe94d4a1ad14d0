import { spawnSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/temporary.ts'

const module = fileURLToPath(new URL('../../src/sandbox/missing-pieces.ts', import.meta.url))
// The error as one line of JSON, or "fine".
const report = (call: string): string =>
  `const m = await import(${JSON.stringify(module)}); await m.${call}.then(() => console.log('"fine"'), ({ code, message, remedy }) => console.log(JSON.stringify({ code, message, remedy })))`

function ask(
  call: string,
  { prefix = [], environment = {} }: { prefix?: readonly string[]; environment?: Record<string, string> } = {},
): unknown {
  const [program = '', ...argv] = [...prefix, process.execPath, '--input-type=module', '-e', report(call)]
  const { stdout, stderr } = spawnSync(program, argv, { encoding: 'utf8', env: { ...process.env, ...environment } })
  return stdout === '' ? stderr : JSON.parse(stdout)
}

test('a Go that is too old is refused with its own version in the message', async () => {
  const folder = await temporaryDirectory()
  const say = async (version: string): Promise<unknown> => {
    await writeFile(path.join(folder, 'go'), `#!/bin/sh\necho ${version}\n`)
    await chmod(path.join(folder, 'go'), 0o755)
    return ask('requireGo({})', { environment: { PATH: `${folder}:/usr/bin:/bin` } })
  }
  for (const version of ['go1.25.9', 'go1.4', 'devel']) {
    expect(await say(version)).toMatchObject({
      code: 'SANDBOX_MISSING_PIECE',
      message: expect.stringContaining(`Go 1.26 or later (${folder}/go is ${version})`),
      remedy: expect.arrayContaining(['go version']),
    })
  }
  for (const version of ['go1.26.0', 'go1.26rc2', 'go1.27.1', 'go2.0']) expect(await say(version)).toBe('fine')
})

test('without root it says so before anything is tried', (context) => {
  if (process.getuid?.() !== 0) context.skip('needs root to become someone else')
  const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  expect(ask('ensurePieces({ say: () => {} })', { prefix })).toMatchObject({
    code: 'SANDBOX_MISSING_PIECE',
    message: expect.stringContaining('needs root'),
    remedy: ['sudo npm start'],
  })
})

test('a machine without apt-get gets one error with the names of all packages that lack', (context) => {
  if (process.getuid?.() !== 0) context.skip('needs root to hide programs')
  // The programs are hidden in a mount namespace of its own: nothing of the machine changes.
  const hide = ['apt-get', 'mmdebstrap', 'nsenter', 'ssh']
  const script = `for name in ${hide.join(' ')}; do file=$(command -v $name) || continue; file=$(readlink -f $file); mount --bind /dev/null $file; done; exec "$@"`
  const prefix = ['unshare', '--mount', 'sh', '-c', script, 'sh']
  const answer = ask('ensurePieces({ say: () => {} })', { prefix })
  expect(answer).toMatchObject({ code: 'SANDBOX_MISSING_PIECE', message: expect.stringMatching(/mmdebstrap.*openssh-client.*util-linux/) })
})
