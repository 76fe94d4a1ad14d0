/** From what the user asked to a run of join's phases on a host: configuration, session, what is to be learned of the cluster. */
import { loadJoinConfig } from '../../config/load/load-join.ts'
import type { JoinConfig } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import { recordingHost } from '../../host/recording-host.ts'
import type { Phase } from '../phase.ts'
import { runSelected, tellFirst, type RunRecording, type RunRequest } from '../run-request.ts'
import { runInput, withRunSession, type RunInput } from '../run-session.ts'
import { controlPlaneOnly, joinPhases, joinPhasesOn } from './join-phases.ts'
import type { JoinRun } from './join-run.ts'
import { openClusterSource } from './cluster-source.ts'
import type { Sponsor } from './sponsor.ts'

export interface JoinRequest extends RunRequest {
  /** The argument: `host:port` of the API server. */
  readonly endpoint: string | undefined
  readonly options: JoinOptions
  /** In place of discovery: resolves when the cluster can be asked. */
  readonly sponsor?: () => Promise<Sponsor>
}

/** kadm's own. */
export interface JoinOptions {
  /** Remove a dead etcd member and Node of this node's name. */
  readonly replace: boolean
  /** Trust a CA beside the pinned ones, as kubeadm does without being asked. */
  readonly unsafeAllowUnpinnedCa: boolean
  /** Take a discovery file with `insecure-skip-tls-verify`, as kubeadm does. */
  readonly unsafeAllowInsecureDiscoveryFile: boolean
}

/** Runs join on the host. @returns the recording when the configuration asks for one (`dryRun`). */
export async function startJoin(real: Host, request: JoinRequest): Promise<RunRecording | undefined> {
  const { file, flags, only, endpoint } = request
  const named = only === undefined ? joinPhases.map(({ name }) => name) : only
  const takes = (flag: string): boolean => named.some((name) => flagsOf(name).includes(flag))
  const discoveryFile = takes('discovery-file') ? undefined : paths.adminConf
  const { config: join, warnings } = await loadJoinConfig({
    file,
    flags,
    endpoint,
    host: real,
    needs: { criSocket: takes('cri-socket'), discoveryFile },
  })
  warnings.forEach(request.warn)
  const { uid } = await real.facts()
  const input = uid === 0 && !join.dryRun ? inputOf(request, join) : undefined
  return withRunSession(real, input, async (session) => {
    const recording = join.dryRun ? recordingHost(real) : undefined
    const host = recording ?? session?.host ?? real
    const [prepared, phases] = await Promise.all([isPrepared(real, request, join), joinPhasesOn(host)])
    const discovery = prepared ? { kind: 'file' as const, kubeConfigPath: paths.adminConf } : join.discovery
    const { replace, ...unsafe } = request.options
    const tell = tellFirst(request, real)
    const source = openClusterSource({
      join,
      host,
      discovery,
      unsafe,
      sponsor: request.sponsor,
      signal: request.signal,
      say: tell('line'),
      warn: tell('warning'),
    })
    try {
      const run: JoinRun = {
        join,
        host,
        start: host.now(),
        isWhole: only === undefined,
        source,
        replace,
        own: { owns: (path) => session?.owns(path) ?? false },
        unfinished: session?.unfinished,
        ignorePreflightErrors: new Set(join.nodeRegistration.ignorePreflightErrors),
      }
      await runSelected(phases, run, { request, except: only === undefined ? leftOut(join) : [], session, host: real })
      return recording === undefined
        ? undefined
        : { host: recording, cluster: source.recorded(), certificatesDir: (await source.config()).cluster.certificatesDir }
    } finally {
      await source.close()
    }
  })
}

function flagsOf(name: string): readonly string[] {
  const walk = (phases: readonly Phase<JoinRun>[], parent: string): readonly string[] =>
    phases.flatMap((phase) => {
      const full = `${parent}${phase.name}`
      const isNamed = full === name || full.startsWith(`${name}/`)
      return [...(isNamed ? (phase.flags ?? []) : []), ...walk(phase.phases ?? [], `${full}/`)]
    })
  return walk(joinPhases, '')
}

/** Who names a phase wants it: as in kubeadm, what a whole run leaves out is no matter then. */
function leftOut({ skipPhases, controlPlane }: JoinConfig): readonly string[] {
  return [...skipPhases, ...(controlPlane === undefined ? controlPlaneOnly : [])]
}

/**
 * Phases of a control plane that are run one by one find what earlier ones have left: admin.conf stands for discovery then, as in kubeadm.
 */
async function isPrepared(host: Host, { only }: JoinRequest, { controlPlane }: JoinConfig): Promise<boolean> {
  return only !== undefined && controlPlane !== undefined && (await host.stat(paths.adminConf)) !== undefined
}

/**
 * What decides what the run does. Not the credentials: a run that was cut off goes on with a new token when the old one has ended. Not
 * `--replace`: the run that finds a lost host asks for it, and goes on with it.
 */
function inputOf({ only, options: { replace: _replace, ...unsafe } }: JoinRequest, join: JoinConfig): RunInput {
  const { nodeRegistration, caCertPath, discovery, controlPlane, patches, skipPhases } = join
  const { ignorePreflightErrors: _, ...node } = nodeRegistration
  const where = discovery.kind === 'token' ? discovery.apiServerEndpoint : discovery.kubeConfigPath
  return runInput('join', only, [only, unsafe, node, caCertPath, where, controlPlane?.localAPIEndpoint, patches, skipPhases])
}
