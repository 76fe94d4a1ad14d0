/** argv in, exit code out. The only place that sets the exit code, hears a signal or ends the process. */
import { KadmError } from '../errors.ts'
import type { Command, Streams } from './command.ts'
import { loadCommand, rootCommand } from './commands.ts'
import { globalFlags } from './flags/global-flags.ts'

const signalExitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** Runs one command line. Resolves with the exit code: 0, 1, or 128 + signal when one ended the run. */
export async function main(argv: readonly string[], io: Streams): Promise<number> {
  const stop = new AbortController()
  let signalled: number | undefined
  for (const [name, code] of Object.entries(signalExitCodes)) {
    process.on(name, () => {
      if (signalled !== undefined) {
        // Asked twice: nothing is waited for. process.exit would wait for a read of a pipe that nobody writes to.
        process.removeAllListeners(name)
        process.kill(process.pid, name)
        return
      }
      signalled = code
      stop.abort(
        new KadmError('STOPPED', `stopped by ${name}`, { remedy: ['run the same command again: it goes on with what is done already'] }),
      )
    })
  }
  let unwritten: KadmError | undefined
  io.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // kadm ... | head: the reader has gone, there is nobody to tell.
    if (error.code !== 'EPIPE')
      unwritten = new KadmError('FILE_FAILED', `standard output cannot be written: ${error.message}`, {
        remedy: ['make room on its disk and run the same command again'],
      })
    stop.abort(
      unwritten ??
        new KadmError('STOPPED', 'stopped: nobody reads standard output any more', {
          remedy: ['run the same command again, and let its output be read to the end: it goes on with what is done already'],
        }),
    )
  })
  io.stderr.on('error', () => undefined) // a warning that nobody can read must not end the run
  try {
    const code = await dispatch(argv, io, stop.signal)
    await new Promise((written) => io.stdout.write('', written)) // behind all that went before
    if (unwritten !== undefined) throw unwritten
    return signalled ?? code
  } catch (error) {
    const { errorText } = await import('./text/error-text.ts')
    io.stderr.write(errorText(error, verbosity(argv)))
    return signalled ?? 1
  }
}

/** Resolves with the exit code. */
async function dispatch(argv: readonly string[], io: Streams, signal: AbortSignal): Promise<number> {
  if (argv[0] === 'version') {
    await versionWithoutParser(argv, io, signal)
    return 0
  }
  const hoisted = hoistGlobals(argv)
  const asksHelp = hoisted[0] === 'help'
  const words = asksHelp ? hoisted.slice(1) : hoisted
  const top = words.find((word) => !word.startsWith('-'))
  const loaded = top === undefined ? undefined : await loadCommand(top)
  const { parseWords, helpText } = await import('./yargs-adapter.ts')
  const root = rootCommand(loaded)
  const { command, path, rest } = resolve(root, words)
  const help = async (): Promise<string> => helpText(command, path, globalFlags, Math.min(io.stdout.columns ?? 140, 140))
  const before = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
  const stray = rest[wordAfterFlags(command, rest)]
  if (asksHelp && stray !== undefined) {
    throw new KadmError('USAGE', `unknown command or argument "${stray}" for "${path}"`, { remedy: [`${path} --help`] })
  }
  if (asksHelp || before.includes('--help') || before.includes('-h')) {
    io.stdout.write(await help())
    return 0
  }
  const parsed = parseWords(command, path, rest, globalFlags)
  if (command.run === undefined || (command.runsWith !== undefined && !parsed.flags.isOn(command.runsWith))) {
    io.stdout.write(await help())
    if (command === root || path === 'kadm alpha' || path === 'kadm kubeconfig') return 0 // as in kubeadm
    throw new KadmError('USAGE', `"${path}" needs a sub-command`, { remedy: [`${path} --help`] })
  }
  return (await command.run({ ...parsed, io, signal })) ?? 0
}

/** `kadm version` is asked by scripts in loops: it is answered before the parser is loaded, unless its words need one. */
async function versionWithoutParser(argv: readonly string[], io: Streams, signal: AbortSignal): Promise<void> {
  const { version } = await import('./commands/version.ts')
  if (argv.length === 1) return version.run({ output: undefined, io })
  const { parseWords, helpText } = await import('./yargs-adapter.ts')
  const { command, path, rest } = resolve(rootCommand(await loadCommand('version')), argv)
  if (rest.includes('--help') || rest.includes('-h')) return void io.stdout.write(await helpText(command, path, globalFlags, 140))
  const parsed = parseWords(command, path, rest, globalFlags)
  signal.throwIfAborted()
  await version.run({ output: parsed.flags.text('output'), io })
}

function resolve(root: Command, words: readonly string[]): { command: Command; path: string; rest: readonly string[] } {
  let command = root
  let path = 'kadm'
  let rest = words
  for (;;) {
    const at = wordAfterFlags(command, rest)
    const word = rest[at]
    const child = command.commands?.find((one) => one.name === word || (word !== undefined && one.aliases?.includes(word) === true))
    if (child === undefined) return { command, path, rest }
    command = child
    path = `${path} ${child.name}`
    rest = [...rest.slice(0, at), ...rest.slice(at + 1)]
  }
}

/** Flags may stand before the name of the sub-command that takes them: `kadm token --kubeconfig FILE list`. */
function wordAfterFlags(command: Command, words: readonly string[]): number {
  let at = 0
  while (words[at]?.startsWith('-') === true && words[at] !== '--') {
    const [name = '', value] = (words[at] ?? '').split('=')
    const hasValue = value !== undefined || /^-[a-zA-Z]./.test(name) // `-v5`
    at += hasValue || isSwitch(command, name) ? 1 : 2
  }
  return at
}

function isSwitch(command: Command, word: string): boolean {
  if (word === '--help' || word === '-h') return true
  const flag = command.flags?.find(({ name, short }) => word === `--${name}` || word === `-${short ?? ''}`)
  return flag === undefined ? (command.commands ?? []).some((child) => isSwitch(child, word)) : flag.kind === 'switch'
}

/** Global flags may stand before the command; they are moved behind it, where the parser looks. */
function hoistGlobals(argv: readonly string[]): readonly string[] {
  const names = new Set(globalFlags.flatMap(({ name }) => [`--${name}`, `-${name}`]))
  let index = 0
  while (index < argv.length && argv[index]?.startsWith('-') === true) {
    const [name = '', value] = (argv[index] ?? '').split('=')
    const isGlued = gluedVerbosity.test(name)
    if (!names.has(name) && !isGlued) break
    index += value === undefined && !isGlued ? 2 : 1
  }
  const leading = argv.slice(0, index)
  const following = argv.slice(index)
  const end = following.indexOf('--')
  return end === -1 ? [...following, ...leading] : [...following.slice(0, end), ...leading, ...following.slice(end)]
}

function verbosity(argv: readonly string[]): number {
  const at = argv.findLastIndex((word) => /^--?v(=|$)/.test(word) || gluedVerbosity.test(word))
  const word = argv[at]
  if (word === undefined) return 0
  return Number(gluedVerbosity.exec(word)?.[1] ?? word.split('=')[1] ?? argv[at + 1] ?? 0)
}

/** As `-ojson`. */
const gluedVerbosity = /^-v(\d+)$/

if (import.meta.main) {
  const code = await main(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
  })
  process.exit(code)
}
