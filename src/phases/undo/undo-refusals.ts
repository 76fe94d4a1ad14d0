/** What cannot be taken back on one host alone. Only reads. */
import type { Cluster } from '../../cluster/cluster.ts'
import { kinds } from '../../cluster/kinds.ts'
import { retryUntil } from '../../cluster/wait.ts'
import { kadmVersion } from '../../config/own-version.ts'
import { paths } from '../../config/paths.ts'
import { KadmError, messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { Journal } from '../../host/journal/journal-file.ts'
import { runsOf } from '../../host/journal/journal-runs.ts'
import { connectOwnCluster } from '../../pki/own-cluster.ts'
import { isControlPlaneNode } from '../../manifests/node-labels.ts'
import type { UndoStep } from './undo-steps.ts'
import type { NetChange, UndoTarget } from './undo-target.ts'

/**
 * Half of a run is not taken back: its backups would go, and it would count as undone. A run of which not even the beginning can be read may
 * be in the way of any other. `force` does not help.
 * @throws KadmError UNDO_REFUSED
 */
export function requireReadable(journal: Journal, { runs }: Pick<UndoTarget, 'runs'>): void {
  const known = new Set(runsOf(journal).map(({ id }) => id))
  const beyond = [...journal.beyond].find((id) => !known.has(id) || runs.some((run) => run.id === id))
  if (beyond === undefined) return
  const run = runs.find(({ id }) => id === beyond)
  const what = run === undefined ? 'a run' : `"kadm ${run.command}" of kadm ${run.version}`
  throw refused(`${what} has done what this kadm (${kadmVersion}) cannot read in the journal: it would take back a part of it`, [
    `run the same command with the newer kadm that did it${run === undefined ? '' : ` (${run.version})`}`,
  ])
}

/**
 * An upgrade also goes through objects of the cluster and the data of etcd, which no host keeps a former copy of: of it only a kubelet and
 * its settings, and a control plane of the same minor version, go back. `force` does not help. A host that leaves the cluster is no matter
 * to it.
 * @throws KadmError UNDO_REFUSED
 */
export async function requireOwnMinor(host: Pick<Host, 'readText'>, { runs, changes, isEntry }: UndoTarget): Promise<void> {
  if (isEntry) return
  if (runs.some(({ command }) => command.startsWith('upgrade apply'))) {
    throw refused('"kadm upgrade apply" has changed objects of the cluster too, of which this host has no former copy', [
      'a control plane does not go back to an older version; restore the snapshot of etcd that was made before',
    ])
  }
  for (const change of changes.filter(({ path }) => path.startsWith(`${paths.manifests}/`))) {
    const [before, after] = [await textBefore(host, change), await host.readText(change.path)].map(minorOf)
    if (before === undefined || after === undefined || before === after) continue
    throw refused(`"${change.path}" went from ${before} to ${after}: what the newer one has written to etcd, the older one cannot read`, [
      'a control plane does not go back to an older minor version: take the host out with kadm undo --all or kadm reset, then let it join anew',
    ])
  }
}

/**
 * The journal is of kadm's runs alone, and others may have made another cluster on the host since: a run by which it came into its cluster
 * is undone only while the CA is the one that it left, and certificates of any other run only while no cluster lives on them.
 * @throws KadmError UNDO_REFUSED
 */
export async function requireNotOvertaken(
  host: Pick<Host, 'stat' | 'list'>,
  { target, steps, certificateFolders }: Overtaken,
): Promise<void> {
  if (target.isEntry) {
    const authorities = steps.filter(({ path }) => path.endsWith('/ca.crt') && !path.endsWith('/etcd/ca.crt'))
    const marks = authorities.length > 0 ? authorities : steps.filter(({ path }) => path === paths.kubeletConf)
    for (const { act, path } of marks) {
      // One that is gone tells of no other cluster.
      if (act !== 'leave' || (await host.stat(path)) === undefined) continue
      throw refused(`"${path}" is not the one that the run left: this host may be in another cluster by now`, [
        'kadm reset   # takes it out of the cluster that it is in now',
        '--force takes the run back all the same',
      ])
    }
    return
  }
  const doomed = steps.find(({ act, path }) => act === 'remove' && isOfCertificates(path, certificateFolders))
  const living = doomed && (await notMadeBy(host, target))
  if (living === undefined) return
  throw refused(`"${doomed?.path}" would be removed, and "${living}", which the run did not make, may need it`, [
    'kadm reset   # takes the host out of its cluster',
    '--force takes the run back all the same',
  ])
}

interface Overtaken {
  readonly target: Pick<UndoTarget, 'isEntry' | 'changes'>
  readonly steps: readonly UndoStep[]
  readonly certificateFolders: readonly string[]
}

function isOfCertificates(file: string, folders: readonly string[]): boolean {
  return /\.(?:crt|key|pub)$/.test(file) && folders.some((folder) => file.startsWith(`${folder}/`))
}

/** What lives on certificates: the kubelet of a node, static Pods. */
async function notMadeBy(host: Pick<Host, 'stat' | 'list'>, { changes }: Pick<UndoTarget, 'changes'>): Promise<string | undefined> {
  const pods = ((await host.list(paths.manifests)) ?? [])
    .filter((name) => !name.startsWith('.'))
    .map((name) => `${paths.manifests}/${name}`)
  const kubelet = (await host.stat(paths.kubeletConf)) === undefined ? [] : [paths.kubeletConf]
  const made = new Set(changes.flatMap(({ path, before }) => (before === 'absent' ? [path] : [])))
  return [...kubelet, ...pods].find((file) => !made.has(file))
}

interface LeftBehind {
  /** Its own. */
  readonly node: string | undefined
  /** An API that does not answer may have nodes that would miss it. */
  readonly mustAnswer: boolean
  readonly signal: AbortSignal
}

/**
 * The only control plane does not go from under its nodes.
 * @throws KadmError UNDO_REFUSED
 */
export async function requireNobodyLeftBehind(host: Host, { node, mustAnswer, signal }: LeftBehind): Promise<void> {
  const others = await otherNodes(host, { node, timeout: mustAnswer ? 10_000 : 3000, signal })
  if (typeof others === 'string') {
    if (!mustAnswer) return
    throw refused(`whether other nodes are in the cluster of ${node ?? host.name} is not known: ${others}`, [
      'run the same command again when its API server answers',
      '--force takes the run back all the same: without this host they may have no cluster',
    ])
  }
  const controlPlanes = others.filter(({ isControlPlane }) => isControlPlane)
  if (others.length === 0 || controlPlanes.length > 0) return
  const names = others.map(({ name }) => name).join(', ')
  throw refused(`${node ?? host.name} is the only control plane of a cluster that others are in: ${names}`, [
    'kadm undo on the others first',
    '--force leaves them without a cluster',
    'kadm reset --cluster-file FILE   # ends the whole cluster',
  ])
}

interface OtherNode {
  readonly name: string
  readonly isControlPlane: boolean
}

/** A text: why they are not known. */
async function otherNodes(
  host: Host,
  { node, timeout, signal }: Omit<LeftBehind, 'mustAnswer'> & { readonly timeout: number },
): Promise<readonly OtherNode[] | string> {
  if ((await host.stat(paths.adminConf)) === undefined) return []
  let cluster: Cluster | undefined
  try {
    const asked = (cluster = await connectOwnCluster(host, signal))
    const describe = `the Nodes of the cluster at "${asked.server}"`
    const nodes = await retryUntil(() => asked.list(kinds.node), { timeout, signal, describe })
    return nodes.map((one) => ({ name: one.metadata.name, isControlPlane: isControlPlaneNode(one) })).filter(({ name }) => name !== node)
  } catch (error) {
    signal.throwIfAborted()
    return messageOf(error)
  } finally {
    await cluster?.close()
  }
}

async function textBefore(host: Pick<Host, 'readText'>, { before }: NetChange): Promise<string | undefined> {
  return before === 'absent' || before.backup === undefined ? undefined : host.readText(before.backup)
}

/** Of the image in a manifest: `1.37` of `kube-apiserver:v1.37.2`. */
function minorOf(manifest: string | undefined): string | undefined {
  return /^\s*(?:- )?image: \S+:v?(\d+\.\d+)\./m.exec(manifest ?? '')?.[1]
}

function refused(message: string, remedy: readonly [string, ...string[]]): KadmError {
  return new KadmError('UNDO_REFUSED', message, { remedy })
}
