/** What cannot be taken back on one host alone. Only reads. */
import { kinds } from '../../cluster/kinds.ts'
import { retryUntil } from '../../cluster/wait.ts'
import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { connectOwnCluster } from '../../pki/own-cluster.ts'
import type { NetChange, UndoTarget } from './undo-target.ts'

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
 * The only control plane does not go from under its nodes. An API that does not answer has no nodes that would miss it.
 * @throws KadmError UNDO_REFUSED
 */
export async function requireNobodyLeftBehind(host: Host, node: string | undefined, signal: AbortSignal): Promise<void> {
  const others = await otherNodes(host, node, signal)
  const controlPlanes = others.filter(({ isControlPlane }) => isControlPlane)
  if (others.length === 0 || controlPlanes.length > 0) return
  const names = others.map(({ name }) => name).join(', ')
  throw refused(`${node ?? host.name} is the only control plane of a cluster that others are in: ${names}`, [
    'kadm undo on the others first',
    '--force leaves them without a cluster',
    'kadm reset --cluster-file FILE   # ends the whole cluster',
  ])
}

async function otherNodes(
  host: Host,
  own: string | undefined,
  signal: AbortSignal,
): Promise<readonly { readonly name: string; readonly isControlPlane: boolean }[]> {
  if ((await host.stat(paths.adminConf)) === undefined || (await host.stat(paths.controllerManagerConf)) === undefined) return []
  const cluster = await connectOwnCluster(host, signal)
  try {
    const nodes = await retryUntil(() => cluster.list(kinds.node), {
      timeout: 3000,
      signal,
      describe: `the Nodes of the cluster at "${cluster.server}"`,
    })
    return nodes
      .map(({ metadata: { name, labels = {} } }) => ({ name, isControlPlane: 'node-role.kubernetes.io/control-plane' in labels }))
      .filter(({ name }) => name !== own)
  } catch {
    signal.throwIfAborted()
    return []
  } finally {
    await cluster.close()
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
