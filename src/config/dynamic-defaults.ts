/** Puts what was found on the host, and random tokens, into documents that have their static defaults. */
import type { Host, HostFacts } from '../host/host.ts'
import { splitEndpoint } from './endpoint.ts'
import { isEmpty } from './defaults.ts'
import { part, textAt } from './document-fields.ts'
import type { Problem } from './decode.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { advertiseAddress, criSocket, nodeName } from './host-defaults.ts'
import { hostAndPort } from './server-url.ts'
import { generateToken } from '../tokens/bootstrap-token.ts'

export interface Completed {
  readonly document: JsonObject
  readonly warnings: readonly string[]
  readonly problems: readonly Problem[]
}

export interface NodeOptions {
  readonly controlPlane: boolean
  /** Look for the socket of the container runtime when none is given. */
  readonly detectCriSocket: boolean
}

/** `nodeRegistration`: name, socket, taints. */
export async function completeNodeRegistration(
  document: JsonObject,
  host: Host,
  facts: HostFacts,
  options: NodeOptions,
): Promise<Completed> {
  const given = part(document, 'nodeRegistration')
  const socket = await criSocket(textAt(given, 'criSocket'), host, options.detectCriSocket)
  const taints =
    given['taints'] ?? (options.controlPlane ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : undefined)
  const nodeRegistration = {
    ...given,
    name: nodeName(textAt(given, 'name'), facts),
    criSocket: socket.value,
    ...(taints !== undefined && { taints }),
  }
  const problems = socket.problems.map((problem) => ({ path: 'nodeRegistration.criSocket', text: problem }))
  return { document: { ...document, nodeRegistration }, warnings: socket.warnings, problems }
}

/** `localAPIEndpoint.advertiseAddress`; `path` of the parent for problems. */
export function completeApiEndpoint(document: JsonObject, facts: HostFacts, parent = ''): Completed {
  const endpoint = part(document, 'localAPIEndpoint')
  const address = advertiseAddress(textAt(endpoint, 'advertiseAddress'), facts)
  const path = `${parent}localAPIEndpoint.advertiseAddress`
  return {
    document: { ...document, localAPIEndpoint: { ...endpoint, advertiseAddress: address.value } },
    warnings: address.warnings,
    problems: address.problems.map((problem) => ({ path, text: problem })),
  }
}

/** A new token for each that has none: random, or what `newToken` gives (a run that goes on after a kill has its own again). */
export async function completeTokens(
  document: JsonObject,
  newToken: () => Promise<string> = async () => generateToken(),
): Promise<JsonObject> {
  const tokens: readonly Json[] = Array.isArray(document['bootstrapTokens']) ? document['bootstrapTokens'] : []
  const complete = async (token: Json): Promise<Json> =>
    isObject(token) && isEmpty(token['token']) ? { ...token, token: await newToken() } : token
  return { ...document, bootstrapTokens: await Promise.all(tokens.map(complete)) }
}

/** The port of `controlPlaneEndpoint`; names in `certSANs` in lower case. */
export function completeCluster(document: JsonObject, bindPort: Json | undefined): JsonObject {
  const apiServer = part(document, 'apiServer')
  const certSANs = apiServer['certSANs']
  const endpoint = splitEndpoint(textAt(document, 'controlPlaneEndpoint'))
  return {
    ...document,
    ...(endpoint !== undefined && endpoint.port === '' && { controlPlaneEndpoint: hostAndPort(endpoint.host, String(bindPort ?? '')) }),
    apiServer: {
      ...apiServer,
      ...(Array.isArray(certSANs) && { certSANs: certSANs.map((name: Json) => (typeof name === 'string' ? name.toLowerCase() : '')) }),
    },
  }
}
