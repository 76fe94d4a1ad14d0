/** `kadm reset` for a user: words read, the question, progress, what is left. */
import { KadmError } from '../errors.ts'
import { startReset, type ResetRequest } from '../phases/reset/start-reset.ts'
import { chosenHost } from './chosen-host.ts'
import type { CommandInput, FlagValues } from './command.ts'
import { configFlagValues } from './config-flag-values.ts'
import { confirm } from './confirm.ts'
import { phaseProgress } from './phase-progress.ts'
import { planText } from './print-plan.ts'

const optionFlags: ReadonlySet<string> = new Set(['config', 'cleanup', 'kubeconfig', 'v', 'vmodule'])

/** @param only full names of phases; all when not given */
export async function runReset(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { flags, io, signal } = input
  const progress = phaseProgress(io)
  const host = await chosenHost(input)
  try {
    const recording = await startReset(host, {
      file: flags.given.has('config') ? flags.text('config') : undefined,
      flags: configFlagValues(input, optionFlags),
      only,
      options: {
        kubeconfig: (flags.given.has('kubeconfig') ? flags.text('kubeconfig') : undefined) ?? '/etc/kubernetes/admin.conf',
        cleanup: cleanupOf(flags),
      },
      confirm: (question) => confirm(io, question, signal),
      signal,
      onStart: progress.start,
      report: progress.report,
      warn: (line) => void io.stderr.write(`WARNING: ${line}\n`),
    })
    if (recording !== undefined) io.stdout.write(`${planText(recording.host.plan(), [])}[dryrun] Nothing was changed on this host\n`)
    await progress.end()
  } finally {
    await progress.end()
    await host.close()
  }
}

/** Throws USAGE. */
function cleanupOf(flags: FlagValues): ResetRequest['options']['cleanup'] {
  const words = flags.given.has('cleanup') ? flags.list('cleanup') : []
  const unknown = words.find((word) => word !== 'network' && word !== 'kubeconfig')
  if (unknown !== undefined) throw new KadmError('USAGE', `--cleanup: "${unknown}" is not one of network, kubeconfig`, { remedy: ['kadm reset --cleanup=network,kubeconfig'] })
  return new Set(words.filter((word) => word === 'network' || word === 'kubeconfig'))
}
