/**
 * Completion scripts for shells, made from the command tree: they hold every command and flag, so that no kadm is started at a key press.
 */
import { flagWords, type Command, type Flag } from './command.ts'

export type Shell = keyof typeof scripts

export const shells = ['bash', 'fish', 'zsh'] as const satisfies readonly Shell[]

/** @param globalFlags those that every command takes */
export function completionScript(shell: Shell, root: Command, globalFlags: readonly Flag[]): string {
  return scripts[shell](places(root, root.name, globalFlags))
}

const scripts = { bash: bashScript, fish: fishScript, zsh: zshScript }

/** A command by its words, and what may come after them. */
interface Place {
  /** `kadm init phase` */
  readonly path: string
  /** The last word's other names. */
  readonly aliases: readonly string[]
  readonly commands: readonly Command[]
  readonly flags: readonly Flag[]
}

function places(command: Command, path: string, globalFlags: readonly Flag[]): readonly Place[] {
  const commands = (command.commands ?? []).filter(({ hidden }) => hidden !== true)
  const flags = [...(command.flags ?? []), ...globalFlags].filter(({ hidden }) => hidden !== true)
  return [
    { path, aliases: command.aliases ?? [], commands, flags },
    ...commands.flatMap((child) => places(child, `${path} ${child.name}`, globalFlags)),
  ]
}

function bashScript(all: readonly Place[]): string {
  return `# bash completion for kadm: source <(kadm completion bash)
_kadm() {
  local cur prev at commands flags values i
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD - 1]}"
  at=kadm
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
${steps(all)
  .map(([words, path]) => `      "${words}") at="${path}" ;;\n`)
  .join('')}    esac
  done
  case "$at" in
${all.map(bashCase).join('')}  esac
  COMPREPLY=()
  case " $values " in *" $prev "*) return ;; esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$commands" -- "$cur")) ;;
  esac
}
complete -o default -F _kadm kadm
`
}

function bashCase({ path, commands, flags }: Place): string {
  const taking = flags.filter(({ kind }) => kind !== 'switch')
  const words = [commands.map(({ name }) => name), flags.flatMap(flagWords), taking.flatMap(flagWords)].map((list) => list.join(' '))
  return `    "${path}") commands="${words[0]}" flags="${words[1]} --help" values="${words[2]}" ;;\n`
}

// zsh brings an interpreter of bash's completion functions.
function zshScript(all: readonly Place[]): string {
  return `#compdef kadm
# zsh completion for kadm: source <(kadm completion zsh)
(( $+functions[compdef] )) || { autoload -U +X compinit && compinit }
autoload -U +X bashcompinit && bashcompinit
${bashScript(all).split('\n').slice(1).join('\n')}`
}

function fishScript(all: readonly Place[]): string {
  const entry = (word: string, doc: string): string => `      echo ${fishText(word)}\\t${fishText(doc)}\n`
  const cases = all.map(({ path, commands, flags }) => {
    const lines = [
      ...commands.map(({ name, summary }) => entry(name, summary)),
      ...flags.flatMap((flag) => flagWords(flag).map((word) => entry(word, flag.doc))),
    ]
    return `    case ${fishText(path)}\n${lines.join('')}`
  })
  return `# fish completion for kadm: kadm completion fish | source
function __kadm_words
  set -l at kadm
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
${steps(all)
  .map(([words, path]) => `      case ${fishText(words)}\n        set at ${fishText(path)}\n`)
  .join('')}    end
  end
  switch $at
${cases.join('')}  end
end
complete -c kadm -a '(__kadm_words)'
`
}

/** From a path and a word to the next path: `kadm init phase bootstraptoken` leads to `kadm init phase bootstrap-token`. */
function steps(all: readonly Place[]): readonly (readonly [string, string])[] {
  return all
    .slice(1)
    .flatMap(({ path, aliases }) => [path, ...aliases.map((alias) => path.replace(/\S+$/, alias))].map((words) => [words, path] as const))
}

function fishText(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`
}
