/**
 * Hosts behind SSH: all that a host promises, as root, as a user with sudo and through a bastion; lines that break; who must not be
 * trusted.
 */
import { generateKeyPairSync } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { KadmError, messageOf } from '../../src/errors.ts'
import { runCommand } from '../../src/host/command.ts'
import type { Host } from '../../src/host/host.ts'
import { connectSsh } from '../../src/host/ssh/ssh-host.ts'
import type { SshOptions, SshTarget } from '../../src/host/ssh/ssh-target.ts'
import { labInitConfig } from '../../src/sandbox/lab-config.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { contract } from '../host/contract.ts'
import { renewHosts, sharedSandbox } from '../support/cluster.ts'
import { kadmProgram, runKadm, runProgram } from '../support/command-line.ts'
import { encryptKeyFile, freshKeyFile, sshAgent } from '../support/ssh-agent.ts'
import { type SshRelay, sshRelay } from '../support/ssh-relay.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { isLongRun } from '../support/long-run.ts'
import { messageCatalog } from '../support/message-catalog.ts'

const passphrase = `phrase-${Math.random().toString(36).slice(2)}`
const password = `pass-${Math.random().toString(36).slice(2)}`

const notFound = 'Datei oder Verzeichnis nicht gefunden'

let sandbox: Sandbox
let relay: SshRelay
let pins: Record<'h1' | 'h2', string>
/** All that was said to the user in this file. */
const said: string[] = []

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 2 })
  relay = await sshRelay(sandbox, 'h1')
  const [h1, h2] = await Promise.all(['h1', 'h2'].map(prepare))
  pins = { h1: h1 ?? '', h2: h2 ?? '' }
}, 300_000)

afterAll(async () => {
  relay.close()
  await renewHosts(sandbox)
})

/** A user with sudo and a password; who logs in as root may log in as that one too. */
async function prepare(host: string): Promise<string> {
  await sandbox.put(
    host,
    '/usr/share/locale/de/LC_MESSAGES/libc.mo',
    messageCatalog({
      'No such file or directory': notFound,
      'Permission denied': 'Keine Berechtigung',
      'Not a directory': 'Ist kein Verzeichnis',
    }),
  )
  const script = `set -e
useradd -m -s /bin/bash admin 2>/dev/null || true; printf 'admin:%s\\n' "$1" | chpasswd
install -d -m 700 -o admin ~admin/.ssh; install -m 600 -o admin ~/.ssh/authorized_keys ~admin/.ssh/authorized_keys
echo 'admin ALL=(ALL) ALL' >/etc/sudoers.d/admin; chmod 440 /etc/sudoers.d/admin
cp -r /usr/lib/locale/C.utf8 /usr/lib/locale/de_DE.utf8 # the words of the programs are there, the locale is not
printf 'LANG=de_DE.UTF-8\\nLC_ALL=de_DE.UTF-8\\nLANGUAGE=de\\n' >/etc/environment
echo 'PerSourcePenalties no' >>/etc/ssh/sshd_config # it would lock out who is cut off
systemctl reload ssh
ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`
  return /SHA256:\S+/.exec(await sandbox.run(host, ['bash', '-c', script, 'bash', password]))?.[0] ?? ''
}

const identity = (): string => {
  const argv = sandbox.sshArgv('h1')
  return argv[argv.indexOf('-i') + 1] ?? ''
}

const at = (user: string): SshTarget => ({ user, address: '127.0.0.1', port: relay.port })

async function connect(user: string, options: SshOptions = {}): Promise<Host> {
  const host = await connectSsh(at(user), {
    hostKey: pins.h1,
    identityFiles: [identity()],
    agent: '',
    secret: async () => password,
    say: (line) => said.push(line),
    ...(user === 'admin' && { become: 'sudo' }),
    ...options,
  })
  onTestFinished(() => host.close())
  return host
}

describe.each<{ readonly name: string; readonly open: () => Promise<Host> }>([
  { name: 'root', open: () => connect('root') },
  { name: 'a user with sudo and a password', open: () => connect('admin') },
  {
    name: 'root, through a bastion',
    open: async () => {
      const address = sandbox.hosts.find(({ name }) => name === 'h2')?.address ?? ''
      return connectBehind({ user: 'root', address, port: 22 })
    },
  },
])('$name', ({ open }) => {
  test('keeps what a host promises', { timeout: 60_000 }, async () => {
    const host = await open()
    const base = `/root/contract-${Math.random()}`
    for (const [index, { name, holds }] of contract.entries()) {
      await host.makeDirectory(`${base}/${index}`, 0o700)
      await holds(host, `${base}/${index}`).catch((error: unknown) => {
        throw new Error(`${name}: ${messageOf(error)}`, { cause: error })
      })
    }
    expect([await host.services.kind(), await host.services.isActive('containerd'), await host.services.exists('nonsense')]).toEqual([
      'systemd',
      true,
      false,
    ])
    expect(await host.containerRuntime('unix:///run/containerd/containerd.sock').version()).toMatchObject({ name: 'containerd' })
    expect([await host.canListen(22), await host.canListen(22, '127.0.0.1')]).toEqual([false, false])
    const stream = await host.dial({ kind: 'tcp', host: '127.0.0.1', port: 22 })
    const [greeting] = await new Promise<Buffer[]>((resolve) => stream.once('data', (chunk: Buffer) => resolve([chunk])))
    stream.destroy()
    expect(greeting?.toString()).toMatch(/^SSH-2\.0-OpenSSH/)
    await host.close()
    expect((await sandbox.run('h1', ['ls', '/run'])).split('\n').filter((name) => name.startsWith('kadm-ssh-'))).toEqual([])
  })
})

test('a host that speaks German is understood', { timeout: 30_000 }, async () => {
  expect((await runCommand(sandbox.sshArgv('h1', ['stat', '/none']))).stderr).toContain(`ist fehlgeschlagen: ${notFound}`)
  const host = await connect('admin', { become: undefined })
  expect(await host.readText('/etc/none')).toBeUndefined()
  await expect(host.readText('/etc/shadow')).rejects.toMatchObject({ message: 'cannot read "/etc/shadow": permission denied' })
  expect((await host.query(['stat', '/none'])).stderr).toContain('No such file or directory')
  await expect(host.query(['nonsense'])).rejects.toMatchObject({ code: 'COMMAND_MISSING' })
  await connect('admin', { secret: async () => `wrong-${password}` }).then(
    () => expect.unreachable(),
    (error: unknown) => expect(messageOf(error)).toContain('asks again'),
  )
})

test('users whose shells talk while they start: none of it is in an answer, nor in the way of sudo', { timeout: 60_000 }, async () => {
  // bash reads it for what sshd starts, too. Root's own shell talks behind sudo's sshd as well.
  const noise = `for home in ~root ~admin; do
  cp "$home/.bashrc" "$home/.bashrc.quiet"
  { printf 'echo welcome; echo "no such locale" >&2; printf "no end of line"; printf "nor here" >&2\n'; cat "$home/.bashrc.quiet"; } >"$home/.bashrc"
done`
  await sandbox.run('h1', ['bash', '-c', noise])
  onTestFinished(async () => {
    await sandbox.run('h1', ['bash', '-c', 'for home in ~root ~admin; do mv "$home/.bashrc.quiet" "$home/.bashrc"; done'])
  })
  const loud = await runCommand(sandbox.sshArgv('h1', ['true']))
  expect([loud.stdout, loud.stderr]).toEqual(['welcome\nno end of line', expect.stringContaining('no such locale\nnor here')])
  const open = [() => connect('root'), () => connect('admin', { become: undefined }), () => connect('admin')]
  for (const [index, connected] of open.entries()) {
    const host = await connected()
    // At once, so that several shells are opened.
    const [name, none, echo, slow, { uid }] = await Promise.all([
      host.readText('/etc/hostname'),
      host.readText('/etc/kadm-none'),
      host.query(['sh', '-c', 'echo one; echo two >&2; exit 3']),
      host.run(['sh', '-c', 'sleep 0.2; echo slow']),
      host.facts(),
    ])
    expect([name, none, echo.exitCode, echo.stdout, echo.stderr, slow.stdout, uid]).toEqual([
      'h1\n',
      undefined,
      3,
      'one\n',
      'two\n',
      'slow\n',
      index === 1 ? 1000 : 0,
    ])
    expect(Math.abs(host.now().getTime() - Date.now())).toBeLessThan(60_000)
  }
})

test(
  'another host in the place of the first when the line is up again: refused, and nothing is run there',
  { timeout: 30_000 },
  async () => {
    const host = await connect('root')
    const running = host.run(['sh', '-c', 'echo x >>/root/moved; sleep 5'])
    const outcome = running.then(
      () => 'done',
      (error: unknown) => (error instanceof KadmError ? error.code : messageOf(error)),
    )
    await expect.poll(() => host.readText('/root/moved'), { timeout: 10_000 }).toBe('x\n')
    relay.redirect('h2')
    onTestFinished(() => relay.redirect('h1'))
    relay.cut()
    expect(await outcome).toBe('HOST_KEY_CHANGED')
    expect((await sandbox.exec('h2', ['cat', '/root/moved'])).exitCode).toBe(1)
    expect((await sandbox.run('h2', ['ls', '/run'])).includes('kadm-ssh-')).toBe(false)
  },
)

async function connectBehind(target: SshTarget): Promise<Host> {
  const host = await connectSsh(target, {
    hostKey: pins.h2,
    identityFiles: [identity()],
    agent: '',
    bastion: { target: at('admin'), hostKey: pins.h1 },
  })
  onTestFinished(() => host.close())
  return host
}

test('the lock: told whose it is, kept when the line breaks, gone with the connection', { timeout: 30_000 }, async () => {
  const [one, two] = [await connect('root'), await connect('root')]
  const unlock = await one.lock('kadm one')
  const taken = { code: 'RUN_IN_PROGRESS', message: expect.stringContaining('"kadm one"') }
  await expect(two.lock('kadm two')).rejects.toMatchObject(taken)
  relay.cut()
  await one.readText('/etc/hostname')
  await expect(two.lock('kadm two')).rejects.toMatchObject(taken)
  await unlock()
  await two.lock('kadm two')
  await two.close()
  await expect
    .poll(
      () =>
        one.lock('kadm three').then(
          () => 'taken',
          () => 'refused',
        ),
      { timeout: 5000 },
    )
    .toBe('taken')
})

test(
  'a line that breaks at any moment: every command runs once, every line is written once',
  { timeout: isLongRun ? 600_000 : 90_000 },
  async () => {
    const host = await connect(isLongRun ? 'admin' : 'root')
    const dir = `/root/broken-${Math.random()}`
    await host.makeDirectory(dir, 0o700)
    const before = relay.opened()
    const rounds = isLongRun ? 100 : 12
    for (let round = 0; round < rounds; round++) {
      // Waited for: the last one would cut the line of the next test.
      const cut = sleep(Math.random() * 400).then(() => relay.cut())
      const [answer] = await Promise.all([
        host.run(['sh', '-c', 'echo "$1" >>"$2/ran"; sleep 0.2; echo "done $1"', 'sh', String(round), dir]),
        host.appendFile(`${dir}/log`, `${round}\n`, 0o600),
        host.writeFile(`${dir}/file`, `${round}`.repeat(10_000), { mode: 0o600 }),
        cut,
      ])
      expect(answer.stdout).toBe(`done ${round}\n`)
      expect(await host.readText(`${dir}/file`)).toBe(`${round}`.repeat(10_000))
    }
    const all = Array.from({ length: rounds }, (_, round) => `${round}\n`).join('')
    expect([await host.readText(`${dir}/ran`), await host.readText(`${dir}/log`)]).toEqual([all, all])
    expect(relay.opened() - before).toBeGreaterThan(3)
  },
)

test('a host that reboots under a command: told that it was cut off, and it is not started again', { timeout: 90_000 }, async () => {
  const host = await connect('root')
  await host.makeDirectory('/root/reboot', 0o700)
  const running = host.run(['sh', '-c', 'echo x >>/root/reboot/count; sync /root/reboot/count; sleep 60'], { timeout: 80_000 })
  const outcome = running.then(() => 'done', messageOf)
  await expect.poll(() => host.readText('/root/reboot/count')).toBe('x\n')
  await sandbox.kill('h1')
  await sandbox.start('h1')
  // What was only in memory is gone, the fact that it was started too: nothing vouches for it, so it may not run again.
  expect(await outcome).toMatch(/was cut off/)
  expect(await host.readText('/root/reboot/count')).toBe('x\n')
})

describe('users who may not, and secrets', () => {
  const outcome = (host: Promise<Host>): Promise<string> =>
    host.then(
      () => 'connected',
      (error: unknown) => `${error instanceof Error && 'code' in error ? String(error.code) : ''}: ${messageOf(error)}`,
    )

  test('sudo: no password, a wrong one is given once only, questions that kadm does not know', { timeout: 60_000 }, async () => {
    expect(await outcome(connect('admin', { secret: async () => undefined }))).toMatch(
      /^BECOME_FAILED: .*wants a password, and there is none/,
    )
    await sandbox.run('h1', ['journalctl', '--rotate', '--vacuum-time=1s'])
    expect(await outcome(connect('admin', { secret: async () => `wrong-${password}` }))).toMatch(/^BECOME_FAILED: .*asks again/)
    expect((await sandbox.run('h1', ['journalctl', '--no-pager', '-t', 'sudo'])).match(/authentication failure/g)).toHaveLength(1)
    await sandbox.run('h1', ['usermod', '-s', '/usr/sbin/nologin', 'admin'])
    expect(await outcome(connect('admin', { become: undefined }))).toMatch(/^HOST_UNREACHABLE: .*gives no shell.*not available/)
    await sandbox.run('h1', ['usermod', '-s', '/bin/bash', 'admin'])
    const user = await connect('admin', { become: undefined })
    expect([(await user.facts()).uid, await user.readText('/etc/hostname')]).toEqual([1000, 'h1\n'])
    await expect(user.readText('/etc/shadow')).rejects.toMatchObject({
      code: 'FILE_FAILED',
      message: 'cannot read "/etc/shadow": permission denied',
    })
    await expect(user.writeFile('/etc/new', 'x', { mode: 0o600 })).rejects.toMatchObject({
      code: 'FILE_FAILED',
      message: 'cannot write "/etc/new": permission denied',
    })
    expect(await user.readText('/etc/kadm-none')).toBeUndefined()
    if (!isLongRun) return
    await sandbox.put('h1', '/usr/local/bin/sudo', '#!/bin/sh\nprintf "Einmalcode: " >&2; read code; exit 1\n', 0o755)
    expect(await outcome(connect('admin'))).toMatch(/^BECOME_FAILED: .*Einmalcode/)
    await sandbox.run('h1', ['rm', '/usr/local/bin/sudo'])
  })

  test('an encrypted key: opened by its passphrase, refused without and with another', { timeout: 30_000 }, async () => {
    const file = path.join(await temporaryDirectory(), 'id')
    await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', '-f', file])
    await sandbox.run('h1', [
      'sh',
      '-c',
      'printf "%s\\n" "$1" >>/root/.ssh/authorized_keys',
      'sh',
      (await readFile(`${file}.pub`, 'utf8')).trim(),
    ])
    const withKey = (secret: string | undefined): Promise<string> =>
      outcome(connect('root', { identityFiles: [file], secret: async () => secret }))
    expect(await withKey(passphrase)).toBe('connected')
    expect(await withKey(undefined)).toMatch(/^LOGIN_REFUSED: .*encrypted/)
    expect(await withKey('other')).toMatch(/^LOGIN_REFUSED: .*passphrase does not open it/)
    const stranger = path.join(await temporaryDirectory(), 'stranger')
    await runProgram('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-C', 'test', '-f', stranger])
    expect(await outcome(connect('root', { identityFiles: [stranger] }))).toMatch(/^LOGIN_REFUSED: .*accepts none of the keys/)
  })

  test(
    'an agent: cut off with too many keys, signs for a file that is encrypted, passed over when it is gone',
    { timeout: 60_000 },
    async () => {
      const [agent, file] = [await sshAgent(), path.join(await temporaryDirectory(), 'id')]
      for (let count = 0; count < 7; count++) await agent.add(await freshKeyFile())
      const withAgent = (options: SshOptions): Promise<string> =>
        outcome(connect('root', { agent: agent.socket, secret: async () => undefined, ...options }))
      expect(await withAgent({ identityFiles: [] })).toMatch(/^LOGIN_REFUSED: .*cut off after too many keys: agent /)
      await copyFile(identity(), file)
      await encryptKeyFile(file, passphrase)
      await agent.add(identity())
      expect(await withAgent({ identityFiles: [file] })).toBe('connected')
      const gone = `${agent.socket}-gone`
      expect(await withAgent({ identityFiles: [file], agent: gone })).toMatch(/^LOGIN_REFUSED: .*encrypted.*does not answer/)
      expect(await withAgent({ identityFiles: [await freshKeyFile(), identity()], agent: gone })).toBe('connected')
    },
  )

  test('a host with one session for each connection', { timeout: 60_000 }, async () => {
    await sandbox.run('h1', ['sh', '-c', 'echo "MaxSessions 1" >>/etc/ssh/sshd_config; systemctl reload ssh'])
    onTestFinished(async () => {
      await sandbox.run('h1', ['sh', '-c', 'sed -i "/^MaxSessions/d" /etc/ssh/sshd_config; systemctl reload ssh'])
    })
    for (const user of ['root', 'admin']) {
      const host = await connect(user)
      const started = performance.now()
      const answers = await Promise.all([
        host.run(['sh', '-c', 'sleep 0.3; echo one']),
        host.readText('/etc/hostname'),
        host.query(['echo', 'two']),
      ])
      expect(answers).toMatchObject([{ stdout: 'one\n' }, 'h1\n', { stdout: 'two\n' }])
      await expect(host.query(['sleep', '60'], { timeout: 300 })).rejects.toMatchObject({
        message: expect.stringContaining('did not end within 0.3 s'),
      })
      expect((await host.query(['pgrep', '-x', 'sleep', '-a'])).stdout).not.toContain('sleep 60')
      expect(performance.now() - started).toBeLessThan(20_000)
    }
  })

  test('no secret in a process list, a log or what is said', { timeout: 60_000 }, async () => {
    const secrets = [password, passphrase, `file-${password}`, `input-${password}`, `variable-${password}`]
    const sampling = sandbox.exec('h1', [
      'sh',
      '-c',
      'end=$(($(date +%s) + 4)); while [ $(date +%s) -lt $end ]; do cat /proc/[0-9]*/cmdline; done 2>/dev/null | tr "\\0" " " | sort -u',
    ])
    // What a kadm that was killed has left, secrets of a command too, and what one has that is at work.
    await sandbox.run('h1', [
      'sh',
      '-c',
      'mkdir /run/kadm-ssh-dead /run/kadm-ssh-living; : >/run/kadm-ssh-dead/shell-4000000; : >/run/kadm-ssh-living/shell-1; touch -d "1 hour ago" /run/kadm-ssh-*',
    ])
    const host = await connect('admin')
    expect((await host.list('/run'))?.filter((name) => /^kadm-ssh-(?:dead|living)$/.test(name))).toEqual(['kadm-ssh-living'])
    for (let round = 0; round < 10; round++) {
      await host.writeFile('/root/secret', `file-${password} ${round}`, { mode: 0o600, secret: true })
      await host.run(['sh', '-c', 'cat >/dev/null; sleep 0.1'], {
        input: `input-${password}`,
        environment: { SECRET: `variable-${password}` },
      })
    }
    await host.removeFile('/root/secret')
    const processes = (await sampling).stdout
    expect(processes).toContain('sudo -S') // it did see us
    await host.close()
    await sandbox.run('h1', ['rm', '-r', '/run/kadm-ssh-living'])
    const logs = await sandbox.run('h1', [
      'sh',
      '-c',
      'journalctl --no-pager --output=cat; cat /var/log/*.log 2>/dev/null; grep -rs . /run/kadm* /var/lib/kadm 2>/dev/null; true',
    ])
    for (const secret of secrets) for (const text of [processes, logs, said.join('\n')]) expect(text.includes(secret)).toBe(false)
  })

  test(
    'kadm --host: the phases of init on another host, the configuration from here; flags that make no sense',
    { timeout: isLongRun ? 240_000 : 60_000 },
    async () => {
      const dir = await temporaryDirectory()
      await writeFile(path.join(dir, 'init.yaml'), labInitConfig())
      await writeFile(path.join(dir, 'password'), `${password}\n`, { mode: 0o600 })
      process.env['KADM_BECOME_PASSWORD_FILE'] = path.join(dir, 'password')
      onTestFinished(() => void delete process.env['KADM_BECOME_PASSWORD_FILE'])
      const target = ['--host', `admin@127.0.0.1:${relay.port}`, '--become', 'sudo', '--identity-file', identity(), '--host-key', pins.h1]
      const certs = await runKadm('init', 'phase', 'certs', 'all', '--config', path.join(dir, 'init.yaml'), ...target)
      expect([certs.exitCode, certs.stderr]).toEqual([0, ''])
      const found = await sandbox.run('h1', [
        'sh',
        '-c',
        'cd /etc/kubernetes/pki; stat -c "%a %U %n" ca.key; openssl verify -CAfile ca.crt apiserver.crt; openssl x509 -in apiserver.crt -noout -ext subjectAltName',
      ])
      expect(found).toContain('600 root ca.key\napiserver.crt: OK')
      expect(found).toContain(`DNS:h1`)
      expect(found).toContain(sandbox.hosts[0]?.address)
      expect(await runKadm('init', '--become', 'sudo')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('--become is for a host that --host names'),
      })
      expect(await runKadm('reset', '--host', '-oProxyCommand=x')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('is not a host to log in to'),
      })
      if (!isLongRun) return
      const init = await runCommand([process.execPath, kadmProgram, 'init', '--config', path.join(dir, 'init.yaml'), ...target], {
        timeout: 180_000,
      })
      expect([init.exitCode, init.stdout]).toEqual([0, expect.stringContaining('Your Kubernetes control plane is up.')])
      expect(await sandbox.run('h1', ['kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', 'get', 'nodes', '-o', 'name'])).toBe(
        'node/h1\n',
      )
    },
  )
})

describe('host keys', () => {
  const line = async (): Promise<string> => {
    const [type, key] = (await sandbox.run('h1', ['cat', '/etc/ssh/ssh_host_ed25519_key.pub'])).split(' ')
    return `[127.0.0.1]:${relay.port} ${type} ${key}`
  }
  const withFile = async (text: string, options: SshOptions = {}): Promise<{ readonly file: string; readonly outcome: string }> => {
    const file = path.join(await temporaryDirectory(), 'ssh/known_hosts')
    if (text !== '') await writeFile(file.replace('ssh/known_hosts', 'known_hosts'), text)
    const knownHostsFile = text === '' ? file : file.replace('ssh/known_hosts', 'known_hosts')
    const outcome = await connect('root', { hostKey: undefined, knownHostsFile, ...options }).then(
      () => 'connected',
      (error: unknown) =>
        error instanceof Error && 'code' in error
          ? `${String(error.code)}: ${error.message} ${'remedy' in error ? String(error.remedy) : ''}`
          : String(error),
    )
    return { file: knownHostsFile, outcome }
  }
  test('known, unknown, taken on first use, changed, revoked, signed by an authority, pinned', { timeout: 60_000 }, async () => {
    const known = await line()
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
    const otherKey = Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), other]).toString('base64')
    const changed = known.replace(/AAAA\S+/, otherKey)
    expect((await withFile(`# comment\n\n${known} comment\n`)).outcome).toBe('connected')
    const unknown = await withFile('')
    expect(unknown.outcome).toContain('HOST_KEY_UNKNOWN')
    expect(unknown.outcome).toContain(pins.h1)
    expect(unknown.outcome).toContain(known.trim()) // the very line to add
    const first = await withFile('', { trustOnFirstUse: true })
    expect([first.outcome, (await readFile(first.file, 'utf8')).trim()]).toEqual(['connected', known.trim()])
    expect(said.at(-1)).toContain(pins.h1)
    expect((await withFile(`${changed}\n`)).outcome).toContain('HOST_KEY_CHANGED')
    expect((await withFile(`${changed}\n`, { trustOnFirstUse: true })).outcome).toContain('HOST_KEY_CHANGED')
    expect((await withFile(`${known}\n@revoked * ${known.split(' ').slice(1).join(' ')}\n`)).outcome).toContain('revoked')
    expect((await withFile(`@cert-authority * ${known.split(' ').slice(1).join(' ')}\n`)).outcome).toMatch(/HOST_KEY_UNKNOWN.*authority/)
    expect((await withFile('', { hostKey: pins.h2 })).outcome).toContain('HOST_KEY_CHANGED')
    const [names = ''] = known.split(' ')
    expect((await withFile(`${names} ecdsa-sha2-nistp256 ${ecdsaKey()}\n`)).outcome).toContain('HOST_KEY_CHANGED')
    // As for ssh: no key, so nothing that could have changed.
    expect((await withFile(`${known.replace('ssh-ed25519', 'ecdsa-sha2-nistp256')}\n`)).outcome).toContain('HOST_KEY_UNKNOWN')
  })
})

/** A public key that no host has, as a line of known_hosts holds it. */
function ecdsaKey(): string {
  const point = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }).subarray(-65)
  const fields = [Buffer.from('ecdsa-sha2-nistp256'), Buffer.from('nistp256'), point].flatMap((field) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(field.length)
    return [length, field]
  })
  return Buffer.concat(fields).toString('base64')
}
