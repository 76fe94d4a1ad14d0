/** The cluster that a kubeconfig for discovery is about. */
import { textAt } from '../config/document-fields.ts'
import { parseYaml } from '../config/yaml.ts'
import { messageOf } from '../errors.ts'
import { isObject, type JsonObject } from '../json.ts'
import { entryNamed } from '../pki/kubeconfig/kubeconfig-entries.ts'

export interface KubeconfigCluster {
  readonly name: string
  readonly cluster: JsonObject
}

/** Throws an Error when the text is no kubeconfig. */
export function parseKubeconfig(text: string): JsonObject {
  let document: unknown
  try {
    document = parseYaml(text)
  } catch (error) {
    throw new Error(messageOf(error), { cause: error })
  }
  if (!isObject(document)) throw new Error('not a kubeconfig')
  return document
}

/** The cluster without a name, or else that of the current context, as kubeadm chooses. Throws an Error when there is neither. */
export function clusterOf(document: JsonObject): KubeconfigCluster {
  const unnamed = entryNamed(document, 'clusters', '', 'cluster')
  if (unnamed !== undefined) return { name: '', cluster: unnamed }
  const contextName = textAt(document, 'current-context')
  const context = entryNamed(document, 'contexts', contextName, 'context')
  if (context === undefined) throw new Error(`no context "${contextName}", which is its current-context`)
  const name = textAt(context, 'cluster')
  const cluster = entryNamed(document, 'clusters', name, 'cluster')
  if (cluster === undefined) throw new Error(`no cluster "${name}", which its current context names`)
  return { name, cluster }
}

/** Throws an Error for what is not the https URL of a server. */
export function httpsServer(cluster: JsonObject): string {
  const server = textAt(cluster, 'server')
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url?.protocol !== 'https:') throw new Error(`its server is "${server}": it must be https://`)
  return server
}
