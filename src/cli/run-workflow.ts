/** What `init`, `join`, `reset` and `upgrade` share as commands: the words common to all, the host that is meant, the progress. */
import type { Host } from '../host/host.ts'
import type { RunRequest } from '../phases/run-request.ts'
import { chosenHost } from './chosen-host.ts'
import { givenText, type CommandInput } from './command.ts'
import { configFlagValues } from './config-flag-values.ts'
import { phaseProgress, type PhaseProgress } from './phase-progress.ts'

export interface WorkflowWords {
  /** Full names of phases; all when not given. */
  readonly only: readonly string[] | undefined
  /** Flags that are no part of the configuration. */
  readonly optionFlags: ReadonlySet<string>
}

export interface OpenWorkflow {
  readonly host: Host
  readonly request: RunRequest & { readonly onStart: (phases: readonly string[]) => void }
  /** Ended after `work`; `work` ends it before what is to stand below it. */
  readonly progress: PhaseProgress
}

/** The host is closed after `work`. */
export async function runWorkflow(input: CommandInput, { only, optionFlags }: WorkflowWords, work: (open: OpenWorkflow) => Promise<void>): Promise<void> {
  const { flags, io, signal } = input
  const progress = phaseProgress(io)
  const host = await chosenHost(input)
  try {
    const request = {
      file: givenText(flags, 'config'),
      flags: configFlagValues(input, optionFlags),
      only,
      signal,
      onStart: progress.start,
      report: progress.report,
      warn: (line: string) => void io.stderr.write(`WARNING: ${line}\n`),
    }
    await work({ host, request, progress })
  } finally {
    await progress.end()
    await host.close()
  }
}
