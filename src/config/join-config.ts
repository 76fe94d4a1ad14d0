/** A complete, checked JoinConfiguration into the typed one that the rest of kadm works with. */
import { part } from './defaults.ts'
import { toNodeRegistration, toTimeouts } from './init-config.ts'
import type { FileDiscovery, InitConfiguration, Json, JoinConfig, JsonObject, TokenDiscovery } from './model.ts'

export function toJoinConfig(document: JsonObject): JoinConfig {
  const directory = text(part(document, 'patches')['directory'])
  return {
    dryRun: document['dryRun'] === true,
    nodeRegistration: toNodeRegistration(part(document, 'nodeRegistration')),
    caCertPath: text(document['caCertPath']),
    discovery: toDiscovery(part(document, 'discovery')),
    ...(document['controlPlane'] !== undefined && { controlPlane: toControlPlane(part(document, 'controlPlane')) }),
    skipPhases: texts(document['skipPhases']),
    ...(directory !== '' && { patches: { directory } }),
    timeouts: toTimeouts(part(document, 'timeouts')),
  }
}

function toDiscovery(document: JsonObject): TokenDiscovery | FileDiscovery {
  const tlsBootstrapToken = text(document['tlsBootstrapToken'])
  if (document['file'] !== undefined) {
    const kubeConfigPath = text(part(document, 'file')['kubeConfigPath'])
    return { kind: 'file', kubeConfigPath, ...(tlsBootstrapToken !== '' && { tlsBootstrapToken }) }
  }
  const byToken = part(document, 'bootstrapToken')
  return {
    kind: 'token',
    token: text(byToken['token']),
    apiServerEndpoint: text(byToken['apiServerEndpoint']),
    caCertHashes: texts(byToken['caCertHashes']),
    unsafeSkipCAVerification: byToken['unsafeSkipCAVerification'] === true,
    tlsBootstrapToken,
  }
}

function toControlPlane(document: JsonObject): NonNullable<JoinConfig['controlPlane']> {
  const endpoint = part(document, 'localAPIEndpoint')
  const certificateKey = text(document['certificateKey'])
  return {
    localAPIEndpoint: { advertiseAddress: text(endpoint['advertiseAddress']), bindPort: Number(endpoint['bindPort']) },
    ...(certificateKey !== '' && { certificateKey }),
  }
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

/** What a joining node says of itself in the words of InitConfiguration, which certificates and manifests are made from. */
export function nodeSettings({ nodeRegistration, patches, skipPhases, timeouts, dryRun, controlPlane }: JoinConfig): InitConfiguration {
  return {
    bootstrapTokens: [],
    dryRun,
    nodeRegistration,
    // A worker has no API server: whoever asks for its URL is told so.
    localAPIEndpoint: controlPlane?.localAPIEndpoint ?? { advertiseAddress: '', bindPort: 6443 },
    ...(controlPlane?.certificateKey !== undefined && { certificateKey: controlPlane.certificateKey }),
    skipPhases,
    ...(patches !== undefined && { patches }),
    timeouts,
  }
}
