/** Hosts that answer without end or not at all: told in words, each for itself, and nobody waits for ever or fills his memory. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { KadmError, messageOf } from '../../src/errors.ts'
import { connectSsh } from '../../src/host/ssh/ssh-host.ts'
import { skipInShortRun } from '../support/long-run.ts'
import { measuredPlan } from '../support/measured-plan.ts'
import { type SshTargets, sshTargets } from '../support/ssh-targets.ts'

let targets: SshTargets

beforeAll(async () => {
  targets = await sshTargets(7)
})

afterAll(() => targets.close())

const program = (path: string, line: string): string => `rm -f ${path}; printf '#!/bin/sh\\n${line}\\n' >${path}; chmod 755 ${path}`

async function planOf(
  hostile: Readonly<Record<string, string>>,
): Promise<{ readonly problems: Readonly<Record<string, string>>; readonly seconds: number; readonly memory: number }> {
  const hosts = targets.hosts.filter(({ name }) => name === 'h1' || name in hostile)
  await Promise.all(Object.entries(hostile).map(([name, command]) => targets.onHost(name, command)))
  const { exitCode, stderr, seconds, usage } = await measuredPlan({ ...targets, hosts })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('PREFLIGHT_FAILED')
  return {
    problems: Object.fromEntries(
      [...stderr.matchAll(/(h\d)(?: cannot be reached:| does not say what it is:)? (.*)/g)].map(([, name = '', text = '']) => [name, text]),
    ),
    seconds,
    memory: usage.memory,
  }
}

test('a login shell, a program and a file that have no end', { timeout: 60_000 }, async () => {
  const { problems, memory } = await planOf({
    h2: `${program('/bin/endless', 'exec yes an answer that never ends')}; usermod -s /bin/endless root`,
    h3: program('/usr/bin/kubelet', 'exec yes'),
    h4: 'mkdir -p /var/lib/kadm; truncate -s 1G /var/lib/kadm/journal.jsonl',
  })
  expect(problems).toMatchObject({
    h2: expect.stringMatching(/gives no shell: more than 1 MiB \[HOST_UNREACHABLE\]$/),
    h3: expect.stringContaining('has no kubelet'),
    h4: expect.stringMatching(/cannot read ".*journal.jsonl": it is too large: more than 64 MiB \[FILE_FAILED\]$/),
  })
  expect(problems['h1']).toBeUndefined()
  expect(memory).toBeLessThan(450e6)
})

test('a login shell, a program and a file that never answer', { timeout: 120_000 }, async (context) => {
  skipInShortRun(context)
  const { problems, seconds } = await planOf({
    h5: `${program('/bin/silent', 'exec sleep 10000')}; usermod -s /bin/silent root`,
    h6: 'rm /etc/machine-id; mkfifo /etc/machine-id',
    h7: program('/usr/bin/kubelet', 'sleep 10000'),
  })
  expect(problems).toMatchObject({
    h5: expect.stringMatching(/gives no shell: no answer within 20 s \[HOST_UNREACHABLE\]$/),
    h6: expect.stringMatching(/cannot read "\/etc\/machine-id": no answer within 30 s \[FILE_FAILED\]$/),
    h7: expect.stringContaining('has no kubelet'),
  })
  expect(problems['h1']).toBeUndefined()
  expect(seconds).toBeLessThan(60)
})

describe('what is no sshd', () => {
  const outcome = async (serve: (socket: Socket) => void): Promise<string> => {
    const server = createServer((socket) => serve(socket.on('error', () => undefined))).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    return connectSsh({ user: 'root', address: '127.0.0.1', port }, { identityFiles: [], agent: '' }).then(
      () => 'connected',
      (error: unknown) => `${error instanceof KadmError ? error.code : 'not foreseen'}: ${messageOf(error)}`,
    )
  }
  const endless = (line: Buffer) => (socket: Socket) => {
    const more = (): void => void (socket.writable && socket.write(line, () => setImmediate(more)))
    more()
  }

  test.for([
    { name: 'hangs up at once', serve: (socket: Socket) => void socket.end() },
    { name: 'speaks HTTP', serve: (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') },
    { name: 'talks without end before it says what it is', serve: endless(Buffer.from(`${'x'.repeat(60_000)}\n`)) },
    { name: 'sends one line without end', serve: endless(Buffer.alloc(60_000, 'x')) },
    {
      name: 'sends noise after its greeting',
      serve: (socket: Socket) => (socket.write('SSH-2.0-OpenSSH_9.9\r\n'), endless(Buffer.alloc(60_000, 255))(socket)),
    },
  ])('$name', { timeout: 40_000 }, async ({ serve }) => {
    const [started, before] = [performance.now(), process.memoryUsage.rss()]
    expect(await outcome(serve)).toMatch(/^HOST_UNREACHABLE: the host "root@127.0.0.1:\d+" cannot be reached: /)
    expect([performance.now() - started < 5000, process.memoryUsage.rss() - before < 200e6]).toEqual([true, true])
  })

  test('says nothing', { timeout: 40_000 }, async (context) => {
    skipInShortRun(context)
    expect(await outcome(() => undefined)).toMatch(/^HOST_UNREACHABLE: .*sshd did not come to an end of the login within 20 s/)
  })
})
