/** The record that a command is, and what it is given when it runs. Knows nothing of the parser behind it. */
export interface Command {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly summary: string
  readonly hidden?: boolean
  /** What follows the name besides flags, for the help: `[api-server-endpoint]`. */
  readonly positional?: string
  readonly maxArguments?: number
  readonly flags?: readonly Flag[]
  readonly commands?: readonly Command[]
  /** Of a workflow, by full name, for the help: what `--skip-phases` takes. */
  readonly phases?: readonly { readonly name: string; readonly summary: string }[]
  /** Of a group that runs something of its own: the switch that asks for that. Without it the group shows its help, as those without `run`. */
  readonly runsWith?: string
  /** Resolves with the exit code where the command has one of its own, as that of a program that it ran. */
  readonly run?: (input: CommandInput) => Promise<number | void>
}

/** A command of kadm without what its row in `commands.ts` says of it. */
export type CommandBody = Omit<Command, 'name' | 'aliases' | 'summary'>

export interface Flag {
  /** Without dashes. */
  readonly name: string
  readonly short?: string
  /** `list`: comma-separated, may be repeated. */
  readonly kind: 'text' | 'number' | 'switch' | 'list'
  readonly doc: string
  /** Shown in the help, and the value when it is not given. */
  readonly default?: string
  readonly hidden?: boolean
  /** Of a list: `a,,b` is taken, as by kubeadm. */
  readonly allowsEmptyItems?: boolean
}

/** `--output`, `-o` */
export function flagWords({ name, short }: Flag): readonly string[] {
  return [name.length === 1 ? `-${name}` : `--${name}`, ...(short === undefined ? [] : [`-${short}`])]
}

export interface CommandInput {
  readonly flags: FlagValues
  readonly arguments: readonly string[]
  /** What follows `--`. */
  readonly rest: readonly string[]
  readonly io: Streams
  readonly signal: AbortSignal
}

export interface FlagValues {
  /** The value or its default; `undefined` when there is neither. */
  text(name: string): string | undefined
  isOn(name: string): boolean
  list(name: string): readonly string[]
  /** Names of the flags that the user gave. */
  readonly given: ReadonlySet<string>
}

/** Of a switch that not all phases of the command have. */
export function givenOn(flags: FlagValues, name: string): boolean {
  return flags.given.has(name) && flags.isOn(name)
}

/** `undefined` when the user did not give it, whatever its default. */
export function givenText(flags: FlagValues, name: string): string | undefined {
  return flags.given.has(name) ? flags.text(name) : undefined
}

export interface Streams {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly environment: Readonly<Record<string, string | undefined>>
}
