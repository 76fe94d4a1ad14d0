/** `kadm join` and `kadm join phase ...`: from flags to a run, and what the user sees of it. */
import { discoveryFlags } from '../../phases/join/discovery-flags.ts'
import { joinPhases } from '../../phases/join/join-phases.ts'
import type { CommandBody, CommandInput } from '../command.ts'
import { hostFlags } from '../flags/host-flags.ts'
import { kubeadmFlags } from '../flags/kubeadm-flags.ts'
import { phasesOf } from '../phase-commands.ts'
import { runFlags } from '../flags/run-flags.ts'

const own = ['apiserver-advertise-address', 'apiserver-bind-port', 'certificate-key', 'config', 'control-plane', 'cri-socket', 'dry-run']
const flags = kubeadmFlags(
  ...[...own, ...discoveryFlags, 'ignore-preflight-errors', 'node-name', 'patches', 'replace', 'skip-phases'].toSorted(),
)

export const joinCommand: CommandBody = {
  positional: '[api-server-endpoint]',
  maxArguments: 1,
  flags: [...flags, ...hostFlags, ...runFlags],
  run: (input) => start(input, undefined),
  ...phasesOf('join', joinPhases, (names, input) => start(input, names)),
}

async function start(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { runJoin } = await import('../run/run-join.ts')
  await runJoin(input, only)
}
