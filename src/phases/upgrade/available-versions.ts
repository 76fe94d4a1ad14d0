/** Which versions a cluster could go to: kubeadm's candidates, in its order, by what the labels of the release server stand for. */
import { newestKubernetes } from '../../config/own-version.ts'
import { compareVersions, parseVersion } from '../../config/versions.ts'

export interface AvailableVersion {
  /** `version in the v1.36 series`, `stable version`, ... */
  readonly description: string
  readonly version: string
  /** The kadm that is needed for it, by the Kubernetes version that it knows. */
  readonly kadm: string
}

export interface AvailableVersionsOptions {
  /** The newest version of an API server in the cluster. */
  readonly cluster: string
  readonly own?: string
  readonly allowExperimentalUpgrades: boolean
  readonly allowRCUpgrades: boolean
  /** What a label such as `stable-1.36` stands for; `undefined` where that cannot be had. */
  readonly lookUp: (label: string) => Promise<string | undefined>
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}

/** None: the cluster is where it can be. */
export async function availableVersions(options: AvailableVersionsOptions): Promise<readonly AvailableVersion[]> {
  const { cluster, own = newestKubernetes, lookUp, say, warn } = options
  const stable = await lookUp('stable')
  if (stable === undefined) warn(`the newest stable version could not be looked up; taking ${own}, the version of this kadm`)
  else say(`[upgrade/versions] Target version: ${stable}`)
  const target = stable ?? own
  const patch = await patchOf(cluster, target, options)
  const found: AvailableVersion[] = []
  if (patch !== undefined && compareVersions(cluster, patch.version) < 0)
    found.push({ ...patch, kadm: compareVersions(own, patch.version) >= 0 ? own : patch.version })
  if (compareVersions(patch?.version ?? cluster, target) < 0) found.push({ description: 'stable version', version: target, kadm: target })
  return [...found, ...(await unstableVersions(options))]
}

/** The newest patch of the cluster's own minor. There is none to look for while that minor is not released. */
async function patchOf(
  cluster: string,
  target: string,
  { lookUp, say, warn }: AvailableVersionsOptions,
): Promise<{ description: string; version: string } | undefined> {
  const branch = parseVersion(cluster)
  if (branch === undefined || compareVersions(target, cluster) < 0) return undefined
  const series = `${branch.major}.${branch.minor}`
  const description = `version in the v${series} series`
  const version = await lookUp(`stable-${series}`)
  if (version === undefined) warn(`the newest ${description} could not be looked up`)
  else say(`[upgrade/versions] Latest ${description}: ${version}`)
  return version === undefined ? undefined : { description, version }
}

async function unstableVersions({
  cluster,
  allowExperimentalUpgrades,
  allowRCUpgrades,
  lookUp,
  say,
  warn,
}: AvailableVersionsOptions): Promise<readonly AvailableVersion[]> {
  if (!allowExperimentalUpgrades && !allowRCUpgrades) return []
  const latest = await lookUp('latest')
  const minor = latest === undefined ? undefined : parseVersion(latest)?.minor
  const previous = minor === undefined ? undefined : await lookUp(`latest-1.${minor - 1}`)
  if (latest === undefined || previous === undefined) {
    warn('the newest unstable versions could not be looked up')
    return []
  }
  say(`[upgrade/versions] Latest experimental version: ${latest}`)
  say(`[upgrade/versions] Latest previous version: ${previous}`)
  const offer = (description: string, version: string): AvailableVersion => ({ description, version, kadm: version })
  const preRelease = (version: string): string => parseVersion(version)?.preRelease ?? ''
  const isCandidate = preRelease(previous).startsWith('rc') && compareVersions(cluster, previous) < 0
  return [
    ...(allowRCUpgrades && isCandidate ? [offer('release candidate version', previous)] : []),
    // An alpha.0 is only the mark of a new branch: what is new is in the one before.
    ...(allowExperimentalUpgrades && compareVersions(cluster, latest) < 0
      ? [offer('experimental version', preRelease(latest) === 'alpha.0' ? previous : latest)]
      : []),
  ]
}
