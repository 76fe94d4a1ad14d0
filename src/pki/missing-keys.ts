import type { InitConfig } from '../config/model.ts'
import type { Host } from '../host/host.ts'
import { certificateSpecs } from './certificate-specs.ts'
import { pairPaths } from './certificate-files.ts'
import { kubeconfigSpecs } from './kubeconfig/kubeconfig-specs.ts'
import { serviceAccountPaths } from './service-account.ts'

/**
 * How many keys a whole init is going to make: what a key supply should make ahead. 16 on a fresh host with local etcd, 0 on a finished
 * one.
 */
export async function countMissingKeys(host: Pick<Host, 'stat'>, config: InitConfig, kubeconfigDir: string): Promise<number> {
  const { cluster } = config
  const paths = [
    ...certificateSpecs
      .filter(({ ofEtcd }) => !ofEtcd || cluster.etcd.kind === 'local')
      .map(({ baseName }) => pairPaths(cluster.certificatesDir, baseName).key),
    serviceAccountPaths(config).privateKey,
    ...kubeconfigSpecs.map(({ file }) => `${kubeconfigDir}/${file}`),
  ]
  const found = await Promise.all(paths.map((path) => host.stat(path)))
  return found.filter((stat) => stat === undefined).length
}
