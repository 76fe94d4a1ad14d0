/** What a host is now, as far as a plan depends on it. JSON data; nothing secret is in it. */
import { paths } from '../config/paths.ts'
import { messageOf } from '../errors.ts'
import { readJournal } from '../host/journal-file.ts'
import { unfinishedRun } from '../host/journal-runs.ts'
import type { Host } from '../host/host.ts'
import { caHashes } from '../pki/ca-hash.ts'

export type HostState = ReachedHost | { readonly kind: 'unreachable'; readonly why: string }

export interface ReachedHost {
  readonly kind: 'reached'
  readonly hostname: string
  readonly machineId: string
  readonly productUuid: string
  readonly kernel: string
  readonly cpus: number
  /** Bytes. */
  readonly memory: number
  /** Those that others can reach. */
  readonly addresses: readonly string[]
  /** `v1.37.2`; empty when there is no kubelet. */
  readonly kubelet: string
  readonly node: 'none' | 'worker' | 'control-plane'
  /** Of the CA that its kubelet trusts: `sha256:...`; empty when it has none. */
  readonly caHash: string
  /** The command of a run of kadm that was cut off or failed, such as `join`. */
  readonly unfinished?: string
  /** How far its clock is ahead of this machine's, in milliseconds. Not compared. */
  readonly clockAhead: number
}

/** Reads and changes nothing. Throws what the host throws; files that are not there are facts. */
export async function observeHost(host: Host): Promise<ReachedHost> {
  const [facts, machineId, productUuid, kubelet, journal, ca, marks, clockAhead] = await Promise.all([
    host.facts(),
    host.readText('/etc/machine-id'),
    host.readText('/sys/class/dmi/id/product_uuid').catch(() => undefined),
    kubeletVersion(host),
    readJournal(host),
    host.readText(`${paths.defaultCertificates}/ca.crt`),
    Promise.all([paths.kubeletConf, paths.adminConf, `${paths.manifests}/kube-apiserver.yaml`].map((path) => host.stat(path))),
    clockDifference(host),
  ])
  const [kubeletConf, adminConf, apiServer] = marks
  const unfinished = unfinishedRun(journal)
  return {
    kind: 'reached',
    hostname: facts.hostname,
    machineId: machineId?.trim() ?? '',
    productUuid: productUuid?.trim() ?? '',
    kernel: facts.kernelRelease,
    cpus: facts.cpus,
    memory: facts.memory,
    addresses: facts.addresses.filter(({ loopback, device }) => !loopback && !ofPods.test(device)).map(({ address }) => address),
    kubelet,
    node: kubeletConf === undefined ? 'none' : adminConf !== undefined && apiServer !== undefined ? 'control-plane' : 'worker',
    caHash: ca === undefined ? '' : (caHashes(ca)[0] ?? ''),
    ...(unfinished !== undefined && { unfinished: unfinished.command }),
    clockAhead,
  }
}

export function unreachable(error: unknown): HostState {
  return { kind: 'unreachable', why: messageOf(error) }
}

/** Devices that come and go with Pods. */
const ofPods = /^(?:veth|cni|flannel|cali|cilium|lxc|kube-|docker)/

async function kubeletVersion(host: Host): Promise<string> {
  const { exitCode, stdout } = await host.query(['kubelet', '--version']).catch(() => ({ exitCode: 1, stdout: '' }))
  return exitCode === 0 ? (/v\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? '') : ''
}

/** To half of the time that the question took. */
async function clockDifference(host: Host): Promise<number> {
  const before = Date.now()
  const { stdout } = await host.query(['date', '+%s.%N'])
  const after = Date.now()
  return Math.round(Number(stdout.trim()) * 1000 - (before + after) / 2)
}
