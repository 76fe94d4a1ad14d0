/** What an upgrade will run into, looked for before anything is touched. */
import { KadmError, messageOf } from '../../errors.ts'
import type { Finding, RehearsalOptions } from './finding.ts'
import { apiFindings, podFindings, webhookFindings } from './rehearse-cluster.ts'
import { certificateFindings, diskFindings, imageFindings } from './rehearse-host.ts'
import { preflightFindings, versionFindings } from './rehearse-versions.ts'

/** Looks at everything side by side. What blocks comes first. */
export async function rehearse(options: RehearsalOptions): Promise<readonly Finding[]> {
  const probes: Readonly<Record<string, Promise<readonly Finding[]>>> = {
    'preflight checks': preflightFindings(options),
    'versions and nodes': versionFindings(options),
    'Pods and their budgets': podFindings(options),
    'admission webhooks': webhookFindings(options),
    'deprecated APIs': apiFindings(options),
    images: imageFindings(options),
    'disk space': diskFindings(options),
    certificates: certificateFindings(options),
  }
  const found = await Promise.all(
    Object.entries(probes).map(([what, probe]) => probe.catch((error: unknown) => [notLookedAt(what, error)])),
  )
  options.signal.throwIfAborted()
  const all = found.flat()
  return [...all.filter(({ severity }) => severity === 'blocks'), ...all.filter(({ severity }) => severity === 'hurts')]
}

/** Anything but a foreseen failure is a bug, and thrown. */
function notLookedAt(what: string, error: unknown): Finding {
  if (!(error instanceof KadmError)) throw error
  return { code: 'NOT_LOOKED_AT', severity: 'hurts', what, why: messageOf(error), remedy: error.remedy[0] }
}
