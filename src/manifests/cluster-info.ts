import { dumpYaml } from '../config/yaml.ts'
import { accessObjects, accessRules } from './access-rules.ts'
import { configMap } from './config-map.ts'
import type { Manifest } from './manifest.ts'

/** How to reach the API and how to know it: the cluster of admin.conf. */
export interface ClusterAddress {
  readonly server: string
  /** Base64 of PEM. */
  readonly certificateAuthorityData: string
}

/**
 * The public ConfigMap by which joining nodes find the cluster, and who may read it. `sign` returns the entries by which the holders of
 * tokens know that it is genuine (of the exact text); the ConfigMap is replaced as a whole, so entries that are not returned are gone until
 * the controller-manager makes them again.
 */
export async function clusterInfoObjects(
  cluster: ClusterAddress,
  sign: (kubeconfig: string) => Promise<Readonly<Record<string, string>>>,
): Promise<Manifest[]> {
  const kubeconfig = clusterInfoKubeconfig(cluster)
  const data = { kubeconfig, ...(await sign(kubeconfig)) }
  return [configMap('cluster-info', data, { namespace: 'kube-public' }), ...accessObjects(accessRules.clusterInfo)]
}

/** A kubeconfig with one cluster, which has no name, and nobody's credentials. */
export function clusterInfoKubeconfig({ server, certificateAuthorityData }: ClusterAddress): string {
  return dumpYaml({
    apiVersion: 'v1',
    clusters: [{ cluster: { 'certificate-authority-data': certificateAuthorityData, server }, name: '' }],
    contexts: null,
    'current-context': '',
    kind: 'Config',
    users: null,
  })
}
