import { paths } from '../../config/paths.ts'
import { messageOf, KadmError } from '../../errors.ts'
import { emptyDirectory } from '../../host/empty-directory.ts'
import { strangersAmongCertificates } from '../../pki/strangers.ts'
import type { PhaseContext } from '../phase.ts'
import { removeCertificates } from './remove-certificates.ts'
import type { ResetRun } from './reset-run.ts'

/**
 * Empties the folders that kadm and kubeadm fill (one of certificates that nobody named only of its certificates), and removes their files
 * in /etc/kubernetes; other files there stay, and so does what is mounted. The manifests, which tell where the rest is, go last. What does
 * not go does not keep the others: throws FILE_FAILED with all of it.
 */
export async function removeClusterFiles(
  { config, host, before }: Pick<ResetRun, 'config' | 'host' | 'before'>,
  { say, warn }: PhaseContext,
): Promise<void> {
  const certificates: string[] = []
  for (const folder of before.certificateFolders) {
    const strangers = folder === paths.defaultCertificates ? [] : await strangersAmongCertificates(host, folder)
    if (strangers.length === 0) certificates.push(folder)
    else warn(`"${folder}" is left as it is: "${strangers[0]}" in it is no certificate`)
  }
  // A whole run has removed it by now.
  if (before.etcdData !== undefined && (await host.list(`${before.etcdData}/member`)) !== undefined) {
    warn(
      'the data of etcd stays, and nothing tells from now on that it is of this host: "kadm reset phase remove-etcd-member" is to go before',
    )
  }
  const unnamed = certificates.filter(
    (folder) => folder !== config.certificatesDir && !`${folder}/`.startsWith(`${paths.defaultCertificates}/`),
  )
  const named = certificates.filter((folder) => !unnamed.includes(folder))
  const folders = [paths.kubelet, ...named, ...(config.cleanupTmpDir ? [paths.temporary] : [])]
  const failures: KadmError[] = []
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof KadmError)) throw error
      failures.push(error)
    }
  }
  const files = [
    paths.adminConf,
    paths.superAdminConf,
    paths.kubeletConf,
    paths.bootstrapKubeletConf,
    paths.controllerManagerConf,
    paths.schedulerConf,
  ]
  say(`[reset] Deleting files: [${files.join(' ')}]`)
  await Promise.all(files.map((file) => attempt(() => host.removeFile(file))))
  say(`[reset] Deleting contents of directories: [${[...folders, paths.manifests].join(' ')}]`)
  const empty = (folder: string): Promise<void> =>
    attempt(async () => {
      const mounts = await emptyDirectory(host, folder, { unmounted: folder === paths.kubelet })
      mounts.forEach((point) => warn(`"${point}" is a mount point: it is left as it is`))
    })
  for (const folder of unnamed) say(`[reset] Deleting certificates in "${folder}"`)
  await Promise.all([...folders.map(empty), ...unnamed.map((folder) => attempt(() => removeCertificates(host, folder, warn)))])
  await empty(paths.manifests)
  const [first] = failures
  if (first === undefined) return
  if (failures.length === 1) throw first
  throw new KadmError('FILE_FAILED', `${failures.length} things cannot be removed`, {
    details: failures.flatMap((error) => [messageOf(error), ...error.details]),
    remedy: first.remedy,
  })
}
