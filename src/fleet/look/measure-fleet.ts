/**
 * What has to be tried out before hosts become nodes: links, ports, paths and disks, all side by side. Nothing is asked where no host is
 * about to get a node.
 */
import { atMost } from '../../cluster/at-most.ts'
import { splitEndpoint } from '../../config/endpoint.ts'
import type { ClusterFile } from '../../config/cluster-file.ts'
import { withDefaults } from '../../config/defaults.ts'
import { part } from '../../config/document-fields.ts'
import { parseIp } from '../../config/ip-address.ts'
import { KadmError, messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { Findings } from '../../preflight/check.ts'
import type { Action } from '../plan/decide.ts'
import { measureWrites, probeHost } from './host-probe.ts'
import { isEtcdExternal } from './needed-ports.ts'
import { type Fleet, hostsAtOnce } from '../open-fleet.ts'
import { pathWarnings } from './path-mtu.ts'
import { probeFindings, watchedDirectories, writeWarnings, type ProbedHost } from './probe-findings.ts'
import { reachFindings, type ReachHost } from './reach.ts'

/** Changes nothing. A host that cannot be asked for something is a warning. Takes at most some 3 s. */
export async function measureFleet(
  file: ClusterFile,
  { hosts, states }: Pick<Fleet, 'hosts' | 'states'>,
  actions: readonly Action[],
  signal: AbortSignal,
): Promise<Findings> {
  const arriving = new Set(actions.filter(({ kind }) => kind === 'init' || kind === 'join').map(({ host }) => host))
  if (arriving.size === 0) return { errors: [], warnings: [] }
  const all = file.hosts.flatMap((wanted): readonly ReachHost[] => {
    const [host, state] = [hosts.get(wanted.name), states.get(wanted.name)]
    return wanted.role === 'absent' || host === undefined || state?.kind !== 'reached'
      ? []
      : [{ wanted, host, state, arrives: arriving.has(wanted.name) }]
  })
  const found = await Promise.all([
    reachFindings(file, all, signal),
    probed(file, all, { signal, maker: actions.find(({ kind }) => kind === 'init')?.host }),
    ...(isEtcdExternal(file)
      ? []
      : all.filter(({ wanted, arrives }) => arrives && wanted.role === 'control-plane').map((one) => writes(file, one, signal))),
  ])
  return { errors: found.flatMap(({ errors }) => errors), warnings: found.flatMap(({ warnings }) => warnings) }
}

/** @param options.maker the host that makes the cluster */
async function probed(
  file: ClusterFile,
  all: readonly ReachHost[],
  { maker, signal }: { readonly maker: string | undefined; readonly signal: AbortSignal },
): Promise<Findings> {
  const inTurn = atMost(hostsAtOnce)
  const asked = await Promise.all(
    all.map((one) => inTurn(() => orWarning(one.wanted.name, signal, () => probeOne(one, { file, maker, signal })))),
  )
  const hosts = asked.flatMap(({ value }) => value ?? [])
  const { errors, warnings } = probeFindings(file, hosts)
  const paths = await Promise.all(
    hosts
      .filter(({ arrives }) => arrives)
      .map((from) => inTurn(() => orWarning(from.name, signal, () => pathWarnings(from, pathTargets(from, hosts), signal)))),
  )
  return {
    errors,
    warnings: [...asked, ...paths]
      .flatMap(({ warning }) => warning)
      .concat(
        warnings,
        paths.flatMap(({ value }) => value ?? []),
      ),
  }
}

interface AskedHost extends ProbedHost {
  readonly address: string
  readonly host: Host
}

async function probeOne(
  { wanted: { name, address, role }, host, state, arrives }: ReachHost,
  { file, maker, signal }: { readonly file: ClusterFile; readonly maker: string | undefined; readonly signal: AbortSignal },
): Promise<AskedHost> {
  const etcdDirectory = arrives && role === 'control-plane' && !isEtcdExternal(file) ? etcdDirectoryOf(file) : undefined
  const questions = {
    directories: [...watchedDirectories.always, ...(etcdDirectory === undefined ? [] : [etcdDirectory])],
    presentDirectories: watchedDirectories.present,
    names: arrives ? endpointNames(file) : [],
    programs: name === maker && file.networkManifest !== undefined ? ['kubectl'] : [],
  }
  const [probe, { addresses }] = await Promise.all([probeHost(host, questions, signal), host.facts()])
  const device = addresses.find((one) => one.address === address && !one.loopback)?.device
  return { name, address, host, state, probe, arrives, etcdDirectory, link: probe.links.find((link) => link.device === device) }
}

/** The name that nodes reach the API by, if it is one. */
function endpointNames({ controlPlaneEndpoint, kubeadm }: ClusterFile): readonly string[] {
  const host = splitEndpoint(controlPlaneEndpoint ?? String(kubeadm.clusterConfiguration['controlPlaneEndpoint'] ?? ''))?.host
  return host === undefined || parseIp(host) !== undefined ? [] : [host]
}

function etcdDirectoryOf({ kubeadm }: ClusterFile): string {
  return String(part(part(withDefaults('ClusterConfiguration', kubeadm.clusterConfiguration), 'etcd'), 'local')['dataDir'] ?? '')
}

/**
 * Each pair once, from the earlier one that arrives; and no more than these, the next ones in the file's order, which has control planes
 * first.
 */
function pathTargets(
  from: AskedHost,
  hosts: readonly AskedHost[],
): readonly { readonly name: string; readonly address: string; readonly mtu: number }[] {
  const at = hosts.indexOf(from)
  const others = hosts.filter((one, index) => one !== from && (index > at || !one.arrives))
  return others
    .slice(0, mostPaths)
    .flatMap(({ name, address, link }) =>
      link === undefined || from.link === undefined ? [] : [{ name, address, mtu: Math.min(link.mtu, from.link.mtu) }],
    )
}

const mostPaths = 8

async function writes(file: ClusterFile, one: ReachHost, signal: AbortSignal): Promise<Findings> {
  const directory = etcdDirectoryOf(file)
  const { value = [], warning } = await orWarning(one.wanted.name, signal, async () =>
    writeWarnings(one.wanted.name, directory, await measureWrites(one.host, directory, signal)),
  )
  return { errors: [], warnings: [...warning, ...value] }
}

/** What is measured is a help: a host on which it fails is told of, and holds nothing up. */
async function orWarning<T>(
  name: string,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<{ readonly value?: T; readonly warning: readonly string[] }> {
  try {
    return { value: await ask(), warning: [] }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof KadmError)) throw error
    return { warning: [`${name}: not everything could be measured: ${messageOf(error)}`] }
  }
}
