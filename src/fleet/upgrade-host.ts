/** One host brought to another version of Kubernetes: its control plane, then its kubelet without its Pods. */
import { part, textsAt } from '../config/document-fields.ts'
import { paths } from '../config/paths.ts'
import { KadmError } from '../errors.ts'
import { pauseFor } from '../host/wait.ts'
import { startApply, startNode } from '../phases/upgrade/start-upgrade.ts'
import { withFile } from './file-on-host.ts'
import type { FleetHost, FleetRun } from './fleet-run.ts'
import type { RunRequest } from '../phases/run-request.ts'

/** What all workflows of one host are asked with. */
export type WorkflowRequest = RunRequest & { readonly onStart: (phases: readonly string[]) => void }

/** Milliseconds that the Pods of a node have to leave it. */
const drainTimeout = 300_000

/** Throws as the upgrades of one host. */
export async function upgradeHost(
  { file, first }: Pick<FleetRun, 'file' | 'first'>,
  on: FleetHost,
  request: WorkflowRequest,
): Promise<void> {
  const { initConfiguration, joinConfiguration } = file.kubeadm
  const ignore = [initConfiguration, joinConfiguration].flatMap((document) =>
    textsAt(part(document, 'nodeRegistration'), 'ignorePreflightErrors'),
  )
  const asked = { ...request, flags: ignore.length === 0 ? {} : { 'ignore-preflight-errors': ignore } }
  const version = file.kubernetesVersion
  if (on.name === first.name) {
    await startApply(on.host, { ...asked, kubeconfig: paths.adminConf, version, confirm: undefined, printConfig: () => {} })
  }
  const kubelet = on.state.hasWantedKubelet ? { target: { file: undefined, version }, drainTimeout } : undefined
  if (on.name === first.name && kubelet === undefined) return
  // A kubelet may not drain its own node: the administrator does, whose credentials are not written to the host.
  const kubeconfig = `${paths.adminConf} (${first.name})`
  const host = withFile(on.host, { path: kubeconfig, text: (await first.host.readText(paths.adminConf)) ?? '' })
  // Of the first control plane all but the kubelet is done.
  const only = on.name === first.name ? ['kubelet'] : undefined
  await startNode(host, { ...asked, only, kubeconfig, kubelet })
}

/** Between two waves: the time to look, then the user's own word. Throws COMMAND_FAILED when the probe says no. */
export async function afterWave(
  { file, folder, operator }: Pick<FleetRun, 'file' | 'folder' | 'operator'>,
  { soaks, signal }: { readonly soaks: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { soak, probe } = file.upgrade
  if (soaks) await pauseFor(soak, signal)
  if (probe === undefined) return
  const argv = ['sh', '-c', 'cd "$1" && exec sh -c "$2"', 'sh', folder, probe] as const
  const { exitCode, stdout, stderr } = await operator.query(argv, { timeout: 300_000, signal })
  if (exitCode === 0) return
  throw new KadmError('COMMAND_FAILED', `the upgrade stops here: the probe "${probe}" exited with ${exitCode}`, {
    details: `${stdout}\n${stderr}`.trim().split('\n').slice(-10),
    remedy: ['run the same command again when the cause is mended: it goes on with what is left'],
  })
}
