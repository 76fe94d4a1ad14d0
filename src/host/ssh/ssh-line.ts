/** The line to a host, as root where that is asked. It breaks; whoever needs it then makes it anew. */
import type { Client } from 'ssh2'
import { hasCode, messageOf } from '../../errors.ts'
import { becomeRoot } from './ssh-become.ts'
import { rememberedAnswers } from './remembered-answers.ts'
import { logIn, unreachable } from './ssh-login.ts'
import { type Bastion, type SshOptions, type SshTarget, sshTargetText, type SshWay } from './ssh-target.ts'
import { pauseFor } from '../wait.ts'

export interface Line {
  /** Of the user who works: root after becoming it. */
  readonly client: Client
  /** Resolves when the line is broken or ended. */
  readonly broken: Promise<void>
  end(): void
  /** It is not to be trusted any more: counts as broken at once, whatever the other end says. */
  drop(): void
}

export interface KeptLine {
  /** The line; made anew when it broke. Throws HOST_UNREACHABLE when that does not succeed within a minute, or what `connectSsh` throws. */
  current(): Promise<Line>
  /** No line any more, and none is made. */
  end(): void
}

export async function keepLine(target: SshTarget, options: Omit<SshOptions, 'bastion'>, through?: Bastion): Promise<KeptLine> {
  const way: SshWay = { ...target, identityFiles: options.identityFiles, through: through?.target }
  // For a line that breaks.
  const answers = options.secret && rememberedAnswers(options.secret)
  const open = (signal: AbortSignal | undefined): Promise<Line> =>
    openLine(way, { ...options, ...(answers && { secret: answers }), ...(signal && { signal }) }, through)
  const ended = new AbortController()
  let line: Promise<Line>
  const keep = async (opened: Line): Promise<Line> => {
    void opened.broken.then(() => {
      // Nobody may be in need of it; the error is thrown to whoever is.
      line = ended.signal.aborted ? Promise.reject(unreachable(way, 'the connection was closed')) : again().then(keep)
      line.catch(() => undefined)
    })
    return opened
  }
  const again = async (): Promise<Line> => {
    options.say?.(`the connection to "${sshTargetText(target)}" broke; connecting again`)
    return reopen(way, () => open(ended.signal), ended.signal)
  }
  line = Promise.resolve(await keep(await open(options.signal)))
  return {
    current: () => line,
    end: () => {
      ended.abort(unreachable(way, 'the connection was closed'))
      void line.then(
        (one) => one.end(),
        () => undefined,
      )
    },
  }
}

async function openLine(target: SshWay, options: SshOptions, through: Bastion | undefined): Promise<Line> {
  const clients: Client[] = []
  const end = (): void => clients.toReversed().forEach((client) => client.end())
  try {
    const user = await logIn(target, options, through)
    clients.push(user)
    if (options.become === 'sudo' && target.user !== 'root') clients.push(await becomeRoot(user, target, options))
    const client = clients.at(-1) ?? user
    const { promise: broken, resolve } = Promise.withResolvers<void>()
    const drop = (): void => {
      resolve()
      clients.toReversed().forEach((one) => one.destroy())
    }
    clients.forEach((one) => one.once('close', drop))
    return { client, broken, end, drop }
  } catch (error) {
    end()
    throw error
  }
}

/** Milliseconds. A host that starts anew answers after a few seconds, a cable is put in again: beyond this somebody has to look. */
const reconnectPatience = 60_000

/** Only what may pass is tried again: a host key that changed meanwhile is not. */
async function reopen(target: SshWay, open: () => Promise<Line>, signal: AbortSignal): Promise<Line> {
  const deadline = performance.now() + reconnectPatience
  for (let pause = 50; ; pause = Math.min(pause * 2, 2000)) {
    try {
      return await open()
    } catch (error) {
      signal.throwIfAborted()
      if (!hasCode(error, 'HOST_UNREACHABLE')) throw error
      if (performance.now() > deadline)
        throw unreachable(
          target,
          `the connection broke and did not come back within ${reconnectPatience / 1000} s: ${messageOf(error)}`,
          error,
        )
      await pauseFor(pause, signal)
    }
  }
}
