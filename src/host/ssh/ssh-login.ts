/** One SSH connection from here to one host, or through another: key of the host verified, user logged in. */
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Client, ClientErrorExtensions, ConnectConfig } from 'ssh2'
import { KadmError, messageOf } from '../../errors.ts'
import { systemCode } from '../file-error.ts'
import { lookAtForwarding, openedInTime } from './ssh-dial.ts'
import { hostKeyCheck } from './ssh-host-key.ts'
import { type LoginKeys, loginKeys } from './ssh-identities.ts'
import { type Bastion, sshArguments, type SshOptions, type SshTarget, sshTargetText, type SshWay } from './ssh-target.ts'

/**
 * A connection that is ready; the caller ends it. `via`: gives the stream to the host's sshd, when it is not a TCP connection from here.
 * Throws HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, LOGIN_REFUSED or the signal's reason.
 */
export async function logIn(target: SshTarget, options: SshOptions, via?: Bastion): Promise<Client> {
  const way: SshWay = { ...target, identityFiles: options.identityFiles, through: via?.target }
  const except: string[] = []
  let notPinned: KadmError | undefined
  for (;;) {
    const check = await hostKeyCheck(target, options, except)
    if (check.algorithms?.length === 0) throw check.missing()
    const sock = await (via === undefined ? dialTcp(way, options.signal) : dialThrough(via, way, options.signal))
    const keys = loginKeys(target, options)
    let wants: Wants | undefined
    const config: ConnectConfig = {
      username: target.user,
      hostVerifier: (key: Buffer) => check.accepts(key),
      ...(check.algorithms && { algorithms: { serverHostKey: [...check.algorithms] } }),
      authHandler: async (left, partial, next) => {
        const isNoKey = left !== null && left.length > 0 && !left.includes('publickey')
        if (partial === true || isNoKey) wants = { left: left ?? [], afterKey: partial === true || keys.isAccepted() }
        // The type does not know it: `false` says that there is no other way left.
        next((isNoKey ? undefined : await keys.next()) ?? (false as never))
      },
    }
    try {
      const client = await handshake(sock, config, options.signal)
      await check.keep()
      return client
    } catch (error) {
      sock.destroy()
      options.signal?.throwIfAborted()
      // The pinned key may be another one of the host's: it shows one kind at a time.
      const other = check.otherThanPinned()
      if (other !== undefined && !except.includes(other)) {
        except.push(other)
        notPinned ??= check.refusal()
        const next = await hostKeyCheck(target, options, except)
        if (next.algorithms?.length !== 0) continue
      }
      throw check.refusal() ?? (noKeyOfTheKinds(error) ? (notPinned ?? check.missing()) : failure(way, { keys, wants }, error))
    }
  }
}

/** Resolves when the connection is ready; rejects with ssh2's error, or with the KadmError that a way to log in threw. */
export async function handshake(sock: Duplex, config: ConnectConfig, signal: AbortSignal | undefined): Promise<Client> {
  const { default: ssh2 } = await import('ssh2')
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    const onAbort = (): void => settle(() => reject(signal?.reason))
    const onSilence = (): void => fail(new Error(`sshd did not come to an end of the login within ${longestHandshake / 1000} s`))
    let timer = setTimeout(onSilence, longestHandshake)
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      client.removeAllListeners('error').removeAllListeners('close')
      client.on('error', () => undefined) // a line that breaks later is told by 'close'
      act()
    }
    const fail = (error: unknown): void =>
      settle(() => {
        client.destroy()
        reject(error)
      })
    const onClose = (): void => fail(new Error('the host closed the connection'))
    // Too early for ssh2 to hear of it: an sshd with too many logins hangs up at once.
    if (sock.destroyed || sock.readableEnded) return onClose()
    signal?.addEventListener('abort', onAbort, { once: true })
    client.once('ready', () => settle(() => resolve(client)))
    // When an agent does not sign ssh2 says so, and goes on with the next key.
    client.on('error', (error: Error & ClientErrorExtensions) => error.level === 'agent' || fail(error)).once('close', onClose)
    const handler = config.authHandler
    const authHandler: ConnectConfig['authHandler'] =
      typeof handler !== 'function'
        ? handler
        : (left, partial, next) => {
            // A passphrase that is typed meanwhile takes as long as it takes.
            clearTimeout(timer)
            const answer = (method: Parameters<typeof next>[0]): void => {
              timer = setTimeout(onSilence, longestHandshake)
              next(method)
            }
            void Promise.resolve(handler(left, partial, answer)).catch(fail)
          }
    // Half a minute of silence, and the line counts as broken.
    client.connect({
      sock,
      readyTimeout: 0,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      ...config,
      ...(authHandler && { authHandler }),
    })
  })
}

const longestHandshake = 20_000
const longestConnect = 15_000

/** Many small packets go to and fro: without noDelay each answer takes 40 ms. */
async function dialTcp(target: SshWay, signal: AbortSignal | undefined): Promise<Duplex> {
  const limit = AbortSignal.timeout(longestConnect)
  const socket = connectTcp({ host: target.address, port: target.port, keepAlive: true })
  try {
    await once(socket, 'connect', { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) })
    return socket.setNoDelay(true)
  } catch (error) {
    socket.on('error', () => undefined).destroy()
    signal?.throwIfAborted()
    throw unreachable(target, limit.aborted ? `no answer within ${longestConnect / 1000} s` : inWords(error), error)
  }
}

async function dialThrough(via: Bastion, target: SshWay, signal: AbortSignal | undefined): Promise<Duplex> {
  try {
    return await openedInTime(via.dial(target.address, target.port), signal)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof KadmError) throw error
    const name = sshTargetText(via.target)
    const isForbidden = systemCode(error) === 'EPERM'
    const why = isForbidden ? `sshd of "${name}" forbids to forward connections` : inWords(error)
    const [first, ...others] = [...(isForbidden ? [`${lookAtForwarding}   # on ${name}`] : []), tryIt(target)] as const
    throw new KadmError('HOST_UNREACHABLE', `the host "${sshTargetText(target)}" cannot be reached through "${name}": ${why}`, {
      remedy: [first, ...others],
      cause: error,
    })
  }
}

function tryIt(way: SshWay): string {
  return `ssh -v ${sshArguments(way)} true`
}

function inWords(error: unknown): string {
  const code = systemCode(error) ?? ''
  return code in words ? `${words[code]} (${code})` : code || messageOf(error)
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens at that port',
  ECONNRESET: 'the connection was cut',
  EAI_AGAIN: 'no server of names answers',
  ENOTFOUND: 'there is no such name',
  EHOSTUNREACH: 'no way leads to that address',
  ENETUNREACH: 'no way leads to that network',
  ETIMEDOUT: 'no answer',
  EMFILE: 'too many files are open here; ulimit -n 65536 allows more',
}

function noKeyOfTheKinds(error: unknown): boolean {
  return /no matching host key format/i.test(messageOf(error))
}

interface Wants {
  /** Names of methods. */
  readonly left: readonly string[]
  /** It has accepted a key. */
  readonly afterKey: boolean
}

function failure(
  target: SshWay,
  { keys, wants }: { readonly keys: LoginKeys; readonly wants: Wants | undefined },
  error: unknown,
): KadmError {
  if (error instanceof KadmError) return error
  const isCutOff = /too many authentication failures/i.test(messageOf(error))
  if (!isCutOff && (error as ClientErrorExtensions).level !== 'client-authentication') return unreachable(target, messageOf(error), error)
  if (wants !== undefined && !isCutOff)
    return new KadmError(
      'LOGIN_REFUSED',
      `"${sshTargetText(target)}" ${wants.afterKey ? 'accepts a key and then' : 'takes no keys but'} wants ${wants.left.join(' or ')}, and kadm logs in with keys only`,
      { remedy: ['sshd -T | grep -i -e authenticationmethods -e pubkeyauthentication   # on the host: let a key be enough'], cause: error },
    )
  const tried = keys.tried()
  const names = tried.map(({ name, trouble }) => (trouble === undefined ? name : `${name} (${trouble})`)).join(', ')
  const giveKey = `ssh-copy-id ${sshArguments(target, '-o ProxyJump=')}`
  const nameKey = '--identity-file names the key to log in with; an agent with more than five keys may be cut off'
  const [first = giveKey, ...others] = [
    ...tried.flatMap(({ trouble, remedy }) => (trouble === undefined ? [] : remedy)),
    ...(isCutOff ? [nameKey, giveKey] : [giveKey, nameKey]),
  ]
  return new KadmError(
    'LOGIN_REFUSED',
    `"${sshTargetText(target)}" ${isCutOff ? 'cut off after too many keys' : 'accepts none of the keys'}: ${names === '' ? 'there are none' : names}`,
    { remedy: [first, ...others], cause: error },
  )
}

export function unreachable(target: SshWay, why: string, cause?: unknown): KadmError {
  return new KadmError('HOST_UNREACHABLE', `the host "${sshTargetText(target)}" cannot be reached: ${why}`, {
    remedy: [tryIt(target)],
    cause,
  })
}
