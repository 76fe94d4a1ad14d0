/**
 * Commands of a host behind SSH. Each runs in a session of its own and leaves its output and exit code in the line's directory: when the
 * line breaks it goes on, and is found again by its id and never started twice.
 */
import { randomBytes } from 'node:crypto'
import { KadmError } from '../../errors.ts'
import { cannotStart, maximumOutput, missingProgram, tooMuch, tooSlow } from '../command.ts'
import type { Argv, CommandOptions, CommandResult } from '../host.ts'
import { shellLine, shellQuote } from '../shell-quote.ts'
import { base64Lines } from './ssh-files.ts'
import type { Answer } from './ssh-shell.ts'
import type { Ask } from './ssh-shells.ts'

/** Promises what `runCommand` does of this machine. `boot`: id of the boot that the host is in. */
export function sshCommands(ask: Ask, boot: () => string): (argv: Argv, options?: CommandOptions) => Promise<CommandResult> {
  const done: string[] = []
  return async (argv, options = {}) => {
    const { timeout = 60_000, signal } = options
    signal?.throwIfAborted()
    const id = `job-${randomBytes(8).toString('hex')}`
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(tooSlow(argv, timeout, options)), timeout)
    const onAbort = (): void => stop.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    const killed = new Promise<void>((resolve, reject) => {
      stop.signal.addEventListener('abort', () => void ask(shellLine(['k_kill', id]), { urgent: true }).then(() => resolve(), reject))
    })
    const forgotten = done.splice(0)
    const forget = forgotten.length === 0 ? '' : `rm -rf ${forgotten.map((one) => `"$k_dir/${one}"`).join(' ')}\n`
    try {
      // The id is random: no argument can hold it as a line, and end the text.
      const answer = await Promise.race([
        ask(`${forget}${shellLine(['k_run', id, boot()])} <<'${id}'\n${jobText(argv, options)}${id}`),
        killed,
      ])
      if (answer === undefined || stop.signal.aborted) {
        await killed
        throw stop.signal.reason
      }
      done.push(id)
      return resultOf(argv, answer)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }
}

/**
 * A `cat` whose file may not grow beyond the limit (in blocks of 512 bytes) ends a command that never stops talking, and keeps nothing back
 * as `head` would. A daemon that keeps the pipes gets a second. `pid` is that of the whole group.
 */
function jobText([program, ...args]: Argv, { input, environment = {} }: CommandOptions): string {
  const name = shellQuote(program)
  const exports = Object.entries(environment).map(([variable, value]) => `export ${shellLine([`${variable}=${value}`])}; `)
  // bash keeps a long here-document in a file of TMPDIR: what is fed may be a private key.
  const feed = input === undefined ? '' : `{ TMPDIR=$1; base64 -d <<'KADM_INPUT'\n${base64Lines(input)}KADM_INPUT\n} |\n`
  return `echo $$ >"$1/pid"; umask 022; trap : TERM
surroundings() { trap - TERM; ${exports.join('')}}
r=$(surroundings; case ${name} in
*/*) if [ ! -e ${name} ]; then echo missing; elif [ ! -x ${name} ] || [ -d ${name} ]; then echo denied; fi;;
*) command -v ${name} >/dev/null || echo missing;;
esac)
if [ -n "$r" ]; then echo "$r" >"$1/rc"; exit; fi
mkfifo "$1/o" "$1/e"
most() { ulimit -f ${maximumOutput / 512 + 1}; exec cat 2>/dev/null; }
most <"$1/o" >"$1/out" & o=$!
most <"$1/e" >"$1/err" & e=$!
${feed}( surroundings; exec ${shellLine([program, ...args])} ) >"$1/o" 2>"$1/e"
r=$?
( sleep 1; kill $o $e ) 2>/dev/null & w=$!
wait $o $e
kill $w 2>/dev/null
echo "$r" >"$1/rc"
`
}

function resultOf(argv: Argv, { stdout, stderr }: Answer): CommandResult {
  const end = stdout.indexOf('\n')
  const state = stdout.subarray(0, Math.max(end, 0)).toString('latin1')
  if (state === 'missing') throw missingProgram(argv)
  if (state === 'denied') throw cannotStart(argv, 'permission denied')
  if (state === 'much') throw tooMuch(argv)
  if (state === 'lost')
    throw new KadmError('COMMAND_FAILED', `"${argv.join(' ')}" was cut off: it has left no exit code`, {
      remedy: ['uptime; journalctl -b | tail -n 50   # did the host start anew?', argv.map(shellQuote).join(' ')],
      details: stderr.trim().split('\n').slice(-5),
    })
  if (!/^\d+$/.test(state))
    throw new KadmError('COMMAND_FAILED', `"${argv.join(' ')}" was not started: ${stderr.trim().split('\n').at(-1)}`, {
      remedy: ['df -h /run /tmp; df -i /run /tmp   # on the host: is there room?'],
    })
  const output = stdout.subarray(end + 1)
  if (output.length > maximumOutput || Buffer.byteLength(stderr) > maximumOutput) throw tooMuch(argv)
  return { argv, exitCode: Number(state), stdout: output.toString('utf8'), stderr }
}
