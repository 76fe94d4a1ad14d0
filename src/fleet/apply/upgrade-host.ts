/** One host brought to another version of Kubernetes: its control plane, then its kubelet without its Pods. */
import type { Cluster } from '../../cluster/cluster.ts'
import { part, textAt, textsAt } from '../../config/document-fields.ts'
import type { GivenFlags } from '../../config/flags.ts'
import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { readJournal } from '../../host/journal/journal-file.ts'
import { runsOf } from '../../host/journal/journal-runs.ts'
import { pauseFor } from '../../host/wait.ts'
import { startUpgradeApply, startUpgradeNode } from '../../phases/upgrade/start-upgrade.ts'
import { connectOwnCluster } from '../../pki/own-cluster.ts'
import type { RunRequest } from '../../phases/run-request.ts'
import type { FleetHost, FleetRun } from '../fleet-run.ts'
import { hasCutOffUpgrade } from '../look/host-state.ts'
import { firstAuthority } from './cluster-access.ts'

/** Milliseconds that the Pods of a node have to leave it. */
const drainTimeout = 300_000

/** Throws as the upgrades of one host. */
export async function upgradeHost(
  { file, first, access }: Pick<FleetRun, 'file' | 'first' | 'access'>,
  on: FleetHost,
  request: RunRequest,
): Promise<void> {
  const asked = { ...request, flags: await upgradeFlags({ file, first }, on) }
  const version = file.kubernetesVersion
  if (on.name === first.name) {
    await startUpgradeApply(on.host, { ...asked, kubeconfig: paths.adminConf, version, confirm: undefined, printConfig: () => {} })
  }
  const kubelet = on.state.hasWantedKubelet ? { target: { file: undefined, version }, drainTimeout } : undefined
  if (on.name === first.name && kubelet === undefined) return
  // Of the first control plane all but the kubelet is done.
  const only = on.name === first.name ? ['kubelet'] : undefined
  const mayHaveStopped = access.wasStopped && on.state.node === 'control-plane' && hasCutOffUpgrade(on.state)
  const api = mayHaveStopped ? apiBeside(on.host, first.host, request.signal) : { cluster: access.reach }
  try {
    // A kubelet may not drain its own node: the administrator does, whose admin.conf may lead nowhere from here.
    await startUpgradeNode(on.host, { ...asked, only, kubeconfig: undefined, sponsor: api.cluster, kubelet })
  } finally {
    await api.close?.()
  }
}

interface UpgradeApi {
  readonly cluster: () => Promise<Cluster>
  readonly close?: () => Promise<void>
}

/** Of a control plane whose upgrade may have stopped the API: its own, of which nothing is asked before it has been brought back. */
function apiBeside(host: Host, first: Host, signal: AbortSignal): UpgradeApi {
  let opened: Promise<Cluster> | undefined
  return {
    cluster: () => (opened ??= firstAuthority([first]).then((vouching) => connectOwnCluster(host, signal, vouching))),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  }
}

/** A cluster file has no UpgradeConfiguration: what init and join were told that is for upgrades too. Throws JOURNAL_BROKEN. */
export async function upgradeFlags(
  { file, first }: { readonly file: FleetRun['file']; readonly first: Pick<FleetHost, 'name'> },
  { name, host }: Pick<FleetHost, 'name' | 'host'>,
): Promise<GivenFlags> {
  const { initConfiguration, joinConfiguration } = file.kubeadm
  const ignore = [initConfiguration, joinConfiguration].flatMap((document) =>
    textsAt(part(document, 'nodeRegistration'), 'ignorePreflightErrors'),
  )
  // Who is the first now may have come by a join. What kubeadm has made has no journal.
  const entry = runsOf(await readJournal(host)).findLast(({ command, isUndone }) => !isUndone && ['init', 'join'].includes(command))
  const came = entry?.command ?? (name === first.name ? 'init' : 'join')
  const patches = textAt(part(came === 'init' ? initConfiguration : joinConfiguration, 'patches'), 'directory')
  return {
    ...(ignore.length > 0 && { 'ignore-preflight-errors': ignore }),
    ...(patches !== '' && { patches }),
  }
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
