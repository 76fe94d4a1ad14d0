/** From a Command record and its words to flag values and help texts. The only file that imports yargs. */
import yargs, { type Options } from 'yargs'
import { KadmError } from '../errors.ts'
import { flagWords, type Command, type Flag, type FlagValues } from './command.ts'

export interface ParsedWords {
  readonly flags: FlagValues
  readonly arguments: readonly string[]
  readonly rest: readonly string[]
}

/** @throws KadmError USAGE for a flag that the command does not have, a missing value, a value of the wrong kind, too many words. */
export function parseWords(command: Command, path: string, words: readonly string[], globalFlags: readonly Flag[]): ParsedWords {
  const flags = [...(command.flags ?? []), ...globalFlags]
  const help = `${path} --help`
  const parsed = parser(flags)
    .fail((message, error) => {
      // A YError is yargs' own word for what the user got wrong.
      throw error === undefined || error.name === 'YError' ? usageError(inKadmsWords(message || error.message), help) : error
    })
    .parseSync(plainWords(words, flags, help))
  const known = new Map(flags.map((flag) => [flag.name, flag]))
  const positional = parsed._.map(String)
  const stray = positional.find((word) => word.startsWith('-') && word !== '-')
  if (stray !== undefined) throw usageError(`unknown flag: ${stray.split('=')[0]}`, help)
  const given = new Map<string, readonly string[]>()
  for (const [name, value] of Object.entries(parsed)) {
    const flag = known.get(name)
    if (flag === undefined || value === undefined) continue
    given.set(name, checked(flag, [value].flat().map(String), help))
  }
  const most = command.maxArguments ?? 0
  if (positional.length > most) throw usageError(`unknown command or argument "${positional[most] ?? ''}" for "${path}"`, help)
  const rest: unknown = parsed['--']
  return { flags: values(known, given), arguments: positional, rest: Array.isArray(rest) ? rest.map(String) : [] }
}

/** The help of a command: usage, summary, sub-commands, flags with their defaults. */
export async function helpText(command: Command, path: string, globalFlags: readonly Flag[], width: number): Promise<string> {
  const visible = (flags: readonly Flag[]): readonly Flag[] => flags.filter((flag) => flag.hidden !== true)
  const usage = [path, command.commands === undefined ? undefined : '[command]', command.positional, '[flags]'].filter(
    (part) => part !== undefined,
  )
  const own = visible(command.flags ?? [])
  const built = parser([...own, ...visible(globalFlags)])
    .usage(`${command.summary}\n\nUsage:\n  ${usage.join(' ')}`)
    .group(
      own.map((flag) => flag.name),
      'Flags:',
    )
    .group([...visible(globalFlags).map((flag) => flag.name), 'help'], 'Global Flags:')
    .option('help', { alias: 'h', type: 'boolean', describe: `help for ${path}` })
    .wrap(width)
  for (const child of command.commands ?? []) {
    if (child.hidden !== true) built.command([child.name, ...(child.aliases ?? [])], child.summary)
  }
  return `${await built.getHelp()}\n${phasesText(command)}`
}

function phasesText({ phases = [] }: Command): string {
  if (phases.length === 0) return ''
  const width = Math.max(...phases.map(({ name }) => name.length))
  const rows = phases.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`)
  return `\nPhases, by the names that --skip-phases takes:\n${rows.join('')}`
}

/**
 * Words as Go's flags have them, into what the parser knows: `-ojson` into `-o json`, and each switch into `--dry-run=true` or `=false`.
 * The parser would take `--dry-run=1` for false, and the word after a switch for its value.
 */
function plainWords(words: readonly string[], flags: readonly Flag[], help: string): string[] {
  const names = (which: (flag: Flag) => boolean): ReadonlySet<string> => new Set(flags.filter(which).flatMap(flagWords))
  const [switches, taking] = [names(({ kind }) => kind === 'switch'), names(({ kind }) => kind !== 'switch')]
  const end = words.includes('--') ? words.indexOf('--') : words.length
  return words.flatMap((word, index) => {
    if (index >= end) return [word]
    const [, name = '', value = 'true'] = /^(--?[^=]+)(?:=(.*))?$/s.exec(word) ?? []
    if (switches.has(name)) return [`${name}=${String(truthOf(value, name, help))}`]
    const [letter, glued] = [word.slice(0, 2), word.slice(2)]
    if (/^-[a-zA-Z][^=]/s.test(word) && taking.has(letter)) return [letter, glued]
    const letters = /^-[a-zA-Z]{2,}$/.test(word) ? Array.from(word.slice(1), (one) => `-${one}`) : []
    return letters.length > 0 && letters.every((one) => switches.has(one)) ? letters.map((one) => `${one}=true`) : [word]
  })
}

/** As Go reads it (strconv.ParseBool). */
function truthOf(text: string, name: string, help: string): boolean {
  if (/^(?:1|[tT]|TRUE|[tT]rue)$/.test(text)) return true
  if (/^(?:0|[fF]|FALSE|[fF]alse)$/.test(text)) return false
  throw usageError(`invalid value "${text}" for "${name}": not true or false`, help)
}

function parser(flags: readonly Flag[]): ReturnType<typeof yargs> {
  const options: Record<string, Options> = {}
  for (const flag of flags) options[flag.name] = option(flag)
  return yargs().scriptName('').help(false).version(false).exitProcess(false).options(options).parserConfiguration({
    'boolean-negation': false,
    'camel-case-expansion': false,
    'dot-notation': false,
    'greedy-arrays': false,
    'parse-numbers': false,
    'parse-positional-numbers': false,
    'populate--': true,
    'strip-aliased': true,
    'unknown-options-as-args': true,
  })
}

// Defaults are shown but not set: what the user gave must stay apart from what we fill in.
function option(flag: Flag): Options {
  const described: Options = { describe: flag.doc, ...(flag.short === undefined ? {} : { alias: flag.short }) }
  if (flag.kind === 'switch') return { ...described, type: 'boolean', defaultDescription: flag.default }
  return { ...described, type: 'string', requiresArg: true, defaultDescription: flag.default }
}

function checked(flag: Flag, texts: readonly string[], help: string): readonly string[] {
  const last = texts.at(-1) ?? ''
  if (flag.kind === 'number' && !/^-?\d+$/.test(last))
    throw usageError(`invalid value "${last}" for "--${flag.name}": not a whole number`, help)
  if (flag.kind !== 'list') return [last]
  const odd = texts.find((text) => text !== '' && text.split(',').includes(''))
  if (odd !== undefined && flag.allowsEmptyItems !== true)
    throw usageError(`invalid value "${odd}" for "--${flag.name}": nothing stands beside a comma`, help)
  return texts.flatMap((text) => text.split(',')).filter((text) => text !== '')
}

function values(known: ReadonlyMap<string, Flag>, given: ReadonlyMap<string, readonly string[]>): FlagValues {
  const flag = (name: string): Flag => {
    const found = known.get(name)
    if (found === undefined) throw new Error(`the command reads --${name}, which it does not have`)
    return found
  }
  const text = (name: string): string | undefined => given.get(name)?.at(-1) ?? flag(name).default
  return {
    text,
    isOn: (name) => text(name) === 'true',
    list: (name) => given.get(name) ?? flag(name).default?.split(',') ?? [],
    given: new Set(given.keys()),
  }
}

function usageError(message: string, help: string): KadmError {
  return new KadmError('USAGE', message, { remedy: [help] })
}

/** What the parser says of the user's words. */
function inKadmsWords(text: string): string {
  const name = /^Not enough arguments following: (.+)$/.exec(text)?.[1]
  if (name !== undefined) return `${name.length === 1 ? '-' : '--'}${name} needs a value`
  return text.charAt(0).toLowerCase() + text.slice(1)
}
