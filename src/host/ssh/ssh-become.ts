/**
 * From a user's SSH connection to root's. sudo is run once and starts an sshd for this one connection, which speaks over sudo's input and
 * output; root logs in there with a key that was made for it. So files, commands, ports and sockets of root are had as if root had logged
 * in, and sudo is not asked again.
 */
import { randomBytes } from 'node:crypto'
import type { Client, ClientChannel } from 'ssh2'
import { KadmError, messageOf } from '../../errors.ts'
import { shellLine } from '../shell-quote.ts'
import { furtherFolders } from './ssh-prelude.ts'
import { handshake, unreachable } from './ssh-login.ts'
import { sshArguments, type SshOptions, sshTargetText, type SshWay } from './ssh-target.ts'

/** Root's connection. The first one has to stay open below it. Throws BECOME_FAILED. */
export async function becomeRoot(user: Client, target: SshWay, { secret, signal }: Pick<SshOptions, 'secret' | 'signal'>): Promise<Client> {
  const { privateKey, publicKey } = await freshKeyPair()
  const mark = `kadm-${randomBytes(12).toString('hex')}`
  const channel = await openChannel(
    user,
    `env LC_ALL=C ${shellLine(['sudo', '-S', '-p', `${mark}%%%p-password:`, '/bin/sh', '-c', 'echo "$1"; exec /bin/sh', 'sh', `${mark}-root`])}`,
    target,
  )
  const heard = listen(channel)
  try {
    await pastSudo(heard, { mark, target, secret })
    channel.write(sshdScript(mark, publicKey))
    const line = await heard.until(
      () => new RegExp(`${mark}-key \\S+ (\\S+)[^\\n]*\\n`).exec(heard.text('stdout')) ?? undefined,
      longestStart,
    )
    if (line === undefined) throw failed(target, `it starts no sshd: ${heard.lastWords()}`)
    const hostKey = Buffer.from(line[1] ?? '', 'base64')
    heard.end(line.index + line[0].length)
    return await handshake(channel, { username: 'root', privateKey, hostVerifier: (key: Buffer) => key.equals(hostKey) }, signal)
  } catch (error) {
    const isCut = heard.isCut()
    channel.destroy()
    signal?.throwIfAborted()
    // What ends by itself says so; without a word it was the line below that broke.
    if (isCut) throw unreachable(target, 'the connection broke while root was logged in', error)
    throw error instanceof KadmError
      ? error
      : failed(target, `${messageOf(error)}${heard.lastWords() === '' ? '' : `: ${heard.lastWords()}`}`, error)
  }
}

/** Of ECDSA: a host in FIPS mode, or a kadm in it, has no Ed25519. */
export async function freshKeyPair(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const { default: ssh2 } = await import('ssh2')
  const pair = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 })
  return { privateKey: pair.private, publicKey: pair.public }
}

// sudo-rs puts words of its own around it.
const question = /(?:\[sudo: )?kadm-[0-9a-f]{24}%[^%\n]+-password:(?:\] Password:)?/g

// It is the word of the host, and shown to who is asked.
const accountName = /^[\w.@\\-]+\$?$/

const longestStart = 20_000
// A question that kadm does not know stands there without an end of line; PAM modules may take a moment.
const longestSilence = 20_000

/**
 * Answers the one question for a password that is known by its mark, and no other. A second one is not answered: the password was wrong, or
 * sudo wants more than a password, and each try counts on the way to a locked account.
 */
async function pastSudo(
  heard: Heard,
  { mark, target, secret }: { readonly mark: string; readonly target: SshWay; readonly secret: SshOptions['secret'] },
): Promise<void> {
  // Not as it stands in the command, which a shell that traces, or an audit, may print: sudo makes % of %%, and puts a name for %p.
  const questions = (): readonly RegExpExecArray[] => [...heard.text('stderr').matchAll(new RegExp(`${mark}%([^%\\n]+)-password:`, 'g'))]
  const isRoot = (): true | undefined => (heard.text('stdout').includes(`${mark}-root\n`) ? true : undefined)
  const state = await heard.until(() => (isRoot() ? 'root' : questions().length > 0 ? 'question' : undefined), longestSilence)
  if (state === 'root') return
  if (state === undefined) throw refused(target, heard)
  const asked = questions()[0]?.[1]
  const user = asked !== undefined && accountName.test(asked) ? asked : target.user
  const password = await secret?.({ kind: 'become', login: target.user, user, host: sshTargetText(target) })
  if (password === undefined)
    throw new KadmError('BECOME_FAILED', `sudo on "${sshTargetText(target)}" wants a password, and there is none`, {
      remedy: [
        'export KADM_BECOME_PASSWORD_FILE=FILE   # with it in the file; or start kadm on a terminal',
        `sudo visudo -f /etc/sudoers.d/${target.user.replaceAll(/[^\w-]/g, '_')}   # on the host: NOPASSWD`,
      ],
    })
  heard.write(`${password}\n`)
  const after = await heard.until(() => (isRoot() ? 'root' : questions().length > 1 ? 'again' : undefined), longestSilence)
  if (after === 'root') return
  if (after === 'again')
    throw new KadmError(
      'BECOME_FAILED',
      `sudo on "${sshTargetText(target)}" asks again: the password is wrong, or sudo wants more than a password`,
      {
        remedy: [`ssh -t ${sshArguments(target)} sudo -k id   # what does it ask for?`],
      },
    )
  throw refused(target, heard)
}

/**
 * Read by the shell that sudo started, all of it before sshd takes over its input. What it makes lies in memory, and is removed by whoever
 * logs in.
 */
export function sshdScript(mark: string, publicKey: string): string {
  return `PATH="$PATH:${furtherFolders}"; umask 077
d=$(mktemp -d /run/kadm-sshd.XXXXXX) || exit 1
sshd=$(command -v sshd) || { echo 'there is no sshd in PATH' >&2; exit 1; }
ssh-keygen -q -t ecdsa -b 256 -N '' -C kadm -f "$d/host" </dev/null || exit 1
cat >"$d/authorized" <<'END'
${publicKey.trim()}
END
cat >"$d/config" <<END
HostKey $d/host
AuthorizedKeysFile $d/authorized
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
MaxSessions 64
ClientAliveInterval 15
ClientAliveCountMax 4
LoginGraceTime 30
PidFile none
PrintMotd no
END
# A locked account is let in by PAM only.
if grep -q '^root:!' /etc/shadow 2>/dev/null; then echo 'UsePAM yes' >>"$d/config"; fi
# The PATH that sudo gives, in place of the one that is built into sshd; before OpenSSH 7.8 it cannot be handed on.
{ cat "$d/config"; printf 'SetEnv "PATH=%s"\\n' "$PATH"; } >"$d/with-path"
if "$sshd" -t -f "$d/with-path" 2>/dev/null; then mv "$d/with-path" "$d/config"; fi
(sleep 30; rm -rf "$d") </dev/null >/dev/null 2>&1 &
printf '%s-key %s\\n' ${mark} "$(cat "$d/host.pub")"
exec "$sshd" -i -e -f "$d/config"
`
}

interface Heard {
  text(stream: 'stdout' | 'stderr'): string
  /** What `find` finds, looked for whenever something comes; `undefined` when the channel ends or after `limit` ms. */
  until<T>(find: () => T | undefined, limit: number): Promise<T | undefined>
  write(text: string): void
  lastWords(): string
  hasExited(): boolean
  isCut(): boolean
  /** The channel is somebody else's from now on, from this byte of its output on. */
  end(from: number): void
}

function listen(channel: ClientChannel): Heard {
  const texts = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  let ended = false
  let hasExited = false
  let wake = (): void => undefined
  const onStdout = (chunk: Buffer): void => {
    texts.stdout = Buffer.concat([texts.stdout, chunk])
    wake()
  }
  const onEnd = (): void => {
    ended = true
    wake()
  }
  channel
    .on('data', onStdout)
    .on('close', onEnd)
    .on('exit', () => (hasExited = true))
  channel.stderr.on('data', (chunk: Buffer) => {
    texts.stderr = Buffer.concat([texts.stderr, chunk]).subarray(-65_536)
    wake()
  })
  const text = (stream: 'stdout' | 'stderr'): string => texts[stream].toString('latin1')
  return {
    text,
    until: async (find, limit) => {
      const deadline = performance.now() + limit
      for (;;) {
        const found = find()
        const left = deadline - performance.now()
        if (found !== undefined || ended || left <= 0) return found
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
    },
    hasExited: () => hasExited,
    isCut: () => channel.closed && !hasExited,
    write: (line) => void channel.write(line),
    lastWords: () => texts.stderr.toString('utf8').replaceAll(question, '').trim().split('\n').slice(-3).join('; '),
    end: (from) => {
      channel.pause().off('data', onStdout).off('close', onEnd)
      const rest = texts.stdout.subarray(from)
      if (rest.length > 0) channel.unshift(rest)
    },
  }
}

function openChannel(client: Client, command: string, target: SshWay): Promise<ClientChannel> {
  const why = (error: Error): KadmError =>
    /open failure|unable to exec/i.test(error.message)
      ? failed(target, error.message, error)
      : unreachable(target, `the connection broke before sudo was asked: ${error.message}`, error)
  return new Promise((resolve, reject) => {
    try {
      client.exec(command, (error, channel) => (error ? reject(why(error)) : resolve(channel)))
    } catch (error) {
      reject(unreachable(target, 'the connection broke before sudo was asked', error))
    }
  })
}

/**
 * It ended, or asks something that kadm does not know: a question has no end of line. Who says nothing is only slow, and may be asked once
 * more.
 */
function refused(target: SshWay, heard: Heard): KadmError {
  const words = heard.lastWords()
  if (heard.hasExited() || /[^\n]$/.test(heard.text('stderr').replace(new RegExp(`${question.source}\\s*$`), '')))
    return failed(target, words === '' ? 'sudo ended without a word' : words)
  return unreachable(target, `sudo did not come to an end within ${longestSilence / 1000} s${words === '' ? '' : `: ${words}`}`)
}

function failed(target: SshWay, why: string, cause?: unknown): KadmError {
  return new KadmError('BECOME_FAILED', `"${sshTargetText(target)}" cannot become root: ${why}`, {
    remedy: [`ssh -t ${sshArguments(target)} sudo id`, 'log in as root instead: root@<address>, without --become'],
    cause,
  })
}
