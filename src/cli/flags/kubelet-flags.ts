/** The kubelet that `upgrade node` is asked for. */
import { parseDuration } from '../../config/durations.ts'
import { KadmError } from '../../errors.ts'
import type { NodeRequest } from '../../phases/upgrade/start-upgrade.ts'
import { givenText, type FlagValues } from '../command.ts'

export const upgradeKubeletFlags = ['drain-timeout', 'kubelet', 'kubelet-version'] as const

/** `undefined` when no kubelet is named. Throws USAGE. */
export function askedKubelet(flags: FlagValues): NodeRequest['kubelet'] {
  const given = (name: (typeof upgradeKubeletFlags)[number]): string | undefined => givenText(flags, name)
  const [file, version] = [given('kubelet'), given('kubelet-version')]
  if (file === undefined && version === undefined) {
    if (!flags.given.has('drain-timeout')) return undefined
    throw new KadmError('USAGE', '--drain-timeout is for the kubelet that --kubelet or --kubelet-version names', {
      remedy: ['name a kubelet, or leave --drain-timeout out'],
    })
  }
  const text = flags.text('drain-timeout') ?? ''
  const drainTimeout = parseDuration(text)
  if (drainTimeout === undefined || drainTimeout <= 0)
    throw new KadmError('USAGE', `--drain-timeout: "${text}" is not a time such as 90s or 5m`, { remedy: ['--drain-timeout 5m'] })
  return { target: { file, version: version === undefined ? undefined : `v${version.replace(/^v/, '')}` }, drainTimeout }
}
