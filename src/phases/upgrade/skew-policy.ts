/**
 * May a cluster go to a version from where it is, by this kadm and with its kubelets? The rules are those of kubeadm and of the version
 * skew policy of Kubernetes.
 */
import type { NodesByVersion } from '../../cluster/running-versions.ts'
import { requireVersion } from '../../config/kubernetes-version.ts'
import { newestKubernetes } from '../../config/own-version.ts'
import { compareVersions, parseVersion, versionTable, type KubernetesVersion } from '../../config/versions.ts'
import { KadmError } from '../../errors.ts'

export interface SkewFacts {
  /** The version to go to. */
  readonly target: string
  /** That of the API server. */
  readonly cluster: string
  readonly kubelets: NodesByVersion
  readonly allowExperimentalUpgrades: boolean
  readonly allowRCUpgrades: boolean
  /** The newest Kubernetes that this kadm knows. */
  readonly own?: string
  /** The oldest version that it can upgrade to. */
  readonly oldest?: string
}

export interface SkewProblems {
  /** No upgrade with one of these. */
  readonly mandatory: readonly string[]
  /** Those that `--force` passes over. */
  readonly skippable: readonly string[]
}

/** Every rule that is broken. Minors are compared, not majors: there is one. */
export function skewProblems(facts: SkewFacts): SkewProblems {
  const { target, cluster, own = newestKubernetes, oldest = versionTable.oldestControlPlane } = facts
  const [to, from, self] = [requireVersion(target), requireVersion(cluster), requireVersion(own)]
  const mandatory: string[] = []
  const skippable: string[] = []
  // A pre-release may go further than a release, for who insists.
  const strict = to.preRelease === '' ? mandatory : skippable
  if (compareVersions(target, oldest) < 0)
    mandatory.push(`"${target}" is older than ${oldest}, the oldest version that this kadm can upgrade to`)
  if (to.minor > from.minor + 1)
    strict.push(`"${target}" is too new for a cluster of ${cluster}: control planes are upgraded one minor version at a time`)
  if (to.minor < from.minor - 1)
    strict.push(`"${target}" is too old for a cluster of ${cluster}: control planes are taken back one minor version at most`)
  if (compareVersions(own, target) < 0) {
    if (to.minor > self.minor) strict.push(`"${target}" is of a newer minor version than this kadm knows (${own})`)
    else skippable.push(`"${target}" is newer than what this kadm knows (${own}): update kadm first`)
  }
  if (self.minor > to.minor) skippable.push(`this kadm is meant for upgrades to ${self.major}.${self.minor}, not to "${target}"`)
  if (!isAllowed(to, facts))
    skippable.push(`"${target}" is no release: --allow-release-candidate-upgrades or --allow-experimental-upgrades says that you want it`)
  const tooOld = [...facts.kubelets].filter(([version]) => to.minor > (parseVersion(version)?.minor ?? 0) + versionTable.kubeletSkew)
  if (tooOld.length > 0)
    skippable.push(
      `kubelets that are too old for "${target}": ${tooOld.map(([version, nodes]) => `${version} on ${nodes.join(', ')}`).join('; ')}`,
    )
  return { mandatory, skippable }
}

export interface EnforceOptions {
  readonly force: boolean
  readonly warn: (line: string) => void
}

/** @throws KadmError VERSION_SKEW with the problems that stand in the way; those that `force` passes over are warnings */
export function enforceSkewPolicy(facts: SkewFacts, { force, warn }: EnforceOptions): void {
  const { mandatory, skippable } = skewProblems(facts)
  if (mandatory.length > 0) throw refusal(facts, mandatory, ['choose another version, see "kadm upgrade plan"'])
  if (skippable.length === 0) return
  if (!force) throw refusal(facts, skippable, ['choose another version, see "kadm upgrade plan"', 'or go on all the same with --force'])
  for (const line of skippable) warn(`${line} (passed over, by --force)`)
}

function refusal({ target, cluster }: SkewFacts, details: readonly string[], remedy: readonly [string, ...string[]]): KadmError {
  return new KadmError(
    'VERSION_SKEW',
    `the cluster cannot go from ${cluster} to "${target}": ${details.length === 1 ? details[0] : `${details.length} rules forbid it`}`,
    { details, remedy },
  )
}

function isAllowed({ preRelease }: KubernetesVersion, { allowExperimentalUpgrades, allowRCUpgrades }: SkewFacts): boolean {
  return preRelease === '' || allowExperimentalUpgrades || (preRelease.startsWith('rc') && allowRCUpgrades)
}
