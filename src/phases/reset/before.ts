/** What a host says of its part in a cluster, looked at before any of it is taken away. */
import path from 'node:path/posix'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import { readJournal } from '../../host/journal/journal-file.ts'
import { unfinishedRun, type JournaledRun } from '../../host/journal/journal-runs.ts'
import { commandFlag } from '../../manifests/command-flag.ts'
import { hostPathOf } from '../../manifests/host-path-of.ts'
import type { Manifest } from '../../manifests/manifest.ts'
import { commandOf, findStaticPod } from '../../manifests/static-pod-file.ts'
import { readEtcdOfHost } from '../../manifests/static-pods/read-etcd.ts'
import { nodeNameOfKubelet } from '../../pki/kubelet-node-name.ts'
import { findUserKubeconfigs } from '../../pki/kubeconfig/user-kubeconfigs.ts'
import { areManifestsAside, readingAside } from './manifests-aside.ts'
import type { HostBefore } from './reset-run.ts'

/**
 * A reset is the way out for a host that is broken: what cannot be read must not stand in it.
 * @param certificatesDir the folder that the user means, or kubeadm's default
 */
export async function lookAtHost(host: Host, certificatesDir: string): Promise<HostBefore> {
  // A reset that was cut off may have put them aside.
  const manifests = readingAside(host)
  const [etcd, apiServer, nodeName, hasLeft, unfinished] = await Promise.all([
    readEtcdOfHost(manifests).catch(() => 'unreadable' as const),
    findStaticPod(manifests, 'kube-apiserver').catch(() => 'unreadable' as const),
    nodeNameOfKubelet(host).catch(() => undefined),
    areManifestsAside(host),
    unfinishedOn(host),
  ])
  // A cluster may keep its certificates elsewhere, and the static Pods know where.
  const ofApiServer = apiServer === undefined || apiServer === 'unreadable' ? undefined : hostPathOf(apiServer, 'k8s-certs')
  const certificateFolders = [...new Set([certificatesDir, ...(ofApiServer === undefined ? [] : [path.normalize(ofApiServer)])])]
  const etcdData = etcd === undefined ? begunEtcdData(unfinished) : etcd === 'unreadable' ? undefined : etcd.dataDir
  const hasBegunToJoin = etcd === undefined && (await hasBegunToJoinEtcd(host, unfinished))
  const wasMember = hasBegunToJoin || etcd !== undefined || etcdData !== undefined || asksEtcdOnLoopback(apiServer)
  return {
    etcd,
    etcdData,
    wasMember,
    hasBegunToJoin,
    hasLeft,
    certificateFolders,
    nodeName,
    userKubeconfigs: await userKubeconfigs(host, certificateFolders),
  }
}

/** As kubeadm has it: an external etcd is named by addresses that all control planes reach. A manifest that cannot be read may say so. */
function asksEtcdOnLoopback(apiServer: Manifest | 'unreadable' | undefined): boolean {
  if (apiServer === undefined || apiServer === 'unreadable') return apiServer !== undefined
  const servers = commandFlag(commandOf(apiServer, 'kube-apiserver'), 'etcd-servers') ?? ''
  return servers.split(',').some((url) => ['127.0.0.1', '[::1]', 'localhost'].includes(URL.parse(url)?.hostname ?? ''))
}

async function unfinishedOn(host: Host): Promise<JournaledRun | undefined> {
  const journal = await readJournal(host).catch(() => undefined)
  return journal && unfinishedRun(journal, 'kind')
}

/** Of a join that was cut off: kadm has started an etcd itself. */
function begunEtcdData(unfinished: JournaledRun | undefined): string | undefined {
  return unfinished?.changes.findLast((change) => change.kind === 'start-pod')?.path
}

/** A reset takes the kubeconfig only when the host has left. */
async function hasBegunToJoinEtcd(host: Host, unfinished: JournaledRun | undefined): Promise<boolean> {
  return unfinished?.phasesStarted.includes('etcd-join/member') === true && (await host.stat(paths.adminConf)) !== undefined
}

async function userKubeconfigs(host: Host, folders: readonly string[]): Promise<HostBefore['userKubeconfigs']> {
  const authorities = await Promise.all(folders.map((folder) => host.readText(`${folder}/ca.crt`).catch(() => undefined)))
  const found = await findUserKubeconfigs(
    host,
    authorities.filter((text) => text !== undefined),
  )
  return found
    .filter((file) => !file.path.startsWith(`${paths.kubernetes}/`))
    .map(({ path: file, isShared, isInHome, isBehindLink }) => {
      const kind = 'kubeconfig'
      if (isShared) return { kind, what: `${file} (has other clusters too: take this one out with kubectl config delete-context)` }
      if (isBehindLink) return { kind, what: `${file} (its folder is a link)` }
      return { kind, what: file, remove: () => (isInHome ? removeInHome(host, file) : host.removeFile(file)) }
    })
}

/** Does not follow a folder that has become a link meanwhile: whose home it is chooses where that leads. */
async function removeInHome(host: Host, file: string): Promise<void> {
  const { dir, base } = path.parse(file)
  await host.run(['find', dir, '-mindepth', '1', '-maxdepth', '1', '-name', base, '-delete'])
}
