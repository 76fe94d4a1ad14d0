/**
 * From what the user asked to a run of upgrade's phases on a host: configuration, session, what an unfinished run has left, the cluster.
 */
import type { Cluster } from '../../cluster/cluster.ts'
import { loadUpgradeConfig } from '../../config/load/load-upgrade.ts'
import type { InitConfig } from '../../config/model.ts'
import { newestKubernetes } from '../../config/own-version.ts'
import { paths } from '../../config/paths.ts'
import type { UpgradeApplyConfig, UpgradeWorkConfig } from '../../config/upgrade-config.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { recordingHost } from '../../host/recording-host.ts'
import { staticPodPath } from '../../manifests/write-static-pod.ts'
import type { Phase } from '../phase.ts'
import { runSelected, tellFirst, type RunRecording, type RunRequest } from '../run-request.ts'
import { runInput, withRunSession } from '../run-session.ts'
import { applyPhases } from './apply-phases.ts'
import { closeUnlessReplacing } from './backup.ts'
import { bringBack, goOnWith } from './bring-back.ts'
import { openUpgradeSource } from './cluster-source.ts'
import { nodePhases } from './node-phases.ts'
import type { ApplyRun, NodeRun, UpgradeRun } from './upgrade-run.ts'

export interface UpgradeRequest extends RunRequest {
  /** Path of the kubeconfig on the host; the usual one of the node's kind when not given. */
  readonly kubeconfig: string | undefined
  /** The API with an administrator's rights, in place of a kubeconfig: it outlives the run. */
  readonly sponsor?: () => Promise<Cluster>
}

export interface ApplyRequest extends UpgradeRequest {
  /** The argument. */
  readonly version: string | undefined
  /** `undefined`: nobody is to be asked. */
  readonly confirm: (() => Promise<void>) | undefined
  /** Hears of the cluster's configuration where the user wants to see it. */
  readonly printConfig: (config: InitConfig) => void
}

export interface NodeRequest extends UpgradeRequest {
  readonly kubelet: NodeRun['kubelet']
}

export interface Upgraded {
  /** There when the configuration asks for one (`dryRun`). */
  readonly recording: RunRecording | undefined
  /** The version that the control plane has now. */
  readonly version: string
}

/** Upgrades the first control plane, and the cluster's configuration with it. */
export async function startUpgradeApply(real: Host, request: ApplyRequest): Promise<Upgraded> {
  const { file, flags, version, confirm, printConfig } = request
  const { config: upgrade, warnings } = await loadUpgradeConfig({ action: 'apply', file, flags, version, host: real })
  warnings.forEach(request.warn)
  const target = upgrade.kubernetesVersion
  if (target === undefined) {
    throw new KadmError('USAGE', 'missing one or more required arguments. Required arguments: [version]', {
      remedy: [`kadm upgrade apply ${newestKubernetes}`],
    })
  }
  const asks = confirm !== undefined && !upgrade.forceUpgrade && !upgrade.dryRun
  return start<ApplyRun>(real, request, {
    workflow: 'apply',
    phases: applyPhases,
    upgrade,
    target,
    make: async (run) => {
      if (upgrade.printConfig) printConfig(await run.source.config())
      return { ...run, upgrade, confirm: asks ? confirm : async () => {} }
    },
  })
}

/** Upgrades a further control plane or a worker to the version of the cluster. */
export async function startUpgradeNode(real: Host, request: NodeRequest): Promise<Upgraded> {
  const { config: upgrade, warnings } = await loadUpgradeConfig({
    action: 'node',
    file: request.file,
    flags: request.flags,
    version: undefined,
    host: real,
  })
  warnings.forEach(request.warn)
  const { kubelet } = request
  const more = { decisive: kubelet, leftOut: kubelet === undefined ? ['kubelet'] : [] }
  return start<NodeRun>(real, request, {
    workflow: 'node',
    phases: nodePhases,
    upgrade,
    target: undefined,
    ...more,
    make: async (run) => ({ ...run, kubelet }),
  })
}

interface Workflow<Run> {
  readonly workflow: 'apply' | 'node'
  readonly phases: readonly Phase<Run>[]
  readonly upgrade: UpgradeWorkConfig | UpgradeApplyConfig
  readonly target: string | undefined
  /** What else decides what the run does. */
  readonly decisive?: unknown
  /** Phases that a whole run has only when they are asked for. */
  readonly leftOut?: readonly string[]
  readonly make: (run: UpgradeRun) => Promise<Run>
}

async function start<Run extends UpgradeRun>(
  real: Host,
  request: UpgradeRequest,
  { workflow, phases, upgrade, target, decisive, leftOut = [], make }: Workflow<Run>,
): Promise<Upgraded> {
  const { only, signal } = request
  const { uid } = await real.facts()
  const input = uid === 0 && !upgrade.dryRun ? runInput(`upgrade ${workflow}`, only, [only, target, upgrade, decisive]) : undefined
  return withRunSession(real, input, async (session) => {
    const recorder = upgrade.dryRun ? recordingHost(real) : undefined
    const host = recorder ?? session?.host ?? real
    const isControlPlane = workflow === 'apply' || (await real.stat(staticPodPath('kube-apiserver'))) !== undefined
    const tell = tellFirst(request, real)
    const { earlier, backup } = await goOnWith(session ?? nothingBefore, { host: real, now: host.now() })
    const source = openUpgradeSource({
      host,
      upgrade,
      target,
      kubeconfig: request.kubeconfig ?? (isControlPlane ? paths.adminConf : paths.kubeletConf),
      sponsor: request.sponsor,
      signal,
      say: tell('line'),
      warn: tell('warning'),
    })
    try {
      if (isControlPlane)
        await bringBack(earlier, { host, cluster: source.cluster, backup, signal, say: tell('line'), warn: tell('warning') })
      const run = await make({ upgrade, host, start: host.now(), isControlPlane, isResumed: earlier !== undefined, source, backup })
      await runSelected(phases, run, {
        request,
        except: only === undefined ? [...upgrade.skipPhases, ...leftOut] : [],
        session,
        host: real,
      })
      const { cluster } = await source.config()
      const recording =
        recorder === undefined ? undefined : { host: recorder, cluster: source.recorded(), certificatesDir: cluster.certificatesDir }
      return { recording, version: cluster.kubernetesVersion }
    } catch (error) {
      if (session !== undefined) await closeUnlessReplacing({ host, backup }).catch(() => tell('warning')(notClosed(backup)))
      throw error
    } finally {
      await source.close()
    }
  })
}

/** Of a run that changes nothing. */
const nothingBefore = { resumed: undefined, unfinished: undefined, leftByAll: undefined }

function notClosed(backup: string): string {
  return `"${backup}" cannot be written: the next upgrade takes what is in it for what was before`
}
