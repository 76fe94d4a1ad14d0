/** `kadm completion`: what a shell needs to complete kadm's words. */
import { KadmError } from '../../errors.ts'
import type { CommandBody, CommandInput } from '../command.ts'
import { completionScript, shells } from '../completion.ts'
import { globalFlags } from '../flags/global-flags.ts'

export const completionCommand: CommandBody = {
  positional: 'SHELL',
  maxArguments: 1,
  run,
}

async function run({ arguments: [given], io }: CommandInput): Promise<void> {
  const shell = shells.find((name) => name === given)
  if (shell === undefined) {
    const message = given === undefined ? 'no shell was given' : `there is no completion for the shell "${given}"`
    throw new KadmError('USAGE', message, {
      remedy: [`kadm completion ${shells[0]}`, ...shells.slice(1).map((name) => `kadm completion ${name}`)],
    })
  }
  const { wholeTree } = await import('../commands.ts')
  io.stdout.write(completionScript(shell, await wholeTree(), globalFlags))
}
