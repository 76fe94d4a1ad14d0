/** `kadm reset` for a user: words read, the question, progress, what is left. */
import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import { startReset, type ResetRequest } from '../../phases/reset/start-reset.ts'
import { givenText, type CommandInput, type FlagValues } from '../command.ts'
import { confirm } from '../confirm.ts'
import { planText } from '../text/print-plan.ts'
import { runWorkflow } from './run-workflow.ts'

const optionFlags: ReadonlySet<string> = new Set(['config', 'cleanup', 'kubeconfig'])

/** @param only full names of phases; all when not given */
export async function runReset(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { flags, signal } = input
  if (flags.given.has('wait-lock'))
    throw new KadmError('USAGE', '--wait-lock is for a reset of a whole cluster', {
      remedy: ['add --cluster-file FILE, or leave --wait-lock out'],
    })
  await runWorkflow(input, { action: 'reset', only, optionFlags }, async ({ host, io, request }) => {
    const recording = await startReset(host, {
      ...request,
      options: { kubeconfig: givenText(flags, 'kubeconfig') ?? paths.adminConf, cleanup: cleanupOf(flags) },
      confirm: (question) => confirm(io, question, signal),
    })
    if (recording !== undefined) io.stdout.write(`${planText(recording.host.plan(), [])}[dryrun] Nothing was changed on this host\n`)
  })
}

/** Throws USAGE. */
function cleanupOf(flags: FlagValues): ResetRequest['options']['cleanup'] {
  const words = flags.given.has('cleanup') ? flags.list('cleanup') : []
  const unknown = words.find((word) => word !== 'network' && word !== 'kubeconfig')
  if (unknown !== undefined)
    throw new KadmError('USAGE', `--cleanup: "${unknown}" is not one of network, kubeconfig`, {
      remedy: ['kadm reset --cleanup=network,kubeconfig'],
    })
  return new Set(words.filter((word) => word === 'network' || word === 'kubeconfig'))
}
