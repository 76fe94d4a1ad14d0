/** From a workflow's list of phases to its `phase` command tree: `kadm init phase certs ca`, `kadm init phase certs all`. */
import type { Phase } from '../phases/phase.ts'
import { flatten } from '../phases/phase-tree.ts'
import type { Command, CommandInput } from './command.ts'
import { hostFlags } from './flags/host-flags.ts'
import { kubeadmFlags } from './flags/kubeadm-flags.ts'
import { runFlags } from './flags/run-flags.ts'

/** A workflow's commands below its own, and its phases for the help. */
export function phasesOf<Run>(
  workflow: string,
  phases: readonly Phase<Run>[],
  run: RunPhase,
): Required<Pick<Command, 'commands' | 'phases'>> {
  const shown = flatten(phases).filter(({ phase }) => phase.hidden !== true)
  return {
    commands: [phaseCommand(workflow, phases, run)],
    phases: shown.map(({ name, phase: { summary } }) => ({ name, summary })),
  }
}

/** Runs the phases of these full names and what they hold. */
export type RunPhase = (names: readonly string[], input: CommandInput) => Promise<void>

function phaseCommand<Run>(workflow: string, phases: readonly Phase<Run>[], run: RunPhase): Command {
  return {
    name: 'phase',
    summary: `Use this command to invoke single phase of the ${workflow} workflow`,
    commands: phases.filter(isCommand).map((phase) => oneCommand(phase, phase.name, run)),
  }
}

function oneCommand<Run>(phase: Phase<Run>, name: string, run: RunPhase): Command {
  const children = (phase.phases ?? []).filter(isCommand)
  const base = { name: phase.name, summary: phase.summary, ...(phase.aliases === undefined ? {} : { aliases: phase.aliases }) }
  if (children.length === 0)
    return {
      ...base,
      ...takes(phase.argument),
      flags: [...kubeadmFlags(...(phase.flags ?? [])), ...hostFlags, ...runFlags],
      run: (input) => run([name], input),
    }
  const all: Command = {
    name: 'all',
    summary: `All sub-phases of ${name}`,
    ...takes(children.find((child) => child.argument !== undefined)?.argument),
    flags: [
      ...kubeadmFlags(
        ...new Set([...children.flatMap((child) => child.flags ?? []), ...(phase.flags ?? [])].filter((flag) => flag !== 'print-manifest')),
      ),
      ...hostFlags,
      ...runFlags,
    ],
    run: (input) => run([name], input),
  }
  return {
    ...base,
    commands: [...(phase.notAtOnce === true ? [] : [all]), ...children.map((child) => oneCommand(child, `${name}/${child.name}`, run))],
  }
}

function takes(argument: string | undefined): Pick<Command, 'positional' | 'maxArguments'> {
  return argument === undefined ? {} : { positional: argument, maxArguments: 1 }
}

function isCommand<Run>(phase: Phase<Run>): boolean {
  return phase.hidden !== true && phase.notAlone !== true
}
