/** bootstrap-kubelet.conf: what the kubelet of a joining node asks for its certificate with. */
import { objectsAt, part } from '../../config/document-fields.ts'
import { dumpYaml } from '../../config/yaml.ts'
import type { DiscoveredCluster } from '../../discovery/discovered-cluster.ts'
import { isObject, type JsonObject } from '../../json.ts'
import { base64Of } from './kubeconfig-entries.ts'

export interface BootstrapKubeconfig {
  readonly discovered: DiscoveredCluster
  /** The cluster's own, which discovery by token cannot know. */
  readonly clusterName: string
  /** `https://host:port` that the kubelet shall talk to. */
  readonly server: string
}

/** As kubeadm writes it: the cluster and the current context are named for the cluster, the context itself keeps its name. */
export function bootstrapKubeconfigText({ discovered, clusterName, server }: BootstrapKubeconfig): string {
  return dumpYaml(
    discovered.document === undefined ? ofToken(discovered, clusterName, server) : ofFile(discovered.document, clusterName, server),
  )
}

function ofToken({ user, caPem, serverName }: DiscoveredCluster, clusterName: string, server: string): JsonObject {
  const context = `${user.name}@kubernetes`
  const credentials: JsonObject =
    user.kind === 'token'
      ? { token: user.token }
      : { 'client-certificate-data': base64Of(user.certificate), 'client-key-data': base64Of(user.key) }
  const cluster = {
    'certificate-authority-data': base64Of(caPem),
    server,
    ...(serverName !== undefined && { 'tls-server-name': serverName }),
  }
  return {
    apiVersion: 'v1',
    clusters: [{ cluster, name: clusterName }],
    contexts: [{ context: { cluster: clusterName, user: user.name }, name: context }],
    'current-context': context,
    kind: 'Config',
    users: [{ name: user.name, user: credentials }],
  }
}

/** Of several clusters and contexts the current ones are kept in use; all users stay, as they are. */
function ofFile(document: JsonObject, clusterName: string, server: string): JsonObject {
  const current = document['current-context']
  const context = objectsAt(document, 'contexts').find(({ name }) => name === current)
  const used = context === undefined ? undefined : part(context, 'context')['cluster']
  const cluster = objectsAt(document, 'clusters').find(({ name }) => name === used)?.['cluster']
  return {
    ...document,
    clusters: [{ cluster: { ...(isObject(cluster) ? cluster : {}), server }, name: clusterName }],
    contexts: objectsAt(document, 'contexts').map((entry) =>
      entry['name'] === current && isObject(entry['context'])
        ? { ...entry, context: { ...entry['context'], cluster: clusterName } }
        : entry,
    ),
  }
}
