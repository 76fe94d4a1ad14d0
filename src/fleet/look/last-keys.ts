/** Whether a control plane that is to leave takes the last copy of a CA's key along: its removal deletes it. */
import type { ClusterFile } from '../../config/cluster-file.ts'
import { paths } from '../../config/paths.ts'
import type { Fleet } from '../open-fleet.ts'
import type { Action } from '../plan/decide.ts'
import type { StoredConfiguration } from './stored-cluster.ts'

const keys = ['ca.key', 'etcd/ca.key', 'front-proxy-ca.key'] as const

/** In words. Changes nothing. Throws what the hosts throw. */
export async function lastKeyProblems(
  file: ClusterFile,
  { hosts, states }: Pick<Fleet, 'hosts' | 'states'>,
  { stored, actions }: { readonly stored: StoredConfiguration | undefined; readonly actions: readonly Action[] },
): Promise<readonly string[]> {
  const leaves = new Set(actions.filter(({ kind }) => kind === 'remove').map(({ host }) => host))
  // An init that was cut off has made keys of its own, which go with it.
  const controlPlanes = file.hosts.flatMap(({ name, role }) => {
    const [host, state] = [hosts.get(name), states.get(name)]
    const isOne = state?.kind === 'reached' && state.node === 'control-plane' && state.unfinished !== 'init'
    return isOne && host !== undefined && (leaves.has(name) || role === 'control-plane') ? [{ name, host }] : []
  })
  if (!controlPlanes.some(({ name }) => leaves.has(name))) return []
  const directory = stored?.cluster.certificatesDir ?? paths.defaultCertificates
  const all = await Promise.all(
    keys.map(async (key) => {
      const found = await Promise.all(controlPlanes.map(({ host }) => host.stat(`${directory}/${key}`)))
      const keepers = controlPlanes.filter((_, index) => found[index] !== undefined).map(({ name }) => name)
      return keepers.length > 0 && keepers.every((name) => leaves.has(name)) ? [lastKey(keepers.join(', '), `${directory}/${key}`)] : []
    }),
  )
  return all.flat()
}

function lastKey(keepers: string, file: string): string {
  return `to leave: ${keepers}, and no control plane of the file that stays has its ${file}, which a removal deletes: first copy it to one that stays, or move it to where it is to be kept`
}
