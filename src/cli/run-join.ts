/** `kadm join` for a user: words read, progress shown, the result printed. */
import { startJoin } from '../phases/join/start-join.ts'
import { chosenHost } from './chosen-host.ts'
import type { CommandInput } from './command.ts'
import { configFlagValues } from './config-flag-values.ts'
import { phaseProgress } from './phase-progress.ts'

const optionFlags: ReadonlySet<string> = new Set(['config', 'replace', 'discovery-unsafe-allow-insecure-file', 'discovery-unsafe-allow-unpinned-ca', 'v', 'vmodule'])

/** @param only full names of phases; all when not given */
export async function runJoin(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { flags, io, signal } = input
  const isOn = (name: string): boolean => flags.given.has(name) && flags.isOn(name)
  const progress = phaseProgress(io)
  const host = await chosenHost(input)
  try {
    const recording = await startJoin(host, {
      file: flags.given.has('config') ? flags.text('config') : undefined,
      flags: configFlagValues(input, optionFlags),
      endpoint: input.arguments[0],
      only,
      options: {
        replace: isOn('replace'),
        unsafeAllowInsecureDiscoveryFile: isOn('discovery-unsafe-allow-insecure-file'),
        unsafeAllowUnpinnedCa: isOn('discovery-unsafe-allow-unpinned-ca'),
      },
      signal,
      onStart: progress.start,
      report: progress.report,
      warn: (line) => void io.stderr.write(`WARNING: ${line}\n`),
    })
    await progress.end({ results: recording === undefined || only !== undefined })
    if (recording !== undefined) {
      const { showRecording } = await import('./dry-run.ts')
      await showRecording(recording, { io, variable: 'KUBEADM_JOIN_DRYRUN_DIR', prefix: 'kubeadm-join-dryrun', host })
    }
  } finally {
    await progress.end()
    await host.close()
  }
}
