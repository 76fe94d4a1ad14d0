/** The functions of the far end, under each POSIX shell that a host may have. Over real lines: test/e2e/ssh-host.test.ts. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { startTimeIn } from '../../src/host/lock.ts'
import { shellLine } from '../../src/host/shell-quote.ts'
import { sshCommands } from '../../src/host/ssh/ssh-command.ts'
import { sshFiles } from '../../src/host/ssh/ssh-files.ts'
import { clockAhead } from '../../src/host/ssh/ssh-host.ts'
import { openShell, type Shell } from '../../src/host/ssh/ssh-shell.ts'
import type { Ask } from '../../src/host/ssh/ssh-shells.ts'
import { hostImage, hostImageFolder } from '../support/host-image.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { contract } from './contract.ts'

const isInstalled = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(path.join(folder, program)))

const busybox = path.join(hostImageFolder, 'bin/busybox')
const shells: readonly (readonly [string, ...string[]])[] = [['dash'], ['bash', '--posix'], [busybox, 'sh']]

describe.each(shells.map((argv) => ({ argv, name: argv.map((word) => path.basename(word)).join(' ') })))('$name', ({ argv }) => {
  beforeEach((context) => {
    if (argv[0] === busybox) hostImage(context, [busybox])
    else context.skip(!isInstalled(argv[0]), `${argv[0]} is not installed`)
  })

  test.for(contract.filter(({ name }) => name.startsWith('files:')))('$name', async ({ holds }) => {
    const shell = await farEnd(argv).open()
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    await holds(
      {
        ...localHost(),
        ...sshFiles(
          (lines) => shell.request(lines),
          () => boot,
        ),
      },
      await temporaryDirectory(),
    )
  })

  test('what the login shell says while it starts is in no answer', async () => {
    const noise = 'echo welcome; echo "cannot set locale" >&2; printf "no end of line"; printf "nor here" >&2; exec "$@"'
    const { request } = await farEnd(['sh', '-c', noise, 'sh', ...argv]).open()
    const answers = await Promise.all([request('echo one; echo two >&2; false'), request('echo three')])
    expect(answers.map(({ code, stdout, stderr }) => [code, stdout.toString(), stderr])).toEqual([
      [1, 'one\n', 'two\n'],
      [0, 'three\n', ''],
    ])
  })

  test('a write that fails is told and leaves nothing, and the shell goes on as it was', async () => {
    const { request } = await farEnd(argv).open()
    const dir = await temporaryDirectory()
    const writes = [
      write('/proc/none', {}),
      write(`${dir}/a`, { owner: 'kadm-nobody' }),
      write(`${dir}/b`, { mode: '9', umask: '-' }),
      write(`${dir}/good`, {}),
    ]
    const codes: number[] = []
    for (const lines of writes) {
      codes.push((await request(lines)).code === 0 ? 0 : 1)
      const after = await request('[ ! -e /proc/$$/fd/8 ] && umask && printf x >"$k_dir/shell-$$"')
      expect([lines, after.code, Number(after.stdout)]).toEqual([lines, 0, 77])
    }
    expect([codes, await readdir(dir)]).toEqual([[1, 1, 1, 0], ['good']])
  })

  test('a write removes what a write of an earlier boot has left, whoever has its pid now', async () => {
    const { request } = await farEnd(argv).open()
    const dir = await temporaryDirectory()
    // The second is of one that is at work: of the shell that began this one.
    await request(`: >"${dir}/.file.kadm-1-00000000aaaaaaaa"; : >"${dir}/.file.kadm-1-\${k_boot%%-*}bbbbbbbb"; ${write(`${dir}/file`, {})}`)
    expect((await readdir(dir)).toSorted()).toEqual([expect.stringMatching(/^\.file\.kadm-1-.*bbbbbbbb$/), 'file'])
  })

  test('a link that lies where the temporary file is to be made is not followed', async () => {
    const { request } = await farEnd(argv).open()
    const dir = await temporaryDirectory()
    expect((await request(`ln -s elsewhere "${dir}/.file.kadm-$$-\${k_boot%%-*}name"; ${write(`${dir}/file`, {})}`)).code).not.toBe(0)
    expect(await readdir(dir)).toEqual([expect.stringMatching(/^\.file/)])
  })

  test('a link that is put in the place of the temporary file gives neither owner nor content to what it leads to', async () => {
    const { request } = await farEnd(argv).open()
    const dir = await temporaryDirectory()
    const [temporary, victim] = [`"${dir}/.file.kadm-$$-\${k_boot%%-*}name"`, `${dir}/victim`]
    await writeFile(victim, 'old', { mode: 0o600 })
    await request(`chown() { mv ${temporary} ${dir}/away; ln -s victim ${temporary}; command chown "$@"; }
${write(`${dir}/file`, { owner: '5:6', mode: '644', umask: '133' })}`)
    const host = localHost()
    expect([await host.readText(victim), await host.stat(victim)]).toMatchObject(['old', { mode: 0o600, owner: { uid: 0, gid: 0 } }])
    expect([await host.readText(`${dir}/away`), await host.stat(`${dir}/away`)]).toMatchObject([
      'x',
      { mode: 0o644, owner: { uid: 5, gid: 6 } },
    ])
  })

  test('what is written, added or removed is on the disk before that is told: the file, then its folder', async () => {
    const { request } = await farEnd(argv).open()
    const [dir, notes] = [await temporaryDirectory(), await temporaryDirectory()]
    await request(`sync() { printf '%s %s\\n' "$1" "$(cat "$1" 2>/dev/null)" >>"${notes}/synced"; command sync "$@"; }`)
    const synced = async (lines: string): Promise<string> => {
      await writeFile(`${notes}/synced`, '')
      expect([lines, (await request(lines)).code]).toEqual([lines, 0])
      return (await readFile(`${notes}/synced`, 'utf8')).replaceAll(dir, '').replaceAll(/kadm-\S+/g, 'kadm')
    }
    const append = (id: string): string => `k_append "${dir}/log/journal" 600 ${id} "$k_boot" <<'END'\neA==\nEND`
    expect(await synced(write(`${dir}/sub/file`, {}))).toBe('/ \n/sub/.file.kadm x\n/sub/ \n')
    expect(await synced(append('one'))).toBe('/ \n/log/journal x\n/log/ \n')
    expect(await synced(append('two'))).toBe('/log/journal xx\n')
    expect(await synced(`k_remove "${dir}/sub/file"`)).toBe('/sub/ \n')
    expect(await synced(`k_rmdir "${dir}/sub"`)).toBe('/ \n')
  })

  test('owner and mode are those of the end before the first byte is in a file, and the mode was no wider before', async () => {
    const { request } = await farEnd(argv).open()
    const [dir, notes] = [await temporaryDirectory(), await temporaryDirectory()]
    const noting = ['base64', 'chmod'].map(
      (name) =>
        `${name}() { stat -c '${name} %a %u:%g %s' "${dir}/.file.kadm-$$-\${k_boot%%-*}name" >>"${notes}/looks"; command ${name} "$@"; }`,
    )
    await request(noting.join('\n'))
    const looks = async (options: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      await writeFile(`${notes}/looks`, '')
      await request(write(`${dir}/file`, options))
      await rm(`${dir}/file`)
      return (await readFile(`${notes}/looks`, 'utf8')).split('\n').slice(0, -1)
    }
    expect(await looks({})).toEqual(['base64 600 0:0 0'])
    expect(await looks({ mode: '640', umask: '137', owner: '5:6' })).toEqual(['base64 640 5:6 0'])
    expect(await looks({ mode: '4755', umask: '-', owner: '5:6' })).toEqual(['chmod 600 5:6 0', 'base64 4755 5:6 0'])
  })

  test('a command that cannot be started, since there is no room for its text, is told in words', async () => {
    const shell = await farEnd(argv).open()
    const boot = (await shell.request('printf %s "$k_boot"')).stdout.toString()
    const run = sshCommands(
      (lines) => shell.request(lines),
      () => boot,
    )
    expect(await run(['wc', '-c'], { input: 'x'.repeat(200_000) })).toMatchObject({ exitCode: 0, stdout: '200000\n' })
    await shell.request('trap "" XFSZ; ulimit -f 8')
    await expect(run(['wc', '-c'], { input: 'x'.repeat(200_000) })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(/^"wc -c" was not started: .*(?:File too large|No space left)/),
    })
  })

  test('here-documents lie in no folder of others, and nobody else is told so', async () => {
    vi.stubEnv('TMPDIR', '/var/tmp')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { request } = await farEnd(argv).open()
    const long = `${'x'.repeat(99)}\n`.repeat(2000)
    const { stdout } = await request(`readlink /proc/self/fd/0 <<'END'\n${long}END\nenv`)
    const [where = '', ...environment] = stdout.toString().split('\n')
    expect(where).toMatch(/^(?:pipe:|\/run\/kadm-test-)/)
    expect(environment.filter((line) => line.startsWith('TMPDIR='))).toEqual([])
  })

  test('its clock is that of this machine, also where it has no nanoseconds; one that it does not tell is an error', async () => {
    const { request } = await farEnd(argv).open()
    const ask: Ask = (lines) => request(lines)
    const ahead = async (date: string): Promise<number> => {
      await request(`date() { ${date}; }`)
      return clockAhead(ask)
    }
    expect(await clockAhead(ask)).toBe(0)
    // The way there may have taken a second.
    for (const form of ['+%s', '+%s %%N', '+%s '])
      expect([form, Math.abs(await ahead(`command date '${form}'`)) < 60_000]).toEqual([form, true])
    expect(await ahead('echo 12345 000000000')).toBeLessThan(-1e12)
    await expect(ahead('command no-such-date')).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(/^the host does not say what time it is: .*not found/),
    })
    await expect(ahead("echo '%s %N'")).rejects.toThrow('date prints "%s %N"')
  })

  test('a holder ends with its shell, and when there is a new one', async () => {
    const shell = await farEnd(argv).open()
    const [first, second] = [await hold(shell), await hold(shell)]
    await expect.poll(() => isAlive(first), { timeout: 10_000 }).toBe(false)
    expect([await isAlive(second), (await shell.request(`k_beat ${second}`)).code]).toEqual([true, 0])
    shell.end()
    await expect.poll(() => isAlive(second), { timeout: 10_000 }).toBe(false)
  })

  test('a beat fails when the holder was killed, also for a shell that is not its parent', async () => {
    const { open } = farEnd(argv)
    const [parent, other] = [await open(), await open()]
    const holder = await hold(parent)
    const beats = async (): Promise<readonly boolean[]> => [await isHeard(parent, holder), await isHeard(other, holder)]
    expect(await beats()).toEqual([true, true])
    process.kill(holder, 'SIGKILL')
    await expect.poll(() => isAlive(holder)).toBe(false)
    expect([await isHeard(other, holder), await isHeard(parent, holder)]).toEqual([false, false])
  })
})

/** Shells of one line, and what is left of it when the test is over is taken away. */
function farEnd([program = '', ...words]: readonly string[]): { readonly open: () => Promise<Shell> } {
  const directory = `kadm-test-${randomBytes(6).toString('hex')}`
  onTestFinished(() => rm(`/run/${directory}`, { recursive: true, force: true }))
  const client = {
    exec: (_: string, answer: (error: undefined, channel: unknown) => void) => {
      const { stdin, stdout, stderr } = spawn(program, words, { stdio: 'pipe' })
      answer(undefined, Object.assign(Duplex.from({ readable: stdout, writable: stdin } as never), { stderr }))
    },
  } as unknown as Client
  return {
    open: async () => {
      const shell = await openShell(client, directory)
      onTestFinished(() => shell.end())
      return shell
    },
  }
}

/** Writes an `x`. */
function write(file: string, { mode = '600', owner = '-', umask = '177' }: Readonly<Record<string, string>>): string {
  return `${shellLine(['k_write', file, mode, '0', '755', owner, 'no-hash', '1', 'name', umask])} <<'END'\neA==\nEND`
}

async function hold(shell: Shell): Promise<number> {
  return Number((await shell.request('k_hold')).stdout)
}

async function isHeard(shell: Shell, holder: number): Promise<boolean> {
  return (await shell.request(`k_beat ${holder}`)).code === 0
}

async function isAlive(pid: number): Promise<boolean> {
  return startTimeIn((await localHost().readText(`/proc/${pid}/stat`)) ?? '') !== undefined
}
