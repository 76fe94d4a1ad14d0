/** `kubernetesVersion` of the user into one version: labels such as `stable-1` are looked up. */
import { KadmError, messageOf } from '../errors.ts'
import { clip } from './checks.ts'
import { newestKubernetes } from './own-version.ts'
import { compareVersions, parseVersion, versionTable, type KubernetesVersion } from './versions.ts'

/** Returns what a release server says for a label (`stable-1`, `ci/latest`), a version. Throws when it cannot be had. */
export type FetchVersion = (label: string) => Promise<string>

export interface ResolvedVersion {
  /** With `v`. */
  readonly version: string
  readonly ci: boolean
  readonly warnings: readonly string[]
  readonly problems: readonly string[]
}

export async function resolveKubernetesVersion(given: string, fetchVersion: FetchVersion): Promise<ResolvedVersion> {
  const ci = given.startsWith('ci/')
  const { version, warnings } = await lookUpVersion(given, fetchVersion)
  if (version === undefined) {
    return {
      version: newestKubernetes,
      ci,
      warnings,
      problems: [`"${given}" is neither a version such as ${newestKubernetes} nor a label such as stable-1 or latest-1.37`],
    }
  }
  const oldest = versionTable.oldestControlPlane
  if (parseVersion(version) === undefined) return { version, ci, warnings, problems: [`"${given}" is not a version`] }
  const problems =
    compareVersions(version, oldest) < 0 ? [`${version} is too old for a new control plane: it must be ${oldest} or newer`] : []
  return { version, ci, warnings, problems }
}

/** For a file that is applied again and again: a label would stand for another version another day. */
export function exactVersionProblems(given: string): readonly string[] {
  if (parseVersion(given) === undefined) return [`"${clip(given)}" is not a version such as ${newestKubernetes}`]
  const oldest = versionTable.oldestControlPlane
  if (compareVersions(given, oldest) < 0) return [`${withV(given)} is too old: it must be ${oldest} or newer`]
  return newerMinor(given) ? [`${withV(given)} is newer than this kadm, which deploys up to ${newestKubernetes}`] : []
}

/** Throws USAGE for what is no version. */
export function requireVersion(text: string, remedy = `give a version such as ${newestKubernetes}`): KubernetesVersion {
  const version = parseVersion(text)
  if (version !== undefined) return version
  throw new KadmError('USAGE', `"${text}" is not a version`, { remedy: [remedy] })
}

/** kubeadm takes a version without its `v` too. */
export function withV(version: string): string {
  return version.startsWith('v') ? version : `v${version}`
}

/** `version`: with `v`; `undefined` for what is neither a version nor a label that stands for one. */
export async function lookUpVersion(
  given: string,
  fetchVersion: FetchVersion,
): Promise<{ readonly version: string | undefined; readonly warnings: readonly string[] }> {
  const warnings: string[] = []
  return { version: await lookUp(given, fetchVersion, warnings, 0), warnings }
}

const exact = /^v?(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:[-\w.+]*)?$/
const label = /^(?:(?:latest|stable)+(?:-[1-9](?:\.[1-9]\d?)?)?)$/

async function lookUp(given: string, fetchVersion: FetchVersion, warnings: string[], depth: number): Promise<string | undefined> {
  const [, bucket = '', name = ''] = /^((?:release|ci)\/)?([-\w.+]+)$/.exec(given) ?? []
  if (exact.test(name)) return withV(name)
  if (!label.test(name) || depth > 2) return undefined
  let fetched: string
  try {
    fetched = (await fetchVersion(bucket === 'ci/' ? `ci/${name}` : name)).trim()
  } catch (error) {
    warnings.push(
      `the Kubernetes version behind "${given}" could not be looked up: ${messageOf(error)}`,
      `using ${newestKubernetes}, the version of this kadm`,
    )
    return newestKubernetes
  }
  return lookUp(newerMinor(fetched) ? ownStable() : fetched, fetchVersion, warnings, depth + 1)
}

function newerMinor(fetched: string): boolean {
  const [own, other] = [parseVersion(newestKubernetes), parseVersion(fetched)]
  return own !== undefined && other !== undefined && (other.major > own.major || (other.major === own.major && other.minor > own.minor))
}

function ownStable(): string {
  const own = parseVersion(newestKubernetes)
  return `stable-${own?.major ?? 1}.${own?.minor ?? 0}`
}
