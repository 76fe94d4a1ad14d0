/** What works, but may not be what was meant. */
import type { JsonObject } from '../json.ts'
import { cidrContains, formatCidr, parseCidr, parseCidrs } from './cidr.ts'
import { durationNanoseconds } from './durations.ts'

/** Site-local IPv6 addresses are deprecated by RFC 3879. */
export function networkWarnings(networking: JsonObject): readonly string[] {
  const siteLocal = parseCidr('fec0::/10')
  return ['serviceSubnet', 'podSubnet'].flatMap((name) =>
    (parseCidrs(String(networking[name] ?? '')) ?? [])
      .filter((cidr) => siteLocal !== undefined && (cidrContains(siteLocal, cidr.network) || cidrContains(cidr, siteLocal.network)))
      .map((cidr) => `networking.${name}: ${formatCidr(cidr)} holds site-local IPv6 addresses, which are deprecated by RFC 3879`),
  )
}

const day = 86_400_000_000_000n

export function validityWarnings(cluster: JsonObject): readonly string[] {
  const [leaf, ca] = ['certificateValidityPeriod', 'caCertificateValidityPeriod'].map(
    (name) => durationNanoseconds(String(cluster[name])) ?? 0n,
  )
  if (leaf === undefined || ca === undefined) return []
  return [
    ...(leaf > 365n * day ? ['certificateValidityPeriod is longer than the recommended 8760h0m0s (1 year)'] : []),
    ...(ca > 3650n * day ? ['caCertificateValidityPeriod is longer than the recommended 87600h0m0s (10 years)'] : []),
    ...(leaf > ca ? ['certificateValidityPeriod is longer than caCertificateValidityPeriod'] : []),
  ]
}
