/** What depends on the Kubernetes version: what can be deployed, images, skew. Source: the constants of kubeadm 1.37.2. */

export interface KubernetesVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** `alpha.1` of `v1.38.0-alpha.1`; '' for a release. */
  readonly preRelease: string
}

export const versionTable = {
  /** Control planes that can be made new, joined and upgraded: from one minor below the own one on. A newer minor is a warning of preflight. */
  oldestControlPlane: 'v1.36.0',
  /** How many minors a kubelet may be older than the control plane. */
  kubeletSkew: 3,
  /** Image tags by Kubernetes minor. A minor outside takes the nearest. */
  etcd: { 34: '3.7.0-0', 35: '3.7.0-0', 36: '3.7.0-0' } as Readonly<Record<number, string>>,
  minimumExternalEtcd: '3.5.24-0',
  coredns: 'v1.14.6',
  pause: '3.10.2',
  /** Core images of a `ci/` version come from here unless another repository is set. */
  ciImageRepository: 'gcr.io/k8s-staging-ci-images',
} as const

/** `v1.37.2`, `1.37.2-rc.0+abc`; `undefined` for anything else. */
export function parseVersion(text: string): KubernetesVersion | undefined {
  const match = /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(text)
  if (match === null) return undefined
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]), preRelease: match[4] ?? '' }
}

/** Below 0 when `a` is older, 0 when equal, above 0 when newer; order of semver.org. Text that is no version counts as oldest. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)]
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined)
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.patch - right.patch ||
    comparePreReleases(left.preRelease, right.preRelease)
  )
}

/** The etcd tag for a Kubernetes version. */
export function etcdTag(kubernetesVersion: string): string {
  const minors = Object.keys(versionTable.etcd)
    .map(Number)
    .sort((a, b) => a - b)
  const minor = parseVersion(kubernetesVersion)?.minor ?? Infinity
  const nearest = minors.reduce((best, known) => (Math.abs(known - minor) < Math.abs(best - minor) ? known : best), minors.at(-1) ?? 0)
  return versionTable.etcd[nearest] ?? ''
}

function comparePreReleases(a: string, b: string): number {
  if (a === b) return 0
  if (a === '' || b === '') return a === '' ? 1 : -1
  const left = a.split('.')
  const right = b.split('.')
  for (const [i, l] of left.entries()) {
    const r = right[i]
    if (r === undefined) return 1
    if (l === r) continue
    const numeric = [l, r].map((part) => /^\d+$/.test(part))
    if (numeric[0] === true && numeric[1] === true) return Number(l) - Number(r)
    if (numeric[0] !== numeric[1]) return numeric[0] === true ? -1 : 1
    return l < r ? -1 : 1
  }
  return left.length - right.length
}
