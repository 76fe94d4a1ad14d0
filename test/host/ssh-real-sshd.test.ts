/** What a real sshd and a real sudo say when they refuse, and when they ask. */
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import type { Host } from '../../src/host/host.ts'
import { openBastion } from '../../src/host/ssh/ssh-bastion.ts'
import { connectSsh } from '../../src/host/ssh/ssh-host.ts'
import { logIn } from '../../src/host/ssh/ssh-login.ts'
import type { SshOptions, SshQuestion, SshTarget } from '../../src/host/ssh/ssh-target.ts'
import { realSshd } from '../support/real-sshd.ts'
import { freshKeyFile, sshAgent } from '../support/ssh-agent.ts'

test('an sshd that forbids forwarding is known for it: to ports, to sockets, and on the way to other hosts', async (context) => {
  const { target, options } = await realSshd(context, { words: 'AllowTcpForwarding no\nAllowStreamLocalForwarding no' })
  const host = await connected(target, options)
  await expect(host.dial({ kind: 'tcp', host: '127.0.0.1', port: target.port })).rejects.toMatchObject({
    code: 'EPERM',
    message: 'sshd forbids to forward connections (sshd -T | grep -i forwarding)',
  })
  await expect(host.containerRuntime('unix:///mnt/config').version()).rejects.toMatchObject({
    code: 'CONTAINER_RUNTIME_FAILED',
    message: expect.stringContaining('nobody listens on its socket, or sshd forbids to forward it (sshd -T | grep -i forwarding)'),
  })
  const bastion = openBastion({ target, ...(options.hostKey !== undefined && { hostKey: options.hostKey }) }, options)
  onTestFinished(bastion.end)
  const name = `root@127.0.0.1:${target.port}`
  await expect(logIn({ user: 'ann', address: '10.0.0.9', port: 22 }, options, bastion)).rejects.toMatchObject({
    code: 'HOST_UNREACHABLE',
    message: `the host "ann@10.0.0.9" cannot be reached through "${name}": sshd of "${name}" forbids to forward connections`,
    remedy: [`sshd -T | grep -i forwarding   # on ${name}`, `ssh -v -i ${options.identityFiles[0]} -J ${name} ann@10.0.0.9 true`],
  })
})

test("a host that wants more than a key is told as such, also when the key is an agent's", async (context) => {
  const { target, options } = await realSshd(context, {
    words: 'UsePAM yes\nKbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive',
  })
  const refusal = {
    code: 'LOGIN_REFUSED',
    message: expect.stringMatching(/ accepts a key and then wants keyboard-interactive, and kadm logs in with keys only$/),
    remedy: [expect.stringContaining('authenticationmethods')],
  }
  await expect(logIn(target, options)).rejects.toMatchObject(refusal)
  const agent = await sshAgent()
  await agent.add(options.identityFiles[0])
  await agent.add(await freshKeyFile())
  await expect(logIn(target, { ...options, identityFiles: [], agent: agent.socket })).rejects.toMatchObject(refusal)
})

test('a host that takes no keys at all', async (context) => {
  const { target, options } = await realSshd(context, { words: 'UsePAM yes\nKbdInteractiveAuthentication no\nPubkeyAuthentication no' })
  await expect(logIn(target, options)).rejects.toMatchObject({
    message: expect.stringMatching(/ takes no keys but wants password, and kadm logs in with keys only$/),
  })
})

const ann =
  "useradd -m -s /bin/bash ann; echo ann:secret | chpasswd; echo root:other | chpasswd; echo 'ann ALL=(ALL) ALL' >/etc/sudoers.d/ann"

test.for([
  { name: 'her own', sudoers: '', asked: ['ann'] },
  { name: 'the one of root (targetpw)', sudoers: 'Defaults targetpw', asked: ['root'] },
])('sudo asks for a password, and says whose: $name', async ({ sudoers, asked }, context) => {
  const { answer, questions } = await becoming(context, `${ann}; echo '${sudoers}' >>/etc/sudoers.d/ann`)
  expect(await answer({ ann: 'secret', root: 'other' })).toBe('0')
  expect(questions.map((question) => question.kind === 'become' && question.user)).toEqual(asked)
})

test('a shell that prints the command with its question is not sudo: the password is kept', async (context) => {
  const { answer, questions } = await becoming(
    context,
    `${ann}; rm /etc/sudoers.d/ann; printf '%s\\n' 'set -x' >/home/ann/.bashrc; printf '#!/bin/sh\\necho "$*" >&2; sleep 1; exit 1' >/usr/local/bin/sudo; chmod 755 /usr/local/bin/sudo`,
  )
  await expect(answer({ ann: 'secret' })).rejects.toMatchObject({ code: 'BECOME_FAILED' })
  expect(questions).toEqual([])
})

test('the question of sudo-rs is known by the same mark', async (context) => {
  const { answer, questions } = await becoming(
    context,
    `${ann}; ${otherSudo('printf "[sudo: %s] Password: " "${3%%%*}%ann-password:" >&2; read -r given; [ "$given" = secret ] || exit 1; shift 3; exec /usr/bin/sudo -n "$@"')}
    echo 'ann ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ann`,
  )
  expect(await answer({ ann: 'secret' })).toBe('0')
  expect(questions).toHaveLength(1)
})

test('a name that no account has is not asked about, nor shown: whoever logs in is', async (context) => {
  const { answer, questions } = await becoming(
    context,
    `${ann}; ${otherSudo('printf "%s" "${3%%%*}%/home/ann/.ssh/id_ed25519$(printf "\\033")-password:" >&2; read -r given; exit 1')}`,
  )
  await expect(answer({})).rejects.toMatchObject({ code: 'BECOME_FAILED' })
  expect(questions).toEqual([{ kind: 'become', login: 'ann', user: 'ann', host: expect.stringMatching(/^ann@/) }])
})

/** Lines that put a script before the real one in PATH; `$3` is the question. */
function otherSudo(script: string): string {
  return `cat >/usr/local/bin/sudo <<'END'
#!/bin/sh
${script}
END
chmod 755 /usr/local/bin/sudo`
}

async function becoming(context: TestContext, prepare: string) {
  const { target, options } = await realSshd(context, { user: 'ann', prepare, words: 'UsePAM yes' })
  const questions: SshQuestion[] = []
  return {
    questions,
    answer: async (passwords: Readonly<Record<string, string>>): Promise<string> => {
      const secret: SshOptions['secret'] = async (question) => {
        questions.push(question)
        return question.kind === 'become' ? passwords[question.user] : undefined
      }
      const host = await connected(target, { ...options, become: 'sudo', secret })
      return (await host.run(['id', '-u'])).stdout.trim()
    },
  }
}

async function connected(target: SshTarget, options: SshOptions): Promise<Host> {
  const host = await connectSsh(target, options)
  onTestFinished(() => host.close())
  return host
}
