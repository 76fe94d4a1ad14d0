import type { Host } from '../../host/host.ts'
import type { Before } from '../../host/journal/journal-file.ts'
import { placeOf } from '../reset/manifests-aside.ts'

/** Manifests of the run are put aside before the data of etcd goes: of such a one that is to go, the place where it is now. */
export function whereItLies<T extends { readonly path: string; readonly before: Before }>(
  host: Pick<Host, 'stat'>,
  all: readonly T[],
): Promise<readonly T[]> {
  return Promise.all(all.map(async (one) => (one.before === 'absent' ? { ...one, path: await placeOf(host, one.path) } : one)))
}
