/** The real Kubernetes, built from its Go modules: the module proxy is the source and the go.sum files of this project are the proof. */
import { readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { contentHash, ensureEntry } from './cache.ts'
import { requireGo } from './missing-pieces.ts'
import type { Making } from './progress.ts'
import { kubernetesPrograms, moduleFolder, releaseOf } from './releases.ts'
import type { Release } from './releases.ts'
import { runWatched } from './watched-program.ts'

export interface Components {
  /** Kubernetes version with its v, e.g. `v1.37.2`. */
  readonly version: string
  /**
   * Folder of the programs: kubeadm, kubelet, kubectl, kube-*, etcd, etcdctl, etcdutl, coredns, pause. Read-only for all others: hosts may
   * hard-link, not write.
   */
  readonly bin: string
}

/**
 * The programs of a Kubernetes version, built when they are not in the cache: 7 min of two cores with empty Go caches. Errors:
 * SANDBOX_MISSING_PIECE, VERSION_UNSUPPORTED.
 */
export async function ensureComponents(version: string, making: Making): Promise<Components> {
  const release = releaseOf(version)
  const builds = buildsOf(release)
  const entry = await ensureEntry(
    { kind: 'kubernetes', name: version, hash: await hashOf(builds), make: (into) => buildAll(builds, path.join(into, 'bin'), making) },
    making,
  )
  return { version, bin: path.join(entry, 'bin') }
}

/** kubeadm's own end-to-end suite as one program (`e2e_kubeadm.test`), built when it is not in the cache: 2.5 min beyond the components. */
export async function ensureE2eKubeadm(version: string, making: Making): Promise<string> {
  const release = releaseOf(version)
  const program = 'e2e_kubeadm.test'
  const build: Build = {
    title: `the end-to-end tests of kubeadm ${version}`,
    folder: release.modules.kubernetes,
    verb: ['test', '-c'],
    packages: ['k8s.io/kubernetes/test/e2e_kubeadm'],
    flags: kubernetesFlags(version),
    count: 1400,
  }
  const entry = await ensureEntry(
    { kind: 'e2e-kubeadm', name: version, hash: await hashOf([build]), make: (into) => buildAll([build], into, making) },
    making,
  )
  return path.join(entry, program)
}

interface Build {
  readonly title: string
  /** Folder of the module below `sandbox/`. */
  readonly folder: string
  readonly verb?: readonly string[]
  readonly packages: readonly string[]
  readonly flags: string
  /** About how many packages are compiled when Go's cache is empty (`go list -deps | wc -l`): for the progress line only. */
  readonly count: number
  /** Programs that `go build` names for their module and the world does not. */
  readonly renamed?: Readonly<Record<string, string>>
}

function buildsOf({ version, modules }: Release): readonly Build[] {
  const flags = '-s -w'
  const etcd = ['server', 'etcdctl', 'etcdutl'].map((name) => `go.etcd.io/etcd/${name}/v3`)
  const programs = kubernetesPrograms.map((name) => `k8s.io/kubernetes/cmd/${name}`)
  return [
    { title: `Kubernetes ${version}`, folder: modules.kubernetes, packages: programs, flags: kubernetesFlags(version), count: 2900 },
    { title: 'etcd', folder: modules.etcd, packages: etcd, flags, count: 600, renamed: { server: 'etcd' } },
    { title: 'CoreDNS', folder: modules.coredns, packages: ['github.com/coredns/coredns'], flags, count: 1400 },
    { title: 'pause', folder: 'pause', packages: ['.'], flags, count: 64 },
  ]
}

/** What kubeadm and the kubelet say of themselves is compared (version skew), so the linker has to tell them. */
function kubernetesFlags(version: string): string {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)\./.exec(version) ?? []
  const facts = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: '0'.repeat(40),
    buildDate: '1970-01-01T00:00:00Z',
  }
  return ['-s -w', ...Object.entries(facts).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)].join(' ')
}

async function hashOf(builds: readonly Build[]): Promise<string> {
  const parts: (string | Uint8Array)[] = [process.arch]
  for (const build of builds) {
    const { count: _, title: __, ...rest } = build
    parts.push(JSON.stringify(rest))
    const files = build.folder === 'pause' ? ['go.mod', 'main.go'] : ['go.mod', 'go.sum']
    for (const file of files) parts.push(await readFile(path.join(moduleFolder(build.folder), file)))
  }
  return contentHash(parts)
}

async function buildAll(builds: readonly Build[], into: string, making: Making): Promise<void> {
  const go = await requireGo(making)
  for (const [index, build] of builds.entries()) {
    const later = builds.slice(index + 1).map((one) => one.title)
    await runBuild(go, build, into, later, making)
  }
}

async function runBuild(go: string, build: Build, into: string, later: readonly string[], { say, signal }: Making): Promise<void> {
  const left = later.length === 0 ? '' : `; then ${later.join(', ')}`
  let compiled = 0
  const report = () => say(`building ${build.title}: ${compiled} of at most ${build.count} packages${left}`)
  report()
  const timer = setInterval(report, 3000)
  try {
    // -v: a line for each package that is not in Go's cache. -mod=readonly: nothing but what go.sum vouches for. local: the Go that was
    // checked.
    const argv: readonly [string, ...string[]] = [
      go,
      ...(build.verb ?? ['build']),
      '-v',
      '-trimpath',
      '-mod=readonly',
      '-ldflags',
      build.flags,
      '-o',
      `${into}/`,
      ...build.packages,
    ]
    await runWatched(argv, {
      directory: moduleFolder(build.folder),
      environment: { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off', GOTOOLCHAIN: 'local', GOOS: 'linux' },
      signal,
      onLine: (line) => {
        if (/^[\w./~-]+$/.test(line)) compiled += 1
      },
      remedy: [`${go} env GOPROXY   # is this module proxy reached?`, "df -h ~/.cache   # Go's caches need 12 GB"],
    })
  } finally {
    clearInterval(timer)
  }
  for (const [from, to] of Object.entries(build.renamed ?? {})) await rename(path.join(into, from), path.join(into, to))
}
