/** What every real `Host` promises, as a list: each is tried on this machine and on hosts behind SSH. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Host } from '../../src/host/host.ts'

export interface Promised {
  readonly name: string
  /** `dir` is an empty directory of the host. */
  readonly holds: (host: Host, dir: string) => Promise<void>
}

// What a shell, a here-document, a glob and a programmer each take for something else.
const hostileNames = [
  `it's "q"`,
  '$(id) `id` ; rm -rf x',
  'line\nbreak\n',
  ' -rf',
  '*?[a]',
  'KADM_END\nKADM_INPUT\ntouch injected\n',
  'é€😀',
  '\\n\t\u0001',
]

export const contract: readonly Promised[] = [
  {
    name: 'files: bytes, mode, owner and size come back, whatever the path is called',
    holds: async (host, dir) => {
      const everyByte = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256))
      for (const name of hostileNames) {
        const file = `${dir}/${name}/${name}`
        await host.writeFile(file, everyByte, { mode: 0o640, directoryMode: 0o711, owner: { uid: 12, gid: 34 } })
        expect(await host.readFile(file), name).toEqual(everyByte)
        expect(await host.stat(file), name).toEqual({ kind: 'file', mode: 0o640, owner: { uid: 12, gid: 34 }, size: 70_000 })
        expect(await host.stat(`${dir}/${name}`)).toMatchObject({ kind: 'directory', mode: 0o711 })
        expect(await host.list(`${dir}/${name}`)).toEqual([name])
      }
      expect(await host.list(dir)).toEqual(hostileNames.toSorted())
    },
  },
  {
    name: 'files: what is not there is undefined, and a part of the path may be a file',
    holds: async (host, dir) => {
      await host.writeFile(`${dir}/file`, '', { mode: 0o600 })
      for (const path of [`${dir}/none`, `${dir}/none/deeper`, `${dir}/file/deeper`]) {
        expect([path, await host.readText(path), await host.stat(path), await host.list(path)]).toEqual([
          path,
          undefined,
          undefined,
          undefined,
        ])
        await host.removeFile(path)
        await host.removeDirectory(path)
      }
      await expect(host.readFile(dir)).rejects.toMatchObject({ code: 'FILE_FAILED', message: `cannot read "${dir}": it is a directory` })
      await expect(host.writeFile(dir, 'x', { mode: 0o600 })).rejects.toMatchObject({ code: 'FILE_FAILED' })
      await expect(host.writeFile(`${dir}/file/deeper`, 'x', { mode: 0o600 })).rejects.toMatchObject({ code: 'FILE_FAILED' })
      await expect(host.writeFile('/proc/none', 'x', { mode: 0o600 })).rejects.toMatchObject({ code: 'FILE_FAILED' })
      await expect(host.changeOwner(`${dir}/none`, { uid: 1, gid: 1 })).rejects.toMatchObject({ code: 'FILE_FAILED' })
    },
  },
  {
    name: 'files: an overwritten one keeps owner, and mode where that is asked; links are followed; settled ones are left alone; no leftovers',
    holds: async (host, dir) => {
      const [file, link] = [`${dir}/to/file`, `${dir}/link`]
      await host.writeFile(file, 'one', { mode: 0o604, owner: { uid: 5, gid: 6 } })
      await host.run(['ln', '-s', 'to/file', link])
      await host.writeFile(link, 'two', { mode: 0o755 })
      expect([await host.readText(file), await host.stat(file), await host.stat(link)]).toMatchObject([
        'two',
        { mode: 0o755, owner: { uid: 5, gid: 6 } },
        { kind: 'link' },
      ])
      await host.writeFile(file, 'three', { mode: 0o600, keepMode: true })
      expect(await host.stat(file)).toMatchObject({ mode: 0o755 })
      const inode = async (): Promise<string> => (await host.query(['stat', '-c', '%i', file])).stdout
      const before = await inode()
      await host.writeFile(file, 'three', { mode: 0o755 })
      expect(await inode()).toBe(before)
      await host.writeFile(file, 'three', { mode: 0o600 })
      expect([(await inode()) === before, await host.stat(file)]).toMatchObject([false, { mode: 0o600 }])
      expect(await host.list(`${dir}/to`)).toEqual(['file'])
      await host.removeFile(link)
      expect([await host.stat(link), await host.readText(file)]).toEqual([undefined, 'three'])
      await host.run(['ln', '-s', 'loop', `${dir}/loop`])
      await expect(host.writeFile(`${dir}/loop`, 'x', { mode: 0o600 })).rejects.toMatchObject({ code: 'FILE_FAILED' })
    },
  },
  {
    name: 'files: where everybody may make some, the link of another is not followed and the file of another lends nothing',
    holds: async (host, dir) => {
      const [target, shared, stranger] = [`${dir}/target`, `${dir}/shared`, { uid: 12345, gid: 12345 }]
      await host.writeFile(target, 'old', { mode: 0o640, owner: { uid: 5, gid: 6 } })
      await host.makeDirectory(shared, 0o1777)
      for (const name of ['theirs', 'ours']) await host.run(['ln', '-s', target, `${shared}/${name}`])
      await host.changeOwner(`${shared}/theirs`, stranger)
      await expect(host.writeFile(`${shared}/theirs`, 'new', { mode: 0o600 })).rejects.toMatchObject({
        code: 'FILE_FAILED',
        message: expect.stringContaining('a link of somebody else'),
      })
      expect([await host.readText(target), await host.stat(`${shared}/theirs`)]).toMatchObject(['old', { kind: 'link', owner: stranger }])
      await host.writeFile(`${shared}/ours`, 'new', { mode: 0o600, keepMode: true })
      expect([await host.readText(target), await host.stat(target)]).toMatchObject(['new', { mode: 0o640, owner: { uid: 5, gid: 6 } }])
      const laid = `${shared}/laid`
      for (const options of [{ mode: 0o600 }, { mode: 0o600, keepMode: true }])
        for (const content of ['same', 'other']) {
          await host.run(['sh', '-c', 'printf same >"$1"; chmod 666 "$1"; chown 12345:12345 "$1"', 'sh', laid])
          await host.writeFile(laid, content, options)
          expect([await host.readText(laid), await host.stat(laid)]).toMatchObject([content, { mode: 0o600, owner: { uid: 0, gid: 0 } }])
          await host.removeFile(laid)
        }
    },
  },
  {
    name: 'files: appended in order with the mode of the first time; directories are made once and removed when empty',
    holds: async (host, dir) => {
      const file = `${dir}/log/journal`
      for (const line of ['a\n', 'é\n', '']) await host.appendFile(file, line, 0o640)
      await host.appendFile(file, 'c', 0o600)
      expect([await host.readText(file), await host.stat(file), await host.stat(`${dir}/log`)]).toMatchObject([
        'a\né\nc',
        { mode: 0o640 },
        { mode: 0o700 },
      ])
      await host.makeDirectory(`${dir}/a/b`, 0o2750)
      await host.makeDirectory(`${dir}/a/b`, 0o777)
      expect(await host.stat(`${dir}/a/b`)).toMatchObject({ kind: 'directory', mode: 0o2750 })
      await host.removeDirectory(`${dir}/a`)
      expect(await host.list(`${dir}/a`)).toEqual(['b'])
      await host.removeDirectory(`${dir}/a/b`)
      expect(await host.stat(`${dir}/a/b`)).toBeUndefined()
    },
  },
  {
    name: 'commands: arguments, input, environment, output and exit code go through as they are, in the C locale',
    holds: async (host) => {
      const argv = ['sh', '-c', 'cat; printf "%s|" "$@" "$GIVEN" "$LC_ALL"; echo err >&2; exit 7', 'sh', ...hostileNames] as const
      const result = await host.query(argv, { input: Buffer.from('in\0put'), environment: { GIVEN: `x 'y'\n$z` } })
      expect(result).toEqual({ argv, exitCode: 7, stdout: `in\0put${[...hostileNames, `x 'y'\n$z`, 'C', ''].join('|')}`, stderr: 'err\n' })
      expect(await host.query(['sh', '-c', 'kill -9 $$'])).toMatchObject({ exitCode: 137 })
      expect(await host.query(['true'], { input: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 0 })
      expect((await host.query(['sh', '-c', 'umask; pwd'])).stdout).toBe('0022\n/\n')
      expect(Buffer.byteLength((await host.query(['head', '-c', '3000000', '/dev/zero'])).stdout)).toBe(3_000_000)
    },
  },
  {
    name: 'commands: a missing program, one that may not be run, one that fails, one that says too much',
    holds: async (host) => {
      for (const program of ['kadm-no-such-program', '/no/such/program'])
        await expect(host.query([program])).rejects.toMatchObject({
          code: 'COMMAND_MISSING',
          message: `the program "${program}" is not on this host`,
        })
      await expect(host.query(['/etc/passwd'])).rejects.toMatchObject({
        code: 'COMMAND_FAILED',
        message: expect.stringContaining('cannot be started'),
      })
      await expect(host.run(['sh', '-c', 'echo token abcdef.0123456789abcdef >&2; exit 3'])).rejects.toMatchObject({
        code: 'COMMAND_FAILED',
        message: expect.stringMatching(/exited with 3: token abcdef\.\[redacted\]$/),
      })
      await expect(host.query(['sh', '-c', 'yes'])).rejects.toMatchObject({
        code: 'COMMAND_FAILED',
        message: expect.stringContaining('more than 64 MiB'),
      })
    },
  },
  {
    name: 'commands: the time limit and the signal end the whole group; a daemon holds nothing back',
    holds: async (host, dir) => {
      const stubborn = `trap '' TERM; (trap '' TERM; exec sleep 77) & echo $! >"$1/grandchild"; echo $$ >"$1/child"; while :; do sleep 0.05; done`
      await expect(host.query(['sh', '-c', stubborn, 'sh', dir], { timeout: 1500 })).rejects.toMatchObject({
        message: expect.stringContaining('did not end within 1.5 s'),
      })
      for (const name of ['child', 'grandchild'])
        expect(await isAlive(host, (await host.readText(`${dir}/${name}`)) ?? ''), name).toBe(false)
      const stop = new AbortController()
      const running = host.run(['sh', '-c', 'sleep 78; touch "$1/late"', 'sh', dir], { signal: stop.signal })
      await sleep(150)
      stop.abort(new Error('the user gave up'))
      await expect(running).rejects.toThrow('the user gave up')
      await expect(host.run(['touch', `${dir}/never`], { signal: stop.signal })).rejects.toThrow('the user gave up')
      const started = performance.now()
      expect(await host.query(['sh', '-c', 'echo up; sleep 5 & exit 0'])).toMatchObject({ exitCode: 0, stdout: 'up\n' })
      expect(performance.now() - started).toBeLessThan(3000)
      expect(await host.list(dir)).toEqual(['child', 'grandchild'])
    },
  },
  {
    name: 'commands and files side by side do not mix up their answers',
    holds: async (host, dir) => {
      const numbers = Array.from({ length: 25 }, (_, index) => index)
      await Promise.all(numbers.map((n) => host.writeFile(`${dir}/${n}`, `file ${n}\n`.repeat(500), { mode: 0o600 })))
      const answers = await Promise.all(
        numbers.map(async (n) => [
          (await host.query(['sh', '-c', 'sleep 0.0$(($1 % 5)); echo "$1"', 'sh', String(n)])).stdout,
          await host.readText(`${dir}/${n}`),
        ]),
      )
      expect(answers).toEqual(numbers.map((n) => [`${n}\n`, `file ${n}\n`.repeat(500)]))
    },
  },
  {
    name: 'facts are those of the host itself; the clock too',
    holds: async (host) => {
      const facts = await host.facts()
      const [name, release, id] = (await host.query(['sh', '-c', 'uname -n; uname -r; id -u'])).stdout.split('\n')
      expect(facts).toMatchObject({ hostname: name, kernelRelease: release, uid: Number(id), system: 'Linux' })
      expect(facts.memory).toBe(Number(/MemTotal:\s+(\d+)/.exec((await host.readText('/proc/meminfo')) ?? '')?.[1]) * 1024)
      expect(facts.addresses).toContainEqual({ device: 'lo', address: '127.0.0.1', family: 4, prefixLength: 8, loopback: true })
      expect(facts.environment['PATH']).toContain('/usr/bin')
      const seconds = Number((await host.query(['date', '+%s'])).stdout)
      expect(Math.abs(host.now().getTime() / 1000 - seconds)).toBeLessThan(3)
    },
  },
  {
    name: "dial: a port and a socket of the host, with the system's codes where nobody is",
    holds: async (host, dir) => {
      await expect(host.dial({ kind: 'tcp', host: '127.0.0.1', port: 1 })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      await expect(host.dial({ kind: 'unix', path: `${dir}/none` })).rejects.toMatchObject({ code: 'ENOENT' })
      await host.writeFile(`${dir}/no-socket`, '', { mode: 0o600 })
      await expect(host.dial({ kind: 'unix', path: `${dir}/no-socket` })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      await expect(
        host.dial({ kind: 'tcp', host: '127.0.0.1', port: 1 }, { signal: AbortSignal.abort(new Error('no time')) }),
      ).rejects.toThrow('no time')
    },
  },
  {
    name: "canListen: a taken port, a free one, an address that is not the host's",
    holds: async (host) => {
      const port = 20_000 + Math.floor(Math.random() * 9000)
      expect([await host.canListen(port), await host.canListen(port, '127.0.0.1'), await host.canListen(port, '203.0.113.9')]).toEqual([
        true,
        true,
        false,
      ])
    },
  },
]

/** A zombie is as good as gone. */
async function isAlive(host: Host, pid: string): Promise<boolean> {
  const text = await host.readText(`/proc/${pid.trim()}/stat`)
  return text !== undefined && !text.slice(text.lastIndexOf(')')).startsWith(') Z')
}
