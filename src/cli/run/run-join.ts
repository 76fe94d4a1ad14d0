/** `kadm join` for a user: words read, progress shown, the result printed. */
import { startJoin } from '../../phases/join/start-join.ts'
import { givenOn, type CommandInput } from '../command.ts'
import { runWorkflow } from './run-workflow.ts'

const optionFlags: ReadonlySet<string> = new Set([
  'config',
  'replace',
  'discovery-unsafe-allow-insecure-file',
  'discovery-unsafe-allow-unpinned-ca',
])

/** @param only full names of phases; all when not given */
export async function runJoin(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { flags } = input
  const isOn = (name: string): boolean => givenOn(flags, name)
  await runWorkflow(input, { action: 'join', only, optionFlags }, async ({ host, request, progress, show }) => {
    const recording = await startJoin(host, {
      ...request,
      endpoint: input.arguments[0],
      options: {
        replace: isOn('replace'),
        unsafeAllowInsecureDiscoveryFile: isOn('discovery-unsafe-allow-insecure-file'),
        unsafeAllowUnpinnedCa: isOn('discovery-unsafe-allow-unpinned-ca'),
      },
    })
    await progress.end({ results: recording === undefined || only !== undefined })
    await show(recording)
  })
}
