/** The documents of a file into complete Join, Reset and Upgrade documents, with all that is wrong with them. */
import type { Host } from '../../host/host.ts'
import type { JsonObject } from '../../json.ts'
import { checkDocument } from '../check.ts'
import { decodeDocument, unusedDocuments, type DecodedDocument, type StrictOptions } from '../decode-document.ts'
import { withDefaults } from '../defaults.ts'
import { part } from '../document-fields.ts'
import type { Problem } from '../decode.ts'
import { invalid, type ConfigDocument } from '../documents.ts'
import { completeApiEndpoint, completeNodeRegistration, type Completed } from '../dynamic-defaults.ts'
import { criSocket } from '../host-defaults.ts'
import type { KindName } from '../kinds.ts'
import { unique } from './resolve-init.ts'

export interface ResolveNodeOptions extends StrictOptions {
  readonly detectCriSocket: boolean
  /** Last word on the document before defaults: flags beside a file. */
  readonly adjust?: (document: JsonObject) => JsonObject
}

export type NodeKind = Extract<KindName, 'JoinConfiguration' | 'ResetConfiguration' | 'UpgradeConfiguration'>

/** Throws CONFIG_INVALID when the file has no document of the kind; other problems come back. */
export async function resolveNodeKind(
  kind: NodeKind,
  documents: readonly ConfigDocument[],
  host: Host,
  options: ResolveNodeOptions,
): Promise<Completed> {
  const given = decodeDocument(kind, documents, options)
  if (given === undefined)
    throw invalid(`the configuration has no ${kind}`, [
      `add one: see "kadm config print ${kind.replace('Configuration', '').toLowerCase()}-defaults"`,
    ])
  const completed = await complete[kind](withDefaults(kind, options.adjust?.(given.value) ?? given.value), host, options)
  return {
    document: completed.document,
    warnings: [...unusedDocuments([kind], documents), ...given.warnings, ...completed.warnings],
    problems: unique([
      ...given.problems,
      ...completed.problems,
      ...checkDocument(kind, completed.document),
      ...(await fileProblems(kind, given, host)),
    ]),
  }
}

const complete: Readonly<Record<NodeKind, (document: JsonObject, host: Host, options: ResolveNodeOptions) => Promise<Completed>>> = {
  JoinConfiguration: completeJoin,
  ResetConfiguration: completeReset,
  UpgradeConfiguration: (document) => Promise.resolve({ document, warnings: [], problems: [] }),
}

async function completeJoin(document: JsonObject, host: Host, { detectCriSocket }: ResolveNodeOptions): Promise<Completed> {
  const facts = await host.facts()
  const controlPlane = document['controlPlane'] !== undefined
  const node = await completeNodeRegistration(document, host, facts, { controlPlane, detectCriSocket })
  if (!controlPlane) return node
  const endpoint = completeApiEndpoint(part(node.document, 'controlPlane'), facts, 'controlPlane.')
  return {
    document: { ...node.document, controlPlane: endpoint.document },
    warnings: [...node.warnings, ...endpoint.warnings],
    problems: [...node.problems, ...endpoint.problems],
  }
}

async function completeReset(document: JsonObject, host: Host, { detectCriSocket }: ResolveNodeOptions): Promise<Completed> {
  const socket = await criSocket(String(document['criSocket'] ?? ''), host, detectCriSocket)
  return {
    document: { ...document, criSocket: socket.value },
    warnings: socket.warnings,
    problems: socket.problems.map((text) => ({ path: 'criSocket', text })),
  }
}

/** A discovery file must be there. */
async function fileProblems(kind: NodeKind, { value }: DecodedDocument, host: Host): Promise<readonly Problem[]> {
  const discovery = part(withDefaults(kind, value), 'discovery')
  if (kind !== 'JoinConfiguration' || discovery['file'] === undefined) return []
  const file = String(part(discovery, 'file')['kubeConfigPath'] ?? '')
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(file)) return []
  if (file !== '' && (await host.stat(file)) !== undefined) return []
  return [{ path: 'discovery.file.kubeConfigPath', text: `"${file}" is not a file on this host` }]
}
