import type { InitConfig } from '../config/model.ts'
import type { CertificateSpec } from './certificate-specs.ts'
import type { Validity } from './issue.ts'

/**
 * From five minutes before the run began, so that hosts whose clocks differ a little can use it at once, for as long as the configuration
 * says.
 */
export function validityOf(spec: Pick<CertificateSpec, 'ca'>, { cluster }: Pick<InitConfig, 'cluster'>, start: Date): Validity {
  const period = spec.ca === undefined ? cluster.caCertificateValidityPeriod : cluster.certificateValidityPeriod
  return { notBefore: new Date(start.getTime() - 5 * 60_000), notAfter: new Date(start.getTime() + period) }
}
