import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { requireSuccess, runCommand } from '../../src/host/command.ts'
import { localHost } from '../../src/host/local-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('output, input, environment and exit code go through; a signal is 128 and its number', async () => {
  const result = await runCommand(['sh', '-c', 'cat; echo "$GIVEN $LC_ALL"; echo err >&2; exit 7'], {
    input: 'in\n',
    environment: { GIVEN: 'x y' },
  })
  expect(result).toEqual({ argv: result.argv, exitCode: 7, stdout: 'in\nx y C\n', stderr: 'err\n' })
  expect(await runCommand(['sh', '-c', 'kill -9 $$'])).toMatchObject({ exitCode: 137 })
  // Arguments are no shell text.
  expect(await runCommand(['echo', '$HOME;`id`'])).toMatchObject({ stdout: '$HOME;`id`\n' })
  // More input than a pipe holds, to a program that does not read it.
  expect(await runCommand(['true'], { input: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 0 })
})

test('characters are not cut where a read ends in the middle of one', async () => {
  const { stdout } = await runCommand(['sh', '-c', `printf '\\303'; sleep 0.1; printf '\\244'`])
  expect(stdout).toBe('ä')
})

test('after the timeout the whole group is gone, also who does not listen to SIGTERM', async () => {
  const dir = await temporaryDirectory()
  const script = `trap '' TERM; (trap '' TERM; exec sleep 77) & echo $! > "$1/grandchild"; echo $$ > "$1/child"; while :; do sleep 0.05; done`
  const started = performance.now()
  await expect(runCommand(['bash', '-c', script, 'bash', dir], { timeout: 300 })).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringContaining('did not end within 0.3 s'),
  })
  expect(performance.now() - started).toBeLessThan(4000)
  for (const name of ['child', 'grandchild']) expect(isAlive(readFileSync(path.join(dir, name), 'utf8').trim()), name).toBe(false)
})

test('a signal ends the group, and its reason is what is thrown', async () => {
  const dir = await temporaryDirectory()
  const stop = new AbortController()
  const running = runCommand(['sh', '-c', 'sleep 78 & echo $! > "$1/grandchild"; wait', 'sh', dir], { signal: stop.signal })
  await sleep(200)
  stop.abort(new Error('the user gave up'))
  await expect(running).rejects.toThrow('the user gave up')
  expect(isAlive(readFileSync(path.join(dir, 'grandchild'), 'utf8').trim())).toBe(false)
  await expect(runCommand(['touch', `${dir}/never`], { signal: stop.signal })).rejects.toThrow('the user gave up')
})

test('a daemon that keeps the pipes open does not hold the result back', async () => {
  const started = performance.now()
  const result = await runCommand(['sh', '-c', 'echo started; sleep 5 & exit 0'])
  expect(result).toMatchObject({ exitCode: 0, stdout: 'started\n' })
  expect(performance.now() - started).toBeLessThan(3000)
})

test('a missing program, one that may not be run, and one that says too much', async () => {
  await expect(runCommand(['kadm-no-such-program'])).rejects.toMatchObject({
    code: 'COMMAND_MISSING',
    message: 'the program "kadm-no-such-program" is not on this host',
  })
  await expect(runCommand(['/etc/passwd'])).rejects.toMatchObject({ code: 'COMMAND_FAILED' })
  await expect(runCommand(['sh', '-c', 'yes'])).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringContaining('64 MiB'),
  })
})

test('failure keeps the whole stderr, shows its end, and no token', async () => {
  const result = await runCommand(['sh', '-c', 'echo first >&2; echo token abcdef.0123456789abcdef >&2; exit 2'])
  expect(() => requireSuccess(result)).toThrow(
    expect.objectContaining({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(/exited with 2: token abcdef\.\[redacted\]$/),
      details: ['first', 'token abcdef.[redacted]'],
      cause: result,
    }),
  )
})

test('what was given input cannot be run again in a shell, where it would wait for it', async () => {
  const argv = ['sh', '-c', 'cat >/dev/null; exit 1'] as const
  const run = localHost().run
  await expect(run(argv, { input: 'x' })).rejects.toMatchObject({ remedy: [expect.stringMatching(/^mend what "sh" says/)] })
  await expect(run(argv)).rejects.toMatchObject({ remedy: [expect.stringMatching(/^sh -c /)] })
  await expect(run(['sleep', '9'], { input: 'x', timeout: 50 })).rejects.toMatchObject({ remedy: [expect.stringMatching(/^mend what /)] })
})

function isAlive(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
