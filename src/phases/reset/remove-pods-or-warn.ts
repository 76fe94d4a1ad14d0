import { KadmError, messageOf } from '../../errors.ts'
import { removePods } from '../../host/cri/remove-pods.ts'
import type { PhaseContext } from '../phase.ts'
import type { ResetRun } from './reset-run.ts'

/** What cannot be removed is only told, as by kubeadm: the rest goes on. */
export async function removePodsOrWarn(
  { config, host }: Pick<ResetRun, 'config' | 'host'>,
  { warn, signal }: Pick<PhaseContext, 'warn' | 'signal'>,
): Promise<void> {
  await removePods(host.containerRuntime(config.criSocket), signal).catch((error: unknown) => {
    signal.throwIfAborted()
    warn([`failed to remove containers: ${messageOf(error)}`, ...(error instanceof KadmError ? error.details : [])].join('; '))
  })
}
