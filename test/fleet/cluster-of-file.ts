/** What a cluster keeps that init has made of a cluster file, by way of the very objects that init sends. */
import type { ApiError } from '../../src/cluster/api-error.ts'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { initFileText } from '../../src/config/cluster-file-documents.ts'
import type { ClusterFile } from '../../src/config/cluster-file.ts'
import { loadInitConfig } from '../../src/config/load/load-init.ts'
import { clusterConfigurationDocument } from '../../src/config/v1beta4.ts'
import { kubeProxyParts } from '../../src/manifests/addons/kube-proxy.ts'
import { kubeadmConfigObjects, kubeletConfigObjects } from '../../src/manifests/config-objects.ts'
import { withDisabledAddons } from '../../src/phases/init/start-init.ts'
import { fixtureHost } from '../config/fixture-host.ts'

/** A ConfigMap's data, an answer that refuses, or `undefined` for one that is not there; by name. */
export type ConfigMaps = Readonly<Record<string, Readonly<Record<string, string>> | ApiError | undefined>>

export async function configMapsOf(file: ClusterFile): Promise<ConfigMaps> {
  const [first] = file.hosts
  if (first === undefined) throw new Error('the file has no host')
  const host = fixtureHost({ '/init.yaml': initFileText(file, first, []) })
  const loaded = await loadInitConfig({ file: '/init.yaml', flags: {}, host, needs: { criSocket: false } })
  // Patches are for other objects than these.
  const { patches: _patches, ...init } = loaded.config.init
  const config = { ...loaded.config, init, cluster: withDisabledAddons(loaded.config.cluster, init.skipPhases) }
  const proxy = await kubeProxyParts({ config, host, say: () => {}, warn: () => {} })
  const objects = [...kubeadmConfigObjects(clusterConfigurationDocument(config.cluster)), ...kubeletConfigObjects(config), proxy.configMap]
  return Object.fromEntries(
    objects.filter(({ kind }) => kind === 'ConfigMap').map((object) => [object.metadata.name, object['data'] as Record<string, string>]),
  )
}

/** An API that has these and nothing else, and notes what it is asked for. */
export function answering(maps: ConfigMaps): Pick<Cluster, 'get'> & { readonly asked: readonly string[] } {
  const asked: string[] = []
  return {
    asked,
    get: async ({ name }) => {
      asked.push(name)
      const data = maps[name]
      if (data instanceof Error) throw data
      return data && { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
    },
  }
}
