/** Kubeconfigs that people keep in their homes. */
import { linesOf } from '../../host/lines-of.ts'
import type { Host } from '../../host/host.ts'
import { objectsAt, textAt } from '../../config/document-fields.ts'
import { parseYaml } from '../../config/yaml.ts'
import { isObject, type JsonObject } from '../../json.ts'
import { namedKubeconfigs } from './kubeconfig-file.ts'

export interface UserKubeconfig {
  readonly path: string
  /** It leads to other clusters too. */
  readonly isShared: boolean
  /** It lies in somebody's home, who may put a link in the place of its folder at any moment. */
  readonly isInHome: boolean
  /** Its folder is a link: there it is removed by nobody but its owner. */
  readonly isBehindLink: boolean
}

/**
 * Those that trust one of these authorities (PEM texts): `~/.kube/config` of every user of the host, and the files that KUBECONFIG names.
 */
export async function findUserKubeconfigs(
  host: Pick<Host, 'query' | 'facts' | 'stat'>,
  authorities: readonly string[],
): Promise<readonly UserKubeconfig[]> {
  const wanted = new Set(authorities.map(withoutBlanks))
  const [accounts, { environment }] = await Promise.all([linesOf(host.query, ['getent', 'passwd']), host.facts()])
  const homes = accounts.map((line) => line.split(':')[5] ?? '').filter((home) => home.startsWith('/'))
  const named = namedKubeconfigs(environment).filter((path) => path.startsWith('/'))
  const inHomes = new Set(homes.map((home) => `${home === '/' ? '' : home}/.kube/config`))
  const found = await Promise.all(
    [...new Set([...inHomes, ...named])].map(async (path) => {
      const clusters = clustersIn(await textOf(host, path))
      const own = clusters.filter((cluster) =>
        wanted.has(withoutBlanks(Buffer.from(textAt(cluster, 'certificate-authority-data'), 'base64').toString('utf8'))),
      )
      if (own.length === 0) return undefined
      const isInHome = inHomes.has(path)
      const isBehindLink = isInHome && (await host.stat(path.slice(0, path.lastIndexOf('/'))))?.kind === 'link'
      return { path, isShared: own.length < clusters.length, isInHome, isBehindLink }
    }),
  )
  return found.filter((one) => one !== undefined)
}

/** Far more than a kubeconfig has. */
const mostBytes = 1 << 20

/** By a program that can be ended: in somebody's home it may be a pipe in which nobody writes, or a file without an end. */
async function textOf(host: Pick<Host, 'query' | 'stat'>, path: string): Promise<string | undefined> {
  try {
    const kind = (await host.stat(path))?.kind
    if (kind !== 'file' && kind !== 'link') return undefined
    return (await host.query(['head', '-c', String(mostBytes), '--', path], { timeout: 5000 })).stdout
  } catch {
    return undefined
  }
}

function clustersIn(text: string | undefined): readonly JsonObject[] {
  if (text === undefined) return []
  try {
    const document = parseYaml(text)
    if (!isObject(document)) return []
    return objectsAt(document, 'clusters').flatMap(({ cluster }) => (isObject(cluster) ? [cluster] : []))
  } catch {
    return []
  }
}

function withoutBlanks(pem: string): string {
  return pem.replace(/\s+/g, '')
}
