/**
 * Do the hosts of a fleet reach one another at the ports that they will need? Each opens connections to the others, through the SSH
 * connection that kadm has to it.
 */
import { atMost } from '../../cluster/at-most.ts'
import type { ClusterFile, ClusterHost } from '../../config/cluster-file.ts'
import { messageOf } from '../../errors.ts'
import { systemCode } from '../../host/file-error.ts'
import type { Host } from '../../host/host.ts'
import type { Findings } from '../../preflight/check.ts'
import type { ReachedHost } from './host-state.ts'
import { neededPorts, portsOf, type NeededPort, type PortOwner } from './needed-ports.ts'
import { openPortListeners, type PortListeners } from './port-listeners.ts'

export interface ReachHost {
  readonly wanted: ClusterHost
  readonly host: Host
  readonly state: ReachedHost
  /** It is about to get a node. */
  readonly arrives: boolean
}

/**
 * Asked of every pair of which one is about to get a node. Where nothing listens yet something does for the time of the question. An error
 * is what is certain: the sshd of a host answers at an address of its own, and a port that somebody listens on there does not. The address
 * of a host behind a gateway may be one that only the operator can reach.
 */
export async function reachFindings(file: ClusterFile, hosts: readonly ReachHost[], signal: AbortSignal): Promise<Findings> {
  const inTurn = atMost(targetsAtOnce)
  const found = await Promise.all(hosts.map((to) => inTurn(() => askAbout(to, askersOf(file, to, hosts), { file, signal }))))
  return { errors: found.flatMap(({ errors }) => errors), warnings: found.flatMap(({ warnings }) => warnings) }
}

const targetsAtOnce = 64
// What waits for its turn must not count as silence of the other host, and an sshd that many strangers call at once turns users away.
const dialsAtOnce = 16
// Firewalls are made by rule: what a hundred do not find, a thousand do not either.
const mostAskers = 100

/** Two workers need nothing of one another. */
function askersOf(file: ClusterFile, to: ReachHost, hosts: readonly ReachHost[]): readonly Pair[] {
  const asking = hosts.filter(
    (from) => from !== to && (from.arrives || to.arrives) && (from.wanted.role === 'control-plane' || to.wanted.role === 'control-plane'),
  )
  return asking.slice(0, mostAskers).flatMap((from) => {
    const ports = neededPorts(file, from.wanted, ownerOf(to))
    return ports.length === 0 ? [] : [{ from, to, ports }]
  })
}

async function askAbout(
  to: ReachHost,
  pairs: readonly Pair[],
  { file, signal }: { readonly file: ClusterFile; readonly signal: AbortSignal },
): Promise<Findings> {
  if (pairs.length === 0) return { errors: [], warnings: [] }
  const inTurn = atMost(dialsAtOnce)
  const listeners = await listenersOf(file, to, signal)
  try {
    const all = await Promise.all(pairs.map((pair) => inTurn(() => askPair(pair, listeners, signal))))
    return { errors: all.flatMap(({ errors }) => errors), warnings: all.flatMap(({ warnings }) => warnings) }
  } finally {
    await listeners.close()
  }
}

/** Nothing is put in the way of a node, or of a run that was cut off: its kubelet may want its port at any moment. */
function listenersOf(file: ClusterFile, to: ReachHost, signal: AbortSignal): Promise<PortListeners> {
  const { host, wanted, state } = to
  const fill = state.node === 'none' && state.unfinished === undefined
  return openPortListeners(
    host,
    portsOf(file, ownerOf(to)).map(({ port }) => port),
    { fill, address: isOwnAddress(to) ? wanted.address : '', signal },
  )
}

function ownerOf({ wanted: { role }, state: { apiPort } }: ReachHost): PortOwner {
  return { role, apiPort }
}

/** Not one of a gateway before it. */
function isOwnAddress({ state, wanted }: ReachHost): boolean {
  return state.addresses.includes(wanted.address)
}

interface Pair {
  readonly from: ReachHost
  readonly to: ReachHost
  readonly ports: readonly NeededPort[]
}

async function askPair(pair: Pair, listeners: Pick<PortListeners, 'answers'>, signal: AbortSignal): Promise<Findings> {
  const { from, to, ports } = pair
  const ask = async (port: number): Promise<Answer> => {
    const address = { address: to.wanted.address, port }
    const answer = await dialed(from.host, address, { limit: 1000, signal })
    // A packet may be lost, a machine busy: silence has to be heard twice.
    return answer.kind === 'silent' ? dialed(from.host, address, { limit: 2000, signal }) : answer
  }
  const [bySsh, ...answers] = await Promise.all([to.wanted.ssh.port, ...ports.map(({ port }) => port)].map(ask))
  if (bySsh?.kind !== 'open')
    return { errors: [], warnings: bySsh === undefined || bySsh.kind === 'forbidden' ? [] : [sshWarning(pair, bySsh)] }
  const shut = ports.flatMap((port, index) => {
    const answer = answers[index]
    const isShut =
      answer?.kind === 'silent' || answer?.kind === 'unreachable' || (answer?.kind === 'refused' && listeners.answers(port.port))
    return isShut ? [{ port, why: answer.why }] : []
  })
  const isOwn = isOwnAddress(to)
  const texts = (isError: boolean): readonly string[] => {
    const byWhy = Map.groupBy(
      shut.filter(({ port }) => (isOwn && port.vital) === isError),
      ({ why }) => why,
    )
    return Array.from(byWhy, ([why, group]) =>
      shutText(
        pair,
        group.map(({ port }) => port),
        why,
      ),
    )
  }
  return { errors: texts(true), warnings: texts(false) }
}

function sshWarning({ from, to }: Pair, { why }: Answer): string {
  return `${from.wanted.name} does not reach ${to.wanted.name} at ${to.wanted.address} port ${to.wanted.ssh.port}: ${why}; is that an address that hosts reach one another at?`
}

function shutText({ from, to }: Pair, ports: readonly NeededPort[], why: string): string {
  const list = ports.map(({ port, what }) => `${port} (${what})`).join(', ')
  const open = `firewall-cmd --permanent ${ports.map(({ port }) => `--add-port=${port}/tcp`).join(' ')} && firewall-cmd --reload`
  return `${from.wanted.name} does not reach ${to.wanted.name} at ${to.wanted.address} port ${list}: ${why}, while its sshd answers: open it on ${to.wanted.name} and on the way there, with firewalld: ${open}`
}

type Answer = { readonly kind: 'open' | 'refused' | 'unreachable' | 'silent' | 'forbidden'; readonly why: string }

/** @param limit milliseconds */
async function dialed(
  host: Pick<Host, 'dial'>,
  { address, port }: { readonly address: string; readonly port: number },
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): Promise<Answer> {
  const silence = AbortSignal.timeout(limit)
  try {
    const stream = await host.dial({ kind: 'tcp', host: address, port }, { signal: AbortSignal.any([signal, silence]) })
    stream.destroy()
    return { kind: 'open', why: '' }
  } catch (error) {
    signal.throwIfAborted()
    if (silence.aborted) return { kind: 'silent', why: `no answer within ${limit / 1000} s` }
    const code = systemCode(error)
    if (code === 'EPERM') return { kind: 'forbidden', why: messageOf(error) }
    return code === 'ECONNREFUSED'
      ? { kind: 'refused', why: 'the connection is refused' }
      : { kind: code === 'ETIMEDOUT' ? 'silent' : 'unreachable', why: messageOf(error) }
  }
}
