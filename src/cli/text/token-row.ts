import type { BootstrapToken } from '../../config/model.ts'
import { instant } from '../../host/instant.ts'
import { oneLine } from '../../progress/printable.ts'
import { columns, padded } from './columns.ts'

const heads = ['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS']

/** The lines of `token list` for one token: kubeadm's columns, which are as wide as this token needs; the head stands before the first. */
export function tokenRow({ token, expires, usages, description, groups }: BootstrapToken, index: number, now: Date): string {
  const left = expires === undefined ? '<forever>' : shortDuration(expires.getTime() - now.getTime())
  const row = [
    token,
    left.padEnd(9),
    expires === undefined ? '<never>' : instant(expires),
    padded(usages.join(',') || '<none>', 22),
    // Anybody with a right to make Secrets may have written it: it must not break the columns either.
    padded(oneLine(description ?? '') || '<none>', 56),
    groups.join(',') || '<none>',
  ]
  return columns(index === 0 ? [heads, row] : [row])
}

/** The largest unit only, rounded down: `23h`, `5d`. Clocks of two machines may differ by some 2 s: so long past is still `0s`. */
function shortDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.trunc(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.trunc(minutes / 60)
  if (hours < 24) return `${hours}h`
  return hours < 24 * 365 ? `${Math.trunc(hours / 24)}d` : `${Math.trunc(hours / 24 / 365)}y`
}
