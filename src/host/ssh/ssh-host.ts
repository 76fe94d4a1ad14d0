/** Another machine as a `Host`, over SSH. Nothing has to be installed there but sshd, a POSIX shell, coreutils and `setsid`. */
import type { Duplex } from 'node:stream'
import { KadmError, messageOf } from '../../errors.ts'
import { requireSuccess } from '../command.ts'
import { criRuntimes } from '../cri/cri-runtime.ts'
import { systemCode } from '../file-error.ts'
import type { Host, HostFacts } from '../host.ts'
import { servicesOf } from '../services.ts'
import { openBastion } from './ssh-bastion.ts'
import { sshCommands } from './ssh-command.ts'
import { forwardTcp, forwardUnix, openedInTime } from './ssh-dial.ts'
import { parseFacts } from './ssh-facts.ts'
import { sshFiles } from './ssh-files.ts'
import { keepLine, type KeptLine } from './ssh-line.ts'
import { canListenBy } from './ssh-listen.ts'
import { unreachable } from './ssh-login.ts'
import { sshLock } from './ssh-lock.ts'
import { neededPrograms } from './ssh-prelude.ts'
import { type Ask, sshShells } from './ssh-shells.ts'
import { type SshOptions, type SshTarget, sshTargetText } from './ssh-target.ts'
import { operatorName } from '../who-runs.ts'

/**
 * Logs in, becomes root where that is asked, and keeps the connection: a line that breaks is made anew, what was running there is found
 * again. Throws HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, LOGIN_REFUSED, BECOME_FAILED or COMMAND_MISSING.
 */
export async function connectSsh(target: SshTarget, options: SshOptions = {}): Promise<Host> {
  const { bastion } = options
  const shared = bastion !== undefined && 'dial' in bastion ? bastion : undefined
  const own = bastion !== undefined && !('dial' in bastion) ? openBastion(bastion, options) : undefined
  const through = shared ?? own
  const line = await keepLine(target, options, through).catch((error: unknown) => {
    own?.end()
    throw error
  })
  const hangUp = (): void => {
    line.end()
    own?.end()
  }
  const [name, operator] = [sshTargetText(target), operatorName()]
  const lock = sshLock({ name, operator }, () => {
    void line.current().then(
      (current) => current.drop(),
      () => undefined,
    )
  })
  let ahead = 0
  let boot = ''
  const { ask: askAnyway, end } = sshShells(line, async (first) => {
    // All on one way there and back.
    const [, ...answers] = await Promise.all([
      requirePrograms(first, target),
      clockAhead(first),
      first('printf %s "$k_boot"'),
      first('k_tidy'),
    ])
    ahead = answers[0]
    boot = answers[1].stdout.toString('latin1')
    await lock.renew(first)
  })
  const ask: Ask = (lines, settings) => {
    lock.wake()
    return askAnyway(lines, settings)
  }
  try {
    await ask('true')
  } catch (error) {
    hangUp()
    throw error
  }
  const files = sshFiles(ask, () => boot)
  const runCommand = sshCommands(ask, () => boot)
  const commands: Pick<Host, 'query' | 'run'> = {
    query: runCommand,
    run: async (argv, settings) => requireSuccess(await runCommand(argv, settings), settings),
  }
  const dial = sshDial(line, files)
  const runtimes = criRuntimes({ ...commands, dial })
  const askFacts = async (): Promise<HostFacts> => {
    const answer = await ask('k_facts', { brief: true }).catch((error: unknown) => {
      throw error instanceof KadmError ? error : unreachable(target, `it does not say what it is: ${messageOf(error)}`, error)
    })
    return parseFacts(answer.stdout.toString('utf8'))
  }
  const facts = keptFor(factsLife, askFacts)
  return {
    name,
    operator,
    ...files,
    ...commands,
    services: servicesOf(commands),
    containerRuntime: runtimes.containerRuntime,
    dial,
    canListen: async (port, address = '') => {
      const [tables, known] = await Promise.all([
        Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((file) => files.readText(file))),
        address === '' ? undefined : facts(),
      ])
      return canListenBy(
        tables.map((text) => text ?? ''),
        known?.addresses.map((one) => one.address) ?? [],
        port,
        address,
      )
    },
    lock: (command) => lock.take(ask, command),
    facts,
    now: () => new Date(Date.now() + ahead),
    close: async () => {
      await runtimes.close()
      await end()
      hangUp()
    },
  }
}

/** Milliseconds: a workflow looks at the facts some twenty times while it begins, and each look starts a handful of programs there. */
const factsLife = 10_000

/** What was asked less than `life` milliseconds ago is not asked again, unless it failed. */
function keptFor<T>(life: number, ask: () => Promise<T>): () => Promise<T> {
  let kept: { readonly answer: Promise<T>; readonly until: number } | undefined
  return () => {
    if (kept === undefined || performance.now() >= kept.until) {
      const asked = { answer: ask(), until: performance.now() + life }
      kept = asked
      asked.answer.catch(() => {
        if (kept === asked) kept = undefined
      })
    }
    return kept.answer
  }
}

function sshDial(line: KeptLine, files: Pick<Host, 'stat'>): Host['dial'] {
  return async (address, { signal } = {}) => {
    signal?.throwIfAborted()
    const open = async (): Promise<Duplex> => {
      const { client } = await line.current()
      return address.kind === 'tcp' ? forwardTcp(client, address.host, address.port) : forwardUnix(client, address.path)
    }
    try {
      return await openedInTime(open(), signal)
    } catch (error) {
      // sshd says no more than that it failed.
      if (address.kind === 'unix' && systemCode(error) === 'ECONNREFUSED' && (await files.stat(address.path)) === undefined)
        throw Object.assign(new Error(`connect ENOENT ${address.path}`, { cause: error }), { code: 'ENOENT' })
      throw error
    }
  }
}

/**
 * Milliseconds that the host's clock is certainly ahead of ours, or behind: 0 when both may show the same. The way there may be slow, or
 * this machine busy with a hundred others. Without nanoseconds to the second: busybox prints nothing for them, or `%N`. Throws
 * COMMAND_FAILED.
 */
export async function clockAhead(ask: Ask): Promise<number> {
  const before = Date.now()
  const { stdout, stderr } = await ask("date '+%s %N'")
  const now = Date.now()
  const text = stdout.toString('latin1').trim()
  const [, seconds, nanoseconds] = /^(\d{1,12})(?: (\d{9}))?\b/.exec(text) ?? []
  if (seconds === undefined)
    throw new KadmError('COMMAND_FAILED', `the host does not say what time it is: ${stderr.trim() || `date prints "${text}"`}`, {
      remedy: ["date '+%s %N'   # on the host"],
    })
  const earliest = Number(seconds) * 1000 + Math.floor(Number(nanoseconds ?? 0) / 1e6)
  const latest = nanoseconds === undefined ? earliest + 999 : earliest
  return Math.max(earliest - now, Math.min(0, latest - before))
}

async function requirePrograms(ask: Ask, target: SshTarget): Promise<void> {
  const { stdout } = await ask(`for k_e in ${neededPrograms.join(' ')}; do command -v $k_e >/dev/null || echo $k_e; done`)
  const missing = stdout
    .toString('latin1')
    .trim()
    .split('\n')
    .filter((name) => name !== '')
  if (missing.length > 0)
    throw new KadmError('COMMAND_MISSING', `the host "${sshTargetText(target)}" lacks ${missing.join(', ')}`, {
      remedy: ['install coreutils and util-linux there'],
    })
}
