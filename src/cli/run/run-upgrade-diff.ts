/** `kadm upgrade diff` for a user. */
import { startDiff } from '../../phases/upgrade/start-diff.ts'
import { onChosenHost } from '../chosen-host.ts'
import type { CommandInput } from '../command.ts'
import { configWords } from '../flags/config-words.ts'

const optionFlags: ReadonlySet<string> = new Set(['config', 'kubeconfig'])

/** Exits with 0 whether there are differences or not, as kubeadm's. */
export async function runUpgradeDiff(input: CommandInput): Promise<void> {
  const { flags, io, signal } = input
  await onChosenHost(input, async (host) => {
    const texts = await startDiff(host, {
      ...configWords(input, optionFlags),
      version: input.arguments[0],
      kubeconfig: flags.text('kubeconfig') ?? '',
      signal,
      say: (line) => void io.stdout.write(`${line}\n`),
      warn: (line) => void io.stderr.write(`WARNING: ${line}\n`),
    })
    io.stdout.write(texts.join(''))
  })
}
