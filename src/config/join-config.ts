/** A complete, checked JoinConfiguration into the typed one that the rest of kadm works with. */
import type { JsonObject } from '../json.ts'
import { flagAt, part, textAt, textsAt } from './document-fields.ts'
import { toNodeRegistration, toTimeouts } from './init-config.ts'
import type { FileDiscovery, InitConfiguration, JoinConfig, TokenDiscovery } from './model.ts'
import { ports } from './ports.ts'

export function toJoinConfig(document: JsonObject): JoinConfig {
  const directory = textAt(part(document, 'patches'), 'directory')
  return {
    dryRun: flagAt(document, 'dryRun'),
    nodeRegistration: toNodeRegistration(part(document, 'nodeRegistration')),
    caCertPath: textAt(document, 'caCertPath'),
    discovery: toDiscovery(part(document, 'discovery')),
    ...(document['controlPlane'] !== undefined && { controlPlane: toControlPlane(part(document, 'controlPlane')) }),
    skipPhases: textsAt(document, 'skipPhases'),
    ...(directory !== '' && { patches: { directory } }),
    timeouts: toTimeouts(part(document, 'timeouts')),
  }
}

function toDiscovery(document: JsonObject): TokenDiscovery | FileDiscovery {
  const tlsBootstrapToken = textAt(document, 'tlsBootstrapToken')
  if (document['file'] !== undefined) {
    const kubeConfigPath = textAt(part(document, 'file'), 'kubeConfigPath')
    return { kind: 'file', kubeConfigPath, ...(tlsBootstrapToken !== '' && { tlsBootstrapToken }) }
  }
  const byToken = part(document, 'bootstrapToken')
  return {
    kind: 'token',
    token: textAt(byToken, 'token'),
    apiServerEndpoint: textAt(byToken, 'apiServerEndpoint'),
    caCertHashes: textsAt(byToken, 'caCertHashes'),
    unsafeSkipCAVerification: flagAt(byToken, 'unsafeSkipCAVerification'),
    tlsBootstrapToken,
  }
}

function toControlPlane(document: JsonObject): NonNullable<JoinConfig['controlPlane']> {
  const endpoint = part(document, 'localAPIEndpoint')
  const certificateKey = textAt(document, 'certificateKey')
  return {
    localAPIEndpoint: { advertiseAddress: textAt(endpoint, 'advertiseAddress'), bindPort: Number(endpoint['bindPort']) },
    ...(certificateKey !== '' && { certificateKey }),
  }
}

/** What a joining node says of itself in the words of InitConfiguration, which certificates and manifests are made from. */
export function nodeSettings({ nodeRegistration, patches, skipPhases, timeouts, dryRun, controlPlane }: JoinConfig): InitConfiguration {
  return {
    bootstrapTokens: [],
    dryRun,
    nodeRegistration,
    // A worker has no API server: whoever asks for its URL is told so.
    localAPIEndpoint: controlPlane?.localAPIEndpoint ?? { advertiseAddress: '', bindPort: ports['kube-apiserver'] },
    ...(controlPlane?.certificateKey !== undefined && { certificateKey: controlPlane.certificateKey }),
    skipPhases,
    ...(patches !== undefined && { patches }),
    timeouts,
  }
}
