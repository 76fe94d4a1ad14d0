/** What a host is now, as far as a plan depends on it. JSON data; nothing secret is in it. */
import { tagOf } from '../../cluster/image-tag.ts'
import { paths } from '../../config/paths.ts'
import { parseVersion } from '../../config/versions.ts'
import { hasCode, KadmError, messageOf, type ErrorCode } from '../../errors.ts'
import { readJournal } from '../../host/journal/journal-file.ts'
import { unfinishedRun } from '../../host/journal/journal-runs.ts'
import type { Host } from '../../host/host.ts'
import { findBegunReset } from '../../phases/reset/begun-reset.ts'
import { isUndoOfAllUnfinished, withoutIdleUndos } from '../../phases/undo/undo-target.ts'
import { commandFlag } from '../../manifests/command-flag.ts'
import type { Manifest } from '../../manifests/manifest.ts'
import { commandOf, imageOf, parseStaticPod } from '../../manifests/static-pod-file.ts'
import { staticPodPath } from '../../manifests/write-static-pod.ts'
import { caHashes } from '../../pki/ca-hash.ts'
import { isAnnouncement } from '../../pki/certificate-files.ts'
import { findKubeconfig } from '../../pki/kubeconfig/kubeconfig-file.ts'
import { nodeNameOfKubelet } from '../../pki/kubelet-node-name.ts'
import { clusterDevices } from '../../preflight/network-overlap.ts'

/** `lost`: the file says that its machine is gone. */
export type HostState = ReachedHost | UnreachableHost | { readonly kind: 'lost' }

export interface UnreachableHost {
  readonly kind: 'unreachable'
  readonly why: string
  /** Lines to paste or to follow. */
  readonly remedy: readonly string[]
  /** Of a failure that kadm foresaw. */
  readonly code?: ErrorCode
  /** There is a connection, and the host does not say what it is, as with a broken journal. Its machine is there. */
  readonly isConnected?: true
}

export interface ReachedHost {
  readonly kind: 'reached'
  readonly hostname: string
  readonly machineId: string
  readonly productUuid: string
  /** What kadm works with there: 0 after `become`. */
  readonly uid: number
  readonly kernel: string
  readonly cpus: number
  /** Bytes. */
  readonly memory: number
  /** Those that others can reach. */
  readonly addresses: readonly string[]
  /** `v1.37.2`; empty when there is no kubelet. */
  readonly kubelet: string
  readonly node: 'none' | 'worker' | 'control-plane'
  /** It is a control plane that nobody can ask about the cluster: kubeadm's /etc/kubernetes/admin.conf is gone. */
  readonly lacksAdminConf?: true
  /** Of its Node, by its kubelet's certificate; absent where there is none, or none that can be read. */
  readonly nodeName?: string
  /** Of its kube-apiserver, by the image in the manifest; empty when it has none, or one whose version its name does not tell. */
  readonly controlPlane: string
  /** That image, where its name tells no version. */
  readonly apiImage?: string
  /** That its kube-apiserver listens on, by the manifest. */
  readonly apiPort?: number
  /** That its kube-apiserver announces, by the manifest: of this machine, where a virtual one goes from one to another. */
  readonly apiAddress?: string
  /** A kubelet of the version that is wanted lies there: installed, or as `kubelet-<version>` beside it. */
  readonly hasWantedKubelet: boolean
  /** Of each CA that its kubelet trusts, with a blank between them: `sha256:...`; empty when it has none. */
  readonly caHash: string
  /** The command of a run of kadm that was cut off or failed, such as `join` or `undo --all`; `reset` of a whole one, whatever was run here before. */
  readonly unfinished?: string
  /** How far its clock is ahead of this machine's, in milliseconds. Not compared. */
  readonly clockAhead: number
}

/** Reads and changes nothing. Throws what the host throws; files that are not there are facts. */
export async function observeHost(host: Host, wantedVersion: string): Promise<ReachedHost> {
  const [facts, machineId, productUuid, kubelets, unfinished, ca, marks, manifest, nodeName] = await Promise.all([
    host.facts(),
    host.readText('/etc/machine-id'),
    host.readText('/sys/class/dmi/id/product_uuid').catch(() => undefined),
    kubeletVersions(host, wantedVersion),
    unfinishedCommand(host),
    trustedCa(host),
    Promise.all([paths.kubeletConf, paths.kubeletConfig, paths.adminConf].map((path) => host.stat(path))),
    host.readText(staticPodPath('kube-apiserver')),
    nodeNameOfKubelet(host).catch(() => undefined),
  ])
  const [kubeletConf, kubeletConfig, adminConf] = marks
  // A control plane whose CA key is kept elsewhere is given kubelet.conf and ca.crt before it is one.
  const isNode = kubeletConf !== undefined && kubeletConfig !== undefined
  return {
    kind: 'reached',
    hostname: facts.hostname,
    machineId: machineId?.trim() ?? '',
    productUuid: productUuid?.trim() ?? '',
    uid: facts.uid,
    kernel: facts.kernelRelease,
    cpus: facts.cpus,
    memory: facts.memory,
    addresses: facts.addresses.filter(({ loopback, device }) => !loopback && !isOfContainers(device)).map(({ address }) => address),
    kubelet: kubelets[0] ?? '',
    node: !isNode ? 'none' : manifest !== undefined ? 'control-plane' : 'worker',
    ...(isNode && manifest !== undefined && adminConf === undefined && { lacksAdminConf: true }),
    ...(nodeName !== undefined && { nodeName }),
    ...apiServerOf(manifest, wantedVersion),
    hasWantedKubelet: kubelets.includes(wantedVersion),
    caHash: ca === undefined || (!isNode && unfinished === undefined) ? '' : caHashes(ca).join(' '),
    ...(unfinished !== undefined && { unfinished }),
    clockAhead: host.now().getTime() - Date.now(),
  }
}

/** What was begun before a reset is over with it. */
async function unfinishedCommand(host: Host): Promise<string | undefined> {
  const [journal, resetBegun] = await Promise.all([readJournal(host), findBegunReset(host)])
  if (resetBegun !== undefined) return 'reset'
  return isUndoOfAllUnfinished(journal) ? 'undo --all' : unfinishedRun(withoutIdleUndos(journal))?.command
}

/**
 * PEM of the CA that its kubelet trusts. The folder of certificates may be one of the user's, which only the cluster tells; kubelet.conf is
 * on every node. `undefined` when there is none.
 */
async function trustedCa(host: Pick<Host, 'readText'>): Promise<string | undefined> {
  const [kubeconfig, usual] = await Promise.all([
    findKubeconfig(host, paths.kubeletConf).catch(() => undefined),
    host.readText(`${paths.defaultCertificates}/ca.crt`),
  ])
  // An init that was cut off while it made its CA has none yet.
  return kubeconfig?.certificateAuthority ?? (usual === undefined || isAnnouncement(usual) ? undefined : usual)
}

function apiServerOf(
  manifest: string | undefined,
  wantedVersion: string,
): Pick<ReachedHost, 'controlPlane' | 'apiImage' | 'apiPort' | 'apiAddress'> {
  const pod = manifest === undefined ? undefined : readApiServer(manifest)
  if (pod === undefined) return { controlPlane: '' }
  const flag = (name: string): string | undefined => commandFlag(commandOf(pod, 'kube-apiserver'), name)
  const [port, address] = [Number(flag('secure-port') ?? NaN), flag('advertise-address')]
  const image = imageOf(pod, 'kube-apiserver')
  const controlPlane = releaseOf(tagOf(image), wantedVersion)
  return {
    controlPlane,
    ...(controlPlane === '' && { apiImage: image }),
    ...(Number.isInteger(port) && { apiPort: port }),
    ...(address !== undefined && { apiAddress: address }),
  }
}

/** A rebuilt image (`v1.37.2-acme.1`) is of the release that it was made of, unless the file itself names such versions. */
function releaseOf(tag: string, wantedVersion: string): string {
  const version = parseVersion(tag)
  if (version === undefined) return ''
  const { major, minor, patch, preRelease } = version
  const isRebuilt = preRelease !== '' && !/^(?:alpha|beta|rc)\b/.test(preRelease) && parseVersion(wantedVersion)?.preRelease === ''
  return isRebuilt ? `v${major}.${minor}.${patch}` : tag
}

function readApiServer(manifest: string): Manifest | undefined {
  try {
    return parseStaticPod(manifest, staticPodPath('kube-apiserver'))
  } catch (error) {
    if (hasCode(error, 'CONFIG_INVALID')) return undefined
    throw error
  }
}

/** In words, which of these members are together, when they are of more than one cluster by the CA. */
export function differentClusters(members: readonly Member[]): string | undefined {
  const groups = members.reduce<readonly (readonly Member[])[]>((all, member) => {
    const isOf = (group: readonly Member[]): boolean => group.some(({ caHash }) => sharesCa(caHash, member.caHash))
    return [...all.filter((group) => !isOf(group)), [...all.filter(isOf).flat(), member]]
  }, [])
  if (groups.length < 2) return undefined
  const ordered = groups.toSorted(([a], [b]) => members.findIndex((one) => one === a) - members.findIndex((one) => one === b))
  const names = ordered.map((group) => group.map(({ name }) => name).join(', '))
  return `hosts of the file are in different clusters: ${names.join(' | ')}`
}

interface Member {
  readonly name: string
  readonly caHash: string
}

/** While the CA of a cluster is replaced its hosts trust the old one, the new one or both. */
export function sharesCa(a: string, b: string): boolean {
  const hashes = new Set(a.split(' '))
  return b.split(' ').some((hash) => hashes.has(hash))
}

export function unreachable(error: unknown): UnreachableHost {
  const known = error instanceof KadmError ? { remedy: error.remedy, code: error.code } : { remedy: [] }
  return { kind: 'unreachable', why: messageOf(error), ...known }
}

/** Of a host that there is a connection to, unless that has just broken. */
export function silent(error: unknown): UnreachableHost {
  const state = unreachable(error)
  return state.code === 'HOST_UNREACHABLE' ? state : { ...state, isConnected: true }
}

/** Nothing of a cluster is on it, nor of a run that was cut off. */
export function isBare({ node, unfinished }: ReachedHost): boolean {
  return node === 'none' && unfinished === undefined
}

export function hasCutOffUpgrade({ unfinished }: ReachedHost): boolean {
  return unfinished?.startsWith('upgrade ') === true
}

/** What stands behind the name of the host: `cannot be reached: no route`. */
export function whyUnknown({ why, isConnected }: UnreachableHost): string {
  return `${isConnected === true ? 'does not say what it is' : 'cannot be reached'}: ${why}`
}

/** Devices whose addresses are for the containers of the host, of a Pod network or an engine beside it. */
function isOfContainers(device: string): boolean {
  return clusterDevices.test(device) || /^(?:docker|cni)/.test(device)
}

/**
 * Of the one that is installed; of the one that is kept beside it where the first is not the one that is wanted: each is a program to
 * start.
 */
async function kubeletVersions(host: Host, wantedVersion: string): Promise<readonly string[]> {
  const installed = await kubeletVersion(host, 'kubelet')
  return installed === wantedVersion ? [installed] : [installed, await kubeletVersion(host, `kubelet-${wantedVersion}`)]
}

async function kubeletVersion(host: Host, program: string): Promise<string> {
  const { exitCode, stdout } = await host.query([program, '--version'], { timeout: 10_000 }).catch(() => ({ exitCode: 1, stdout: '' }))
  return exitCode === 0 ? (/v\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? '') : ''
}
