/** What is done on a host for each kind of action: the very workflows of one host, and what only the cluster can do. */
import type { Cluster } from '../../cluster/cluster.ts'
import { drainNode, uncordonNode } from '../../cluster/drain.ts'
import { kinds } from '../../cluster/kinds.ts'
import { markNode } from '../../cluster/mark-node.ts'
import { conditionAt } from '../../cluster/object-fields.ts'
import { marksBefore } from '../../cluster/restore-marks.ts'
import { initFileText, joinFileText } from '../../config/cluster-file-documents.ts'
import type { ClusterHost } from '../../config/cluster-file.ts'
import { paths } from '../../config/paths.ts'
import { eventOfAction, type Phase, type PhaseEvent } from '../../phases/phase.ts'
import type { RunRequest } from '../../phases/run-request.ts'
import { runInput, withRunSession } from '../../phases/run-session.ts'
import { runPhases } from '../../phases/runner.ts'
import type { InitRun } from '../../phases/init/init-run.ts'
import { startInit } from '../../phases/init/start-init.ts'
import { startJoin } from '../../phases/join/start-join.ts'
import type { Sponsor } from '../../phases/join/sponsor.ts'
import { startReset, type ResetRequest } from '../../phases/reset/start-reset.ts'
import type { ActionKind } from '../plan/decide.ts'
import { withFile } from './file-on-host.ts'
import type { FleetHost, FleetRun } from '../fleet-run.ts'
import { forgetHost } from './forget-host.ts'
import { upgradeHost } from './upgrade-host.ts'

export interface ActionInput {
  readonly run: FleetRun
  readonly wanted: ClusterHost
  /** The host itself; of one that is lost the first control plane. */
  readonly on: FleetHost
  readonly signal: AbortSignal
}

export const actionWork: Readonly<Record<ActionKind, (input: ActionInput) => Promise<void>>> = { forget, init, join, mark, remove, upgrade }

/** The phase of init with whose end the API answers. */
export const apiPhase = 'wait-control-plane/api'

async function init(input: ActionInput): Promise<void> {
  const { run, wanted, on } = input
  const { access, file } = run
  const path = `${file.name} (${on.name})`
  const host = withFile(on.host, { path, text: initFileText(file, wanted, on.state.addresses) })
  const request = requestOf('init', input)
  const hear = (event: PhaseEvent): void => {
    request.report(event)
    if (event.kind === 'done' && event.phase === apiPhase) access.apiAnswers()
  }
  try {
    await startInit(host, {
      ...request,
      report: hear,
      file: path,
      // The file may name tokens; what nobody asked for is not made.
      withoutToken: file.kubeadm.initConfiguration['bootstrapTokens'] === undefined,
      // A part of init, so that one that is cut off before it is gone on with.
      furtherPhases: run.networkManifest === undefined ? [] : [network(run.networkManifest)],
      options: {
        uploadCerts: false,
        skipTokenPrint: true,
        skipCertificateKeyPrint: true,
        printManifest: false,
        kubeconfig: paths.adminConf,
        kubeconfigDir: paths.kubernetes,
      },
    })
    access.apiAnswers()
  } catch (error) {
    access.failed(error)
    throw error
  }
}

async function join(input: ActionInput): Promise<void> {
  const { run, wanted, on } = input
  const { file } = run
  const path = `${file.name} (${on.name})`
  const replace = run.actions.some((action) => action.host === on.name && action.replaces === true)
  const host = withFile(on.host, { path, text: joinFileText(file, wanted, on.state.addresses) })
  // A control plane does so once etcd has let the dead member go. Of a join that was cut off the Node may be its own.
  if (replace && wanted.role === 'worker' && on.state.unfinished === undefined) await removeDeadNode(on.name, input)
  await startJoin(host, {
    ...requestOf('join', input),
    file: path,
    endpoint: undefined,
    sponsor: () => sponsorOf(input),
    options: { replace, unsafeAllowUnpinnedCa: false, unsafeAllowInsecureDiscoveryFile: false },
  })
}

/** With its cordon, labels and taints. One that is Ready is somebody else's: the join refuses its name. */
async function removeDeadNode(name: string, { run }: ActionInput): Promise<void> {
  const cluster = await run.access.cluster()
  const ref = { ...kinds.node, name }
  const node = await cluster.get(ref)
  if (node !== undefined && conditionAt(node, 'Ready') !== 'True') await cluster.delete(ref)
}

/** Where the cluster is made by this very apply, it has to answer first. */
async function sponsorOf({ run, on }: ActionInput): Promise<Sponsor> {
  const maker = run.actions.find(({ kind }) => kind === 'init')?.host
  if (maker === undefined) return run.access.sponsor(on.name)
  const tell = (event: PhaseEvent): void => run.report({ host: on.name, event })
  tell({ kind: 'waiting', phase: 'join', text: `the API server of ${maker}`, needs: [`${maker}:init/${apiPhase}`], at: new Date() })
  const sponsor = await run.access.sponsor(on.name)
  tell({ kind: 'line', phase: 'join', text: `the API server of ${maker} answers`, at: new Date() })
  return sponsor
}

async function mark({ run, wanted, on, signal }: ActionInput): Promise<void> {
  const { name, labels, taints = [] } = wanted
  const cluster = await run.access.cluster()
  const set = async (): Promise<void> => {
    await markNode(cluster, name, { labels, taints, timeout: 60_000, signal })
    await uncordonNode(cluster, name)
  }
  // A Node that comes by this apply goes as a whole when that is undone.
  if (run.actions.some(({ host, kind }) => host === on.name && kind !== 'mark')) return set()
  await withRunSession(on.host, runInput('mark', undefined, [labels, taints]), async (session) => {
    const node = await cluster.get({ ...kinds.node, name })
    if (node !== undefined) await session?.note({ kind: 'mark-node', ...marksBefore(node, { labels, taints }) })
    await set()
  })
}

/** By way of the first control plane: there is no machine to ask. */
async function forget({ run, wanted, on, signal }: ActionInput): Promise<void> {
  const say = (text: string): void => run.report({ host: wanted.name, event: { kind: 'line', phase: 'forget', text, at: new Date() } })
  await forgetHost(wanted, { controlPlane: on.host, cluster: await run.access.cluster(), say, signal })
}

/**
 * The Pods first, while they can go elsewhere; the Node last, when nothing brings it back. Where no kubelet is left to end them, Pods are
 * not waited for: they go with the Node.
 */
async function remove(input: ActionInput): Promise<void> {
  const { run, on, signal } = input
  const cluster = await run.access.cluster()
  const request = requestOf('remove', input)
  const node = { ...kinds.node, name: on.name }
  const { state } = on
  const isNode = (await cluster.get(node)) !== undefined
  const hasKubelet = state.node !== 'none' && state.unfinished !== 'reset'
  if (hasKubelet && isNode) {
    const drain: Phase<Cluster> = {
      name: 'drain',
      summary: 'Take its Pods from it',
      run: (api, { signal: stop, say }) => drainNode(api, on.name, { timeout: 300_000, signal: stop, say }),
    }
    await runPhases([drain], cluster, { now: () => new Date(), signal, report: request.report, within: request.within })
  }
  // An init that never came to its Node has an etcd of its own, and no part in this cluster's.
  await resetHost(on, { ...request, mustLeaveEtcd: isNode || state.unfinished !== 'init' })
  await cluster.delete(node)
}

/** Who leaves a cluster that stays must leave it a quorum: without the flag `force` that is held. */
export async function resetHost(
  { host }: Pick<FleetHost, 'host'>,
  request: RunRequest & Pick<ResetRequest, 'mustLeaveEtcd'>,
): Promise<void> {
  await startReset(host, {
    ...request,
    options: { kubeconfig: paths.adminConf, cleanup: new Set() },
    confirm: async () => true,
  })
}

/** kubectl is on a control plane by kubeadm's own habit; the manifest may hold kinds that kadm knows nothing of. */
function network(manifest: string): Phase<InitRun> {
  const apply = ['kubectl', '--kubeconfig', paths.adminConf, 'apply', '--server-side', '--force-conflicts', '-f', '-'] as const
  return {
    name: 'network',
    summary: 'Lay the pod network',
    run: async ({ host }, { signal }) => void (await host.run(apply, { input: manifest, timeout: 120_000, signal })),
  }
}

async function upgrade(input: ActionInput): Promise<void> {
  const { run, on } = input
  const isControlPlane = on.state.node === 'control-plane'
  try {
    await upgradeHost(run, on, requestOf('upgrade', input))
    // One that was cut off may have stopped the API.
    if (isControlPlane) run.access.apiAnswers()
  } catch (error) {
    if (isControlPlane) run.access.failed(error)
    throw error
  }
}

/** What all workflows are asked with. Closing words are for one host: the fleet has its own. */
export function requestOf(
  kind: string,
  {
    run,
    on,
    signal,
  }: Pick<ActionInput, 'signal'> & { readonly on: Pick<FleetHost, 'name'>; readonly run: Pick<FleetRun, 'report' | 'within'> },
): RunRequest {
  const { within } = run
  const report = (event: PhaseEvent): void => {
    if (event.kind !== 'result') run.report({ host: on.name, event: eventOfAction(kind, event) })
  }
  return {
    file: undefined,
    flags: {},
    only: undefined,
    signal,
    report,
    ...(within !== undefined && { within: (phase, work) => within(on.name, `${kind}/${phase}`, work) }),
    warn: (text) => report({ kind: 'warning', phase: 'preflight', text, at: new Date() }),
    onStart: () => {},
  }
}
