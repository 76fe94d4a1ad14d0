import path from 'node:path/posix'
import { emptyDirectory } from '../../host/empty-directory.ts'
import type { Host } from '../../host/host.ts'
import { certificateSpecs } from '../../pki/certificate-specs.ts'

/** Below the folder of certificates, all that kadm and kubeadm make there. */
const files: readonly string[] = [
  ...certificateSpecs.flatMap(({ baseName }) => ['crt', 'key', 'csr'].map((end) => `${baseName}.${end}`)),
  'sa.key',
  'sa.pub',
]

/** Takes certificates and keys of a cluster from a folder that nobody named: what else lies there is not of the cluster, and is named. */
export async function removeCertificates(host: Host, folder: string, warn: (line: string) => void): Promise<void> {
  const left: string[] = []
  // The folder of etcd first: it is in the other one.
  for (const inside of ['etcd', '']) {
    const at = inside === '' ? folder : `${folder}/${inside}`
    if (inside !== '' && (await host.stat(at))?.kind !== 'directory') continue
    const own = files.flatMap((file) => {
      const { dir, base } = path.parse(file)
      return dir === inside ? [base] : []
    })
    await emptyDirectory(host, at, { only: own })
    if (inside !== '') await host.removeDirectory(at)
    const kept = (await host.list(at)) ?? []
    left.push(...kept.filter((name) => name !== 'etcd').map((name) => `"${at}/${name}"`))
  }
  if (left.length > 0) warn(`left, for it is no certificate of the cluster: ${left.join(', ')}`)
}
