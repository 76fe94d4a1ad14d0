/** `config validate` and `config migrate`: every kubeadm document of a text, read strictly. */
import type { Host } from '../host/host.ts'
import { completeDocuments, readGiven, type CompletedFile } from './complete.ts'
import type { FetchVersion } from './kubernetes-version.ts'
import { dumpYaml } from './yaml.ts'

export interface ValidateOptions {
  /** Shown in errors. */
  readonly file?: string
  /** Read kubeadm.k8s.io/v1 too. */
  readonly allowExperimental?: boolean
  /** Read kubeadm.k8s.io/v1beta3 too; `migrateConfig` always does. */
  readonly allowDeprecated?: boolean
  readonly fetchVersion?: FetchVersion
}

/** Throws CONFIG_SYNTAX or CONFIG_INVALID, with every problem of every document in its details. */
export async function validateConfig(
  text: string,
  options: ValidateOptions,
  host: Host,
): Promise<{ readonly warnings: readonly string[] }> {
  const { warnings, documents } = await complete(text, options, host, false)
  return { warnings: documents.length === 0 ? ['nothing was checked: the file has no kubeadm configuration', ...warnings] : warnings }
}

/**
 * The kubeadm documents of a text with all defaults, as v1beta4 YAML; component configurations are left out. Throws as `validateConfig`.
 */
export async function migrateConfig(
  text: string,
  options: ValidateOptions,
  host: Host,
): Promise<{ readonly text: string; readonly warnings: readonly string[] }> {
  const { warnings, documents } = await complete(text, { ...options, allowDeprecated: true }, host, true)
  return { text: documents.map(dumpYaml).join('---\n'), warnings }
}

function complete(
  text: string,
  { file, allowExperimental = false, allowDeprecated = false, fetchVersion }: ValidateOptions,
  host: Host,
  detectCriSocket: boolean,
): Promise<CompletedFile> {
  return completeDocuments(readGiven(text, file), { file, allowExperimental, allowDeprecated, fetchVersion, detectCriSocket }, host)
}
