/** A discovery file: a kubeconfig with all that it names in other files put into it. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import path from 'node:path'
import { listAt, textAt } from '../config/document-fields.ts'
import { KadmError, messageOf } from '../errors.ts'
import { isObject, type JsonObject } from '../json.ts'
import { parseCertificates } from '../pki/certificate-bundle.ts'
import { periodProblem } from '../pki/chain.ts'
import { base64Of, dataAt, entryNamed } from '../pki/kubeconfig/kubeconfig-entries.ts'
import type { BootstrapUser, DiscoveryOptions } from './discovered-cluster.ts'
import { isUrl, nameOfFile } from './fetch-file.ts'
import { clusterOf, httpsServer, parseKubeconfig } from './kubeconfig-cluster.ts'

export interface DiscoveryFile {
  readonly clusterName: string
  readonly server: string
  readonly serverName?: string
  /** PEM; absent when the file has none. */
  readonly caPem?: string
  /** `insecure-skip-tls-verify`. */
  readonly insecure: boolean
  /** Absent when the file has no credentials that kadm can use. */
  readonly user?: BootstrapUser
  /** Why not, if there are some: `exec`. */
  readonly otherCredentials?: string
  /** The whole document in the form in which kubeadm writes it, with this CA and nothing left in other files. */
  readonly documentWith: (caPem: string) => JsonObject
}

/** Throws KUBECONFIG_INVALID for what cannot be used, with the reason. */
export async function parseDiscoveryFile(text: string, filePath: string, { host }: Pick<DiscoveryOptions, 'host'>): Promise<DiscoveryFile> {
  try {
    const document = parseKubeconfig(text)
    const { name: clusterName, cluster } = clusterOf(document)
    const context = entryNamed(document, 'contexts', textAt(document, 'current-context'), 'context') ?? {}
    const userName = textAt(context, 'user')
    const entry = entryNamed(document, 'users', userName, 'user') ?? {}
    const read = fileReader(host, filePath)
    const caPem = await dataOrFile(cluster, 'certificate-authority', read)
    if (caPem !== undefined) parseCertificates(caPem)
    const serverName = textAt(cluster, 'tls-server-name')
    const embedded = await embeddedUser(entry, read)
    const user = userOf(embedded, userName, host.now())
    const other = ['exec', 'auth-provider', 'username'].find((key) => entry[key] !== undefined)
    return {
      clusterName,
      server: httpsServer(cluster),
      ...(serverName !== '' && { serverName }),
      ...(caPem !== undefined && { caPem }),
      insecure: cluster['insecure-skip-tls-verify'] === true,
      ...(user && { user }),
      ...(user === undefined && other !== undefined && { otherCredentials: other }),
      documentWith: (ca) => documentOf(document, { clusterName, cluster: withCa(cluster, ca), userName, user: embedded }),
    }
  } catch (error) {
    const message = `the discovery file "${nameOfFile(filePath)}" cannot be used: ${messageOf(error)}`
    throw new KadmError('KUBECONFIG_INVALID', message, {
      cause: error,
      remedy: ['give a kubeconfig with the server and the CA of the cluster to join'],
    })
  }
}

type ReadFile = (named: string, key: string) => Promise<string>

/**
 * Names of files are relative to the file that holds them, as kubectl has it. A file from the web names none: whoever serves it must not
 * choose what is sent.
 */
function fileReader(host: DiscoveryOptions['host'], filePath: string): ReadFile {
  return async (named, key) => {
    if (isUrl(filePath)) throw new Error(`${key} names the file "${named}" of this host, which a file from the web may not`)
    const file = path.isAbsolute(named) ? named : path.join(path.dirname(filePath), named)
    const text = await host.readText(file)
    if (text === undefined) throw new Error(`${key} is "${named}": there is no such file`)
    return text
  }
}

/** `<key>-data` in base64 goes before `<key>`, a path. */
async function dataOrFile(object: JsonObject, key: string, read: ReadFile): Promise<string | undefined> {
  const data = dataAt(object, `${key}-data`)
  if (data !== '') return data
  const file = textAt(object, key)
  return file === '' ? undefined : read(file, key)
}

/** The user's entry with the content of its files in their place. */
async function embeddedUser(entry: JsonObject, read: ReadFile): Promise<JsonObject> {
  const certificate = await dataOrFile(entry, 'client-certificate', read)
  const key = await dataOrFile(entry, 'client-key', read)
  const tokenFile = textAt(entry, 'tokenFile')
  const token = textAt(entry, 'token') || (tokenFile === '' ? '' : (await read(tokenFile, 'tokenFile')).trim())
  const { 'client-certificate': _certificate, 'client-key': _key, tokenFile: _tokenFile, ...rest } = entry
  return {
    ...rest,
    ...(certificate !== undefined && { 'client-certificate-data': base64Of(certificate) }),
    ...(key !== undefined && { 'client-key-data': base64Of(key) }),
    ...(token !== '' && { token }),
  }
}

/** A certificate goes before a token, as the API server looks at it first. */
function userOf(embedded: JsonObject, name: string, now: Date): BootstrapUser | undefined {
  const certificate = dataAt(embedded, 'client-certificate-data')
  const key = dataAt(embedded, 'client-key-data')
  if (certificate !== '' && key !== '') {
    checkPair(certificate, key, now)
    return { kind: 'certificate', name, certificate, key }
  }
  const token = textAt(embedded, 'token')
  if (/[^\x21-\x7e]/.test(token)) throw new Error(`the token of user "${name}" has characters that no token has`)
  return token === '' ? undefined : { kind: 'token', name, token }
}

function checkPair(certificatePem: string, keyPem: string, now: Date): void {
  const certificate = new X509Certificate(certificatePem)
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) throw new Error('client-key is not the key of client-certificate')
  const problem = periodProblem(certificate, now)
  if (problem !== undefined) throw new Error(`its client certificate ${problem}`)
}

function withCa(cluster: JsonObject, caPem: string): JsonObject {
  const { 'certificate-authority': _file, 'insecure-skip-tls-verify': _insecure, ...rest } = cluster
  return { ...rest, 'certificate-authority-data': base64Of(caPem) }
}

interface Replacement {
  readonly clusterName: string
  readonly cluster: JsonObject
  readonly userName: string
  readonly user: JsonObject
}

/** client-go writes these keys, each list by name. */
function documentOf(document: JsonObject, { clusterName, cluster, userName, user }: Replacement): JsonObject {
  const entries = (list: string, key: string, replaced: string, value: JsonObject): JsonObject[] => {
    const names = new Set(listAt(document, list).map((entry) => (isObject(entry) ? textAt(entry, 'name') : '')))
    return [...names].toSorted().map((name) => ({ name, [key]: name === replaced ? value : (entryNamed(document, list, name, key) ?? {}) }))
  }
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: entries('clusters', 'cluster', clusterName, cluster),
    contexts: entries('contexts', 'context', '', {}),
    'current-context': textAt(document, 'current-context'),
    users: entries('users', 'user', userName, user),
  }
}
