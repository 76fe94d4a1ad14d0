/** Documents of v1beta4 in the words of v1beta3: the other way round than `config migrate`, and by other means. */
const newer: Readonly<Record<string, readonly string[]>> = {
  '': ['dryRun', 'timeouts', 'proxy', 'encryptionAlgorithm', 'certificateValidityPeriod', 'caCertificateValidityPeriod'],
  nodeRegistration: ['imagePullSerial'],
  dns: ['disabled'],
  external: ['httpEndpoints'],
}

/** Kinds that v1beta3 does not have are left out; an InitConfiguration takes their place where there is nothing else. */
export function asV1beta3(documents: readonly object[]): readonly object[] {
  const old = documents.filter(
    (document) => 'kind' in document && !['ResetConfiguration', 'UpgradeConfiguration'].includes(String(document.kind)),
  )
  const all = old.length > 0 ? old : [{ kind: 'JoinConfiguration', discovery: { file: { kubeConfigPath: 'https://some.where' } } }]
  return all.map((document) => ({ ...(older(document, '') as object), ...timeoutsOf(document), apiVersion: 'kubeadm.k8s.io/v1beta3' }))
}

function older(value: unknown, name: string): unknown {
  if (name.toLowerCase().endsWith('extraargs') && Array.isArray(value))
    return Object.fromEntries(value.map((argument: { name: string; value: string }) => [argument.name, argument.value]))
  if (Array.isArray(value)) return value.map((item) => older(item, name))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => key !== 'extraEnvs' && newer[name]?.includes(key) !== true)
  return Object.fromEntries(kept.map(([key, item]) => [key, older(item, key)]))
}

/** Periods of v1beta4, whatever they are, stand for the two that have moved. */
function timeoutsOf(document: object): object {
  const { kind, certificateValidityPeriod: period, timeouts, apiServer = {}, discovery } = document as Record<string, unknown>
  if (kind === 'ClusterConfiguration' && period !== undefined)
    return { apiServer: { ...(older(apiServer, '') as object), timeoutForControlPlane: period } }
  const timeout = (timeouts as Record<string, unknown> | undefined)?.['discovery']
  return kind === 'JoinConfiguration' && timeout !== undefined ? { discovery: { ...(discovery as object), timeout } } : {}
}
