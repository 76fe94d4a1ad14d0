/** Kubeconfig files: one cluster, one user, one context in those that kadm writes; any number in those that it reads. */
import type { KeyObject } from 'node:crypto'
import { listAt, objectsAt, textAt } from '../../config/document-fields.ts'
import { dumpYaml, parseYaml } from '../../config/yaml.ts'
import { KadmError, messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { isObject, type JsonObject } from '../../json.ts'
import { privateKeyPem } from '../keys.ts'
import { base64Of, dataAt, entryNamed } from './kubeconfig-entries.ts'

/** What a kubeconfig file says about its current context. */
export interface Kubeconfig {
  readonly path: string
  /** The whole document, for whoever writes it back. */
  readonly document: JsonObject
  readonly server: string
  /** PEM, from the file itself or from the file that it names; absent when there is neither. */
  readonly certificateAuthority?: string
  readonly clusterName: string
  /** The cluster's entry. */
  readonly cluster: JsonObject
  readonly userName: string
  /** The user's entry; empty when there is none. */
  readonly user: JsonObject
}

export interface NewKubeconfig {
  readonly clusterName: string
  readonly server: string
  /** PEM; absent where whoever signs has yet to bring it. */
  readonly certificateAuthority?: string
  readonly userName: string
  /** A key alone waits for its certificate. */
  readonly user: { readonly certificate?: string; readonly key: KeyObject } | { readonly token: string }
}

/** YAML as kubectl would print it. */
export function kubeconfigText({ clusterName, server, certificateAuthority, userName, user }: NewKubeconfig): string {
  const context = `${userName}@${clusterName}`
  const credentials =
    'token' in user
      ? { token: user.token }
      : {
          ...(user.certificate !== undefined && { 'client-certificate-data': base64Of(user.certificate) }),
          'client-key-data': base64Of(privateKeyPem(user.key)),
        }
  const authority = certificateAuthority === undefined ? {} : { 'certificate-authority-data': base64Of(certificateAuthority) }
  return dumpYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: clusterName, cluster: { server, ...authority } }],
    contexts: [{ name: context, context: { cluster: clusterName, user: userName } }],
    'current-context': context,
    users: [{ name: userName, user: credentials }],
  })
}

/** Throws KUBECONFIG_INVALID when the file is not there, is no kubeconfig, or has no current context with a cluster. */
export async function readKubeconfig(host: Pick<Host, 'readText'>, path: string): Promise<Kubeconfig> {
  const found = await findKubeconfig(host, path)
  if (found === undefined) throw invalid(path, 'is not there')
  return found
}

/** As `readKubeconfig`; `undefined` when there is no such file. */
export async function findKubeconfig(host: Pick<Host, 'readText'>, path: string): Promise<Kubeconfig | undefined> {
  const text = await host.readText(path)
  if (text === undefined) return undefined
  const document = parseDocument(text, path)
  const contextName = textAt(document, 'current-context')
  if (contextName === '') throw invalid(path, 'has no current-context')
  const context = entryNamed(document, 'contexts', contextName, 'context')
  if (context === undefined) throw invalid(path, `has no context "${contextName}", which is its current-context`)
  const clusterName = textAt(context, 'cluster')
  const cluster = entryNamed(document, 'clusters', clusterName, 'cluster')
  if (cluster === undefined) throw invalid(path, `has no cluster "${clusterName}", which its current context names`)
  const userName = textAt(context, 'user')
  const user = entryNamed(document, 'users', userName, 'user') ?? {}
  const certificateAuthority = await dataOrFile(host, cluster, 'certificate-authority')
  return {
    path,
    document,
    server: textAt(cluster, 'server'),
    clusterName,
    cluster,
    userName,
    user,
    ...(certificateAuthority !== undefined && { certificateAuthority }),
  }
}

/** The cluster that join commands name: the one without a name, or else that of the current context, as kubeadm chooses. Throws KUBECONFIG_INVALID. */
export async function clusterToJoin(
  host: Pick<Host, 'readText'>,
  path: string,
): Promise<Pick<Kubeconfig, 'server' | 'certificateAuthority'>> {
  const file = await readKubeconfig(host, path)
  const unnamed = entryNamed(file.document, 'clusters', '', 'cluster')
  if (unnamed === undefined) return file
  const certificateAuthority = await dataOrFile(host, unnamed, 'certificate-authority')
  return { server: textAt(unnamed, 'server'), ...(certificateAuthority !== undefined && { certificateAuthority }) }
}

/** What a TLS client needs of the user: PEM texts and a token, as far as they are there. */
export async function userCredentials(
  host: Pick<Host, 'readText'>,
  { user }: Pick<Kubeconfig, 'user'>,
): Promise<{ readonly clientCertificate?: string; readonly clientKey?: string; readonly token?: string }> {
  const clientCertificate = await dataOrFile(host, user, 'client-certificate')
  const clientKey = await dataOrFile(host, user, 'client-key')
  const token = textAt(user, 'token')
  return {
    ...(clientCertificate !== undefined && { clientCertificate }),
    ...(clientKey !== undefined && { clientKey }),
    ...(token !== '' && { token }),
  }
}

/** The document with the entry of one user replaced; all else stays. */
export function withUser(document: JsonObject, userName: string, user: JsonObject): JsonObject {
  const users = listAt(document, 'users').map((entry) => (isObject(entry) && entry['name'] === userName ? { ...entry, user } : entry))
  return { ...document, users }
}

/** The document with these fields of one cluster set; all else stays. */
export function withCluster(document: JsonObject, clusterName: string, fields: JsonObject): JsonObject {
  const clusters = listAt(document, 'clusters').map((entry) =>
    isObject(entry) && entry['name'] === clusterName && isObject(entry['cluster'])
      ? { ...entry, cluster: { ...entry['cluster'], ...fields } }
      : entry,
  )
  return { ...document, clusters }
}

function parseDocument(text: string, path: string): JsonObject {
  let document: unknown
  try {
    document = parseYaml(text)
  } catch (error) {
    throw invalid(path, `is not YAML: ${messageOf(error)}`, error)
  }
  if (!isObject(document)) throw invalid(path, 'is not a kubeconfig')
  requireBase64(document, path)
  return document
}

/** Of every entry, whichever is used: client-go reads all of them or none. */
function requireBase64(document: JsonObject, path: string): void {
  for (const { list, key, fields } of encoded) {
    for (const entry of objectsAt(document, list)) {
      const object = entry[key]
      if (!isObject(object)) continue
      try {
        for (const field of fields) dataAt(object, field)
      } catch (error) {
        throw invalid(path, `has a broken entry "${textAt(entry, 'name')}" in ${list}: ${messageOf(error)}`, error)
      }
    }
  }
}

/** Those that KUBECONFIG names. */
export function namedKubeconfigs(environment: Readonly<Record<string, string>>): readonly string[] {
  return (environment['KUBECONFIG'] ?? '').split(':').filter((path) => path !== '')
}

const encoded = [
  { list: 'clusters', key: 'cluster', fields: ['certificate-authority-data'] },
  { list: 'users', key: 'user', fields: ['client-certificate-data', 'client-key-data'] },
] as const

/** `<key>-data` in base64 goes before `<key>`, a path. */
async function dataOrFile(host: Pick<Host, 'readText'>, object: JsonObject, key: string): Promise<string | undefined> {
  const data = dataAt(object, `${key}-data`)
  if (data !== '') return data
  const path = textAt(object, key)
  return path === '' ? undefined : host.readText(path)
}

function invalid(path: string, what: string, cause?: unknown): KadmError {
  return new KadmError('KUBECONFIG_INVALID', `kubeconfig "${path}" ${what}`, { cause, remedy: [`put a working kubeconfig at "${path}"`] })
}
