/** `kadm init` and `kadm init phase ...`: from flags to a run, and what the user sees of it. */
import { initPhases } from '../../phases/init/init-phases.ts'
import type { CommandBody, CommandInput } from '../command.ts'
import { hostFlags } from '../flags/host-flags.ts'
import { kubeadmFlags } from '../flags/kubeadm-flags.ts'
import { phasesOf } from '../phase-commands.ts'
import { runFlags } from '../flags/run-flags.ts'

const flags = kubeadmFlags(
  'apiserver-advertise-address',
  'apiserver-bind-port',
  'apiserver-cert-extra-sans',
  'cert-dir',
  'certificate-key',
  'config',
  'control-plane-endpoint',
  'cri-socket',
  'dry-run',
  'feature-gates',
  'ignore-preflight-errors',
  'image-repository',
  'kubernetes-version',
  'node-name',
  'patches',
  'pod-network-cidr',
  'service-cidr',
  'service-dns-domain',
  'skip-certificate-key-print',
  'skip-phases',
  'skip-token-print',
  'token',
  'token-ttl',
  'upload-certs',
)

export const initCommand: CommandBody = {
  flags: [...flags, ...hostFlags, ...runFlags],
  run: (input) => start(input, undefined),
  ...phasesOf('init', initPhases, (names, input) => start(input, names)),
}

async function start(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { runInit } = await import('../run/run-init.ts')
  await runInit(input, only)
}
