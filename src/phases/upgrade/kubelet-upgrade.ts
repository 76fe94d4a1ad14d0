/**
 * `kadm upgrade node --kubelet`: the node without its Pods, the other kubelet in the place of the old one, and the Pods back; or the old
 * kubelet back when the new one does not come up. What is there decides what is still to do, so a run that was cut off is finished by the
 * next.
 */
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts'
import { drainNode, uncordonNode } from '../../cluster/drain.ts'
import { tagOf } from '../../cluster/image-tag.ts'
import { kinds } from '../../cluster/kinds.ts'
import { conditionAt, textAt } from '../../cluster/object-fields.ts'
import { serverVersion } from '../../cluster/running-versions.ts'
import { retryUntil, waitForObject } from '../../cluster/wait.ts'
import type { InitConfig } from '../../config/model.ts'
import { parseVersion, versionTable } from '../../config/versions.ts'
import { KadmError, messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { dropRemovedFlags, nodeKubeletConfiguration } from '../../manifests/kubelet-files.ts'
import { findStaticPod, imageOf } from '../../manifests/static-pod-file.ts'
import type { PhaseContext } from '../phase.ts'
import { readableLog } from '../components/readable-log.ts'
import { waitForKubelet } from '../components/wait-for-component.ts'
import { settledStaticPods } from './settled-static-pods.ts'
import {
  installedProgram,
  keptFile,
  putBack,
  replaceProgram,
  targetProgram,
  type KubeletProgram,
  type KubeletTarget,
} from './kubelet-program.ts'

export interface KubeletUpgrade {
  readonly host: Host
  /** As its administrator or as the kubelet of this node. */
  readonly cluster: Cluster
  readonly config: InitConfig
  readonly target: KubeletTarget
  /** Milliseconds that the Pods have to leave. */
  readonly drainTimeout: number
}

/**
 * @throws KadmError VERSION_SKEW, DRAIN_BLOCKED (the node stays cordoned), KUBELET_NOT_UPGRADED (all is as before), or what the host and
 * the API refuse (a program that cannot be put in its place: the old one runs on, with its Pods)
 */
export async function upgradeKubelet(upgrade: KubeletUpgrade, context: PhaseContext): Promise<void> {
  const { host, cluster, config, drainTimeout } = upgrade
  const { say, signal, waiting, warn } = context
  const { name } = config.init.nodeRegistration
  const installed = await installedProgram(host)
  const target = await targetProgram(host, upgrade.target, installed)
  const node = await cluster.get({ ...kinds.node, name })
  const running = versionOn(node)
  if (isReadyAt(node, target.version) && installed.version === target.version) {
    // A run that was cut off may have ended here.
    await settledStaticPods(upgrade, context)
    await uncordon(upgrade, signal)
    return say(`[upgrade/kubelet] The kubelet is at ${target.version} already`)
  }
  requireSkew(target.version, await versionBeside(upgrade))
  say(`[upgrade/kubelet] Draining node "${name}"`)
  waiting(`the Pods of node "${name}" to leave it`)
  await drainNode(cluster, name, { timeout: drainTimeout, signal, say: (line) => say(`[upgrade/kubelet] ${line}`) })
  await dropRemovedFlags({ host, say })
  if (installed.version !== target.version) {
    say(
      `[upgrade/kubelet] Replacing "${installed.file}" (${installed.version}, kept as "${keptFile(installed, installed.version)}") by ${target.version}`,
    )
    await replaceProgram(host, installed, target).catch(async (error: unknown) => {
      // The old one runs on.
      await uncordon(upgrade, signal).catch((again: unknown) => warn(`the node is cordoned: ${messageOf(again)}`))
      throw error
    })
  }
  try {
    await restart(upgrade, target.version, context)
  } catch (error) {
    signal.throwIfAborted()
    throw await bringBack(
      upgrade,
      { installed, old: installed.version === target.version ? running : installed.version, target, error },
      context,
    )
  }
  await uncordon(upgrade, signal)
  say(`[upgrade/kubelet] The kubelet of node "${name}" is at ${target.version}`)
}

/** Resolves when the API says that the node is Ready at this version, and a control plane is there again. */
async function restart({ host, cluster, config }: KubeletUpgrade, version: string, context: PhaseContext): Promise<void> {
  const { name } = config.init.nodeRegistration
  const timeout = config.init.timeouts.kubeletHealthCheck
  await host.services.restart('kubelet')
  // Patches may have moved the health port.
  const kubelet = { document: await nodeKubeletConfiguration(host), userSupplied: true }
  await waitForKubelet({ kubelet, host, timeout }, context)
  const describe = `node "${name}" to be Ready at ${version}`
  if (host.recording !== undefined) return host.recording.wouldWaitFor(describe)
  context.waiting(describe)
  await waitForObject(cluster, { ...kinds.node, name }, (node) => isReadyAt(node, version), { timeout, signal: context.signal, describe })
  await settledStaticPods({ host, cluster, config }, context)
}

/** The API server of this node may be only a moment old. */
async function uncordon({ cluster, config }: KubeletUpgrade, signal: AbortSignal): Promise<void> {
  const { timeouts, nodeRegistration } = config.init
  await retryUntil(() => uncordonNode(cluster, nodeRegistration.name), {
    timeout: timeouts.kubernetesAPICall,
    signal,
    describe: `node "${nodeRegistration.name}" to take Pods again`,
  })
}

interface Failure {
  readonly installed: KubeletProgram
  /** The version that was there before. */
  readonly old: string
  readonly target: KubeletProgram
  readonly error: unknown
}

/** @returns the error to throw: it says what the state is now */
async function bringBack(upgrade: KubeletUpgrade, { installed, old, target, error }: Failure, context: PhaseContext): Promise<KadmError> {
  const { host } = upgrade
  const details = await detailsOf(error, host)
  const failed = (state: string, more: readonly string[] = []): KadmError =>
    new KadmError('KUBELET_NOT_UPGRADED', `the kubelet of ${target.version} did not come up: ${state}`, {
      details: [...more, ...details],
      remedy: ['journalctl -xeu kubelet', 'mend what its log tells, then run the command again'],
      cause: error,
    })
  if (old === target.version || (await host.stat(keptFile(installed, old))) === undefined)
    return failed(`and the one before it (${old}) is not kept on this host; the node is cordoned`)
  context.warn(`the kubelet of ${target.version} does not come up: putting ${old} back`)
  await putBack(host, installed, old)
  try {
    await restart(upgrade, old, context)
    await uncordon(upgrade, context.signal)
  } catch (again) {
    return failed(`nor did ${old}, which is back in its place; the node is cordoned`, [messageOf(again)])
  }
  return failed(`${old} is back and Ready`)
}

/** A kubelet that is not healthy comes with its log; one that is, and whose node is not Ready, does not. */
async function detailsOf(error: unknown, host: Host): Promise<readonly string[]> {
  if (error instanceof KadmError && error.details.length > 0) return [error.message, ...error.details]
  const log = readableLog(await host.services.recentLog('kubelet', 100))
  return [messageOf(error), 'the end of the log of the new kubelet:', ...log.map((line) => `  ${line}`)]
}

/** Of a control plane its own API server's, which it asks as soon as that is up: a balancer leads to one of any version. */
async function versionBeside({ host, cluster }: KubeletUpgrade): Promise<string> {
  const own = await findStaticPod(host, 'kube-apiserver')
  const tag = own === undefined ? '' : tagOf(imageOf(own, 'kube-apiserver'))
  return parseVersion(tag) === undefined ? serverVersion(cluster) : tag
}

function requireSkew(kubelet: string, server: string): void {
  const [own, api] = [parseVersion(kubelet)?.minor ?? 0, parseVersion(server)?.minor ?? 0]
  if (own <= api && own >= api - versionTable.kubeletSkew) return
  const why = own > api ? 'newer than the API server' : `more than ${versionTable.kubeletSkew} minor versions older than the API server`
  throw new KadmError('VERSION_SKEW', `a kubelet of ${kubelet} is ${why} (${server})`, {
    remedy:
      own > api
        ? ['kadm upgrade apply   # on a control plane, first; then kadm upgrade node on each other node']
        : ['name a newer kubelet'],
  })
}

function isReadyAt(node: KubernetesObject | undefined, version: string): boolean {
  return versionOn(node) === version && conditionAt(node, 'Ready') === 'True'
}

function versionOn(node: KubernetesObject | undefined): string {
  return textAt(node, 'status.nodeInfo.kubeletVersion')
}
