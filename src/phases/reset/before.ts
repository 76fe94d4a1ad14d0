/** What a host says of its part in a cluster, looked at before any of it is taken away. */
import path from 'node:path/posix'
import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { hostPathOf } from '../../manifests/host-path-of.ts'
import { findStaticPod } from '../../manifests/static-pod-file.ts'
import { readEtcdOfHost } from '../../manifests/static-pods/read-etcd.ts'
import { findUserKubeconfigs } from '../../pki/user-kubeconfigs.ts'
import type { HostBefore } from './reset-run.ts'

/** @param certificatesDir the folder that the user means, or kubeadm's default */
export async function lookAtHost(host: Host, certificatesDir: string): Promise<HostBefore> {
  const [etcd, ofApiServer] = await Promise.all([unlessUnreadable(() => readEtcdOfHost(host)), certificatesOfApiServer(host)])
  const certificateFolders = [...new Set([certificatesDir, ...(ofApiServer === undefined ? [] : [ofApiServer])])]
  return { etcd, certificateFolders, userKubeconfigs: await userKubeconfigs(host, certificateFolders) }
}

/** A cluster may keep its certificates elsewhere, and the static Pods know where. */
async function certificatesOfApiServer(host: Host): Promise<string | undefined> {
  const pod = await unlessUnreadable(() => findStaticPod(host, 'kube-apiserver'))
  const folder = pod === undefined || pod === 'unreadable' ? undefined : hostPathOf(pod, 'k8s-certs')
  return folder === undefined ? undefined : path.normalize(folder)
}

async function userKubeconfigs(host: Host, folders: readonly string[]): Promise<HostBefore['userKubeconfigs']> {
  const authorities = (await Promise.all(folders.map((folder) => host.readText(`${folder}/ca.crt`)))).filter((text) => text !== undefined)
  const found = await findUserKubeconfigs(host, authorities)
  return found
    .filter((file) => !file.path.startsWith(`${paths.kubernetes}/`))
    .map(({ path: file, isShared }) =>
      isShared
        ? { kind: 'kubeconfig', what: `${file} (has other clusters too: take this one out with kubectl config delete-context)` }
        : { kind: 'kubeconfig', what: file, remove: () => host.removeFile(file) },
    )
}

async function unlessUnreadable<T>(read: () => Promise<T>): Promise<T | 'unreadable'> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof KadmError && error.code === 'CONFIG_INVALID') return 'unreadable'
    throw error
  }
}
