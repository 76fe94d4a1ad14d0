/** `kadm upgrade apply` and `kadm upgrade node` for a user: words read, progress shown, the result printed. */
import { startUpgradeApply, startUpgradeNode, type UpgradeRequest } from '../../phases/upgrade/start-upgrade.ts'
import type { RunRecording } from '../../phases/run-request.ts'
import { givenOn, givenText, type CommandInput } from '../command.ts'
import { requireYes } from '../confirm.ts'
import { askedKubelet, upgradeKubeletFlags } from '../flags/kubelet-flags.ts'
import { printedConfiguration } from '../text/printed-configuration.ts'
import { runWorkflow, type OpenWorkflow } from './run-workflow.ts'

const optionFlags: ReadonlySet<string> = new Set(['config', 'kubeconfig', ...upgradeKubeletFlags, 'yes'])

/** @param only full names of phases; all when not given */
export async function runUpgradeApply(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { signal, flags } = input
  await run(input, only, async ({ host, io, request }) => {
    const ask = (): Promise<void> =>
      requireYes(io, { question: '[upgrade] Are you sure you want to proceed?', what: 'the upgrade' }, signal)
    const { recording, version } = await startUpgradeApply(host, {
      ...request,
      version: input.arguments[0],
      confirm: givenOn(flags, 'yes') ? undefined : ask,
      printConfig: ({ cluster }) => void io.stdout.write(`${printedConfiguration(cluster)}\n`),
    })
    if (recording === undefined && only === undefined) {
      io.stdout.write(
        `\n[upgrade] SUCCESS! A control plane node of your cluster was upgraded to "${version}".\n\n[upgrade] Now please proceed with upgrading the rest of the nodes by following the right order.\n`,
      )
    }
    return recording
  })
}

/** @param only full names of phases; all when not given */
export async function runUpgradeNode(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  await run(
    input,
    only,
    async ({ host, request }) => (await startUpgradeNode(host, { ...request, kubelet: askedKubelet(input.flags) })).recording,
  )
}

async function run(
  input: CommandInput,
  only: readonly string[] | undefined,
  start: (open: Pick<OpenWorkflow, 'host' | 'io'> & { readonly request: UpgradeRequest }) => Promise<RunRecording | undefined>,
): Promise<void> {
  const { flags } = input
  await runWorkflow(input, { action: 'upgrade', only, optionFlags }, async ({ host, io, request, progress, show }) => {
    const recording = await start({ host, io, request: { ...request, kubeconfig: givenText(flags, 'kubeconfig') } })
    await progress.end()
    await show(recording)
    if (recording !== undefined) io.stdout.write('[upgrade/successful] Finished dryrunning successfully!\n')
  })
}
