/** Kubeconfigs that people keep in their homes. */
import { linesOf } from '../host/lines-of.ts'
import type { Host } from '../host/host.ts'
import type { JsonObject } from '../config/model.ts'
import { parseYaml } from '../config/yaml.ts'
import { isObject, listAt, textAt } from './kubeconfig-entries.ts'

export interface UserKubeconfig {
  readonly path: string
  /** It leads to other clusters too. */
  readonly isShared: boolean
}

/**
 * Those that trust one of these authorities (PEM texts): `~/.kube/config` of every user of the host, and the files that KUBECONFIG names.
 */
export async function findUserKubeconfigs(
  host: Pick<Host, 'query' | 'facts' | 'readText'>,
  authorities: readonly string[],
): Promise<readonly UserKubeconfig[]> {
  const wanted = new Set(authorities.map(withoutBlanks))
  const [accounts, { environment }] = await Promise.all([linesOf(host.query, ['getent', 'passwd']), host.facts()])
  const homes = accounts.map((line) => line.split(':')[5] ?? '').filter((home) => home.startsWith('/'))
  const named = (environment['KUBECONFIG'] ?? '').split(':').filter((path) => path.startsWith('/'))
  const paths = [...new Set([...homes.map((home) => `${home === '/' ? '' : home}/.kube/config`), ...named])]
  const found = await Promise.all(paths.map((path) => look(host, path, wanted)))
  return found.filter((one) => one !== undefined)
}

async function look(host: Pick<Host, 'readText'>, path: string, wanted: ReadonlySet<string>): Promise<UserKubeconfig | undefined> {
  const clusters = clustersIn(await host.readText(path).catch(() => undefined))
  const own = clusters.filter((cluster) =>
    wanted.has(withoutBlanks(Buffer.from(textAt(cluster, 'certificate-authority-data'), 'base64').toString('utf8'))),
  )
  return own.length === 0 ? undefined : { path, isShared: own.length < clusters.length }
}

function clustersIn(text: string | undefined): readonly JsonObject[] {
  if (text === undefined) return []
  try {
    const document = parseYaml(text)
    if (!isObject(document)) return []
    return listAt(document, 'clusters').flatMap((entry) => (isObject(entry) && isObject(entry['cluster']) ? [entry['cluster']] : []))
  } catch {
    return []
  }
}

function withoutBlanks(pem: string): string {
  return pem.replace(/\s+/g, '')
}
