import type { InitConfig } from '../config/model.ts'
import { paths } from '../config/paths.ts'
import type { Host } from '../host/host.ts'
import { certificateSpecs } from './certificate-specs.ts'
import { pairPaths } from './certificate-files.ts'
import { joinKubeconfigSpecs, kubeconfigSpecs } from './kubeconfig-specs.ts'
import { serviceAccountPaths } from './service-account.ts'

/** How many keys a control plane that joins is going to make: those of its own certificates and kubeconfig files. */
export async function countMissingJoinKeys(host: Pick<Host, 'stat'>, { cluster }: Pick<InitConfig, 'cluster'>): Promise<number> {
  const own = certificateSpecs.filter(({ ca, ofEtcd }) => ca !== undefined && (!ofEtcd || cluster.etcd.kind === 'local'))
  const files = [
    ...own.map(({ baseName }) => pairPaths(cluster.certificatesDir, baseName).key),
    ...joinKubeconfigSpecs.map(({ file }) => `${paths.kubernetes}/${file}`),
  ]
  const found = await Promise.all(files.map((file) => host.stat(file)))
  return found.filter((stat) => stat === undefined).length
}

/** How many keys a whole init is going to make: what a key supply should make ahead. 16 on a fresh host with local etcd, 0 on a finished one. */
export async function countMissingKeys(host: Pick<Host, 'stat'>, config: InitConfig, kubeconfigDir: string): Promise<number> {
  const { cluster } = config
  const files = [
    ...certificateSpecs
      .filter(({ ofEtcd }) => !ofEtcd || cluster.etcd.kind === 'local')
      .map(({ baseName }) => pairPaths(cluster.certificatesDir, baseName).key),
    serviceAccountPaths(config).privateKey,
    ...kubeconfigSpecs.map(({ file }) => `${kubeconfigDir}/${file}`),
  ]
  const found = await Promise.all(files.map((file) => host.stat(file)))
  return found.filter((stat) => stat === undefined).length
}
