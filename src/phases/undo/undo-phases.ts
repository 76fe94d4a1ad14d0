/**
 * What `kadm undo` does, in the safe order: Pods go elsewhere while they can, etcd is left while it runs, files go when nobody uses them,
 * and the Node goes when no kubelet brings it back. Each looks first: a run that was killed is run again.
 */
import { drainNode } from '../../cluster/drain.ts'
import { kinds } from '../../cluster/kinds.ts'
import { restoreMarks } from '../../cluster/restore-marks.ts'
import { findKubeProxyRules } from '../../host/kube-proxy-rules.ts'
import type { Phase, PhaseContext } from '../phase.ts'
import { findLeftovers } from '../reset/find-leftovers.ts'
import { leaveEtcdOfHost } from '../reset/leave-etcd-of-host.ts'
import { removeEtcdData } from '../reset/remove-etcd-data.ts'
import { removePodsOrWarn } from '../reset/remove-pods-or-warn.ts'
import { unmountKubelet } from '../reset/unmount-kubelet.ts'
import { emptyKubeletFolders } from './empty-kubelet-folders.ts'
import { putFilesBack, removeMadeDirectories } from './put-back.ts'
import { putProgramsBack } from './put-programs-back.ts'
import type { UndoRun } from './undo-run.ts'
import type { UndoStep } from './undo-steps.ts'
import { drainPhase, firstOfLeaving } from './undo-target.ts'
import { whereItLies } from './where-it-lies.ts'

export const undoPhases: readonly Phase<UndoRun>[] = [
  { name: drainPhase, summary: 'Let the Pods of the node go elsewhere', needs: [], skip: unlessNodeGoes, run: drain },
  {
    name: firstOfLeaving,
    summary: 'Take this host out of etcd',
    skip: unlessLeaving,
    run: async ({ leaving }, context) => {
      if (leaving !== undefined) await leaveEtcdOfHost(leaving.reset, context)
    },
  },
  {
    name: 'stop',
    summary: 'Stop what was started',
    run: async ({ host, target }, { say }) => {
      for (const service of target.services.keys()) {
        say(`Stopping the service "${service}"`)
        await host.services.stop(service)
      }
    },
  },
  {
    name: 'containers',
    summary: 'Remove all Pods',
    skip: unlessLeaving,
    run: async ({ leaving }, context) => {
      if (leaving !== undefined) await removePodsOrWarn(leaving.reset, context)
    },
  },
  {
    name: 'rules',
    summary: 'Remove the network rules of kube-proxy',
    // It would write them anew.
    needs: ['containers'],
    skip: unlessLeaving,
    run: async ({ host }, { say }) => {
      for (const { what, remove } of await findKubeProxyRules(host)) {
        say(`Removing ${what}`)
        await remove()
      }
    },
  },
  {
    name: 'mounts',
    summary: 'Unmount what the kubelet has mounted',
    skip: unlessLeaving,
    run: async ({ leaving }, context) => {
      if (leaving !== undefined) await unmountKubelet(leaving.reset, context)
    },
  },
  { name: 'etcd-data', summary: 'Remove the data of etcd', skip: unlessLeaving, run: etcdData },
  {
    name: 'files',
    summary: 'Put files back, remove those that were made',
    run: async ({ host, steps }, { warn }) => {
      const lying = await whereItLies(host, steps)
      await putFilesBack(host, lying)
      for (const step of lying) if (step.act === 'leave') warn(leftText(step))
    },
  },
  {
    name: 'programs',
    summary: 'Put the former kubelet back',
    run: async ({ host, target }, { say, warn }) => putProgramsBack(host, target.programs, { say, warn }),
  },
  {
    name: 'kubelet-folders',
    summary: 'Remove what the kubelet has written by itself',
    skip: unlessLeaving,
    run: async ({ host, target, steps }, { warn }) => emptyKubeletFolders(host, { found: target.found, steps, warn }),
  },
  {
    name: 'directories',
    summary: 'Remove directories that were made',
    run: async ({ host, steps }, { warn }) => {
      for (const path of await removeMadeDirectories(host, steps))
        warn(`"${path}" is left: there is something in it that kadm did not make`)
    },
  },
  {
    name: 'services',
    summary: 'Let services run as before',
    run: async ({ host, target }, { say }) => {
      for (const [service, wasActive] of target.services) {
        if (!wasActive) continue
        say(`Starting the service "${service}", as it was before`)
        await host.services.restart(service)
      }
    },
  },
  { name: 'node', summary: 'Take back what was added in the cluster', run: node },
  { name: 'left', summary: 'Name what others have made', skip: unlessLeaving, run: nameLeft },
]

/** Networks and kubeconfigs of users, as after a reset; the Node where the cluster could not be asked. */
async function nameLeft({ leaving, cluster }: UndoRun, { warn }: { readonly warn: (line: string) => void }): Promise<void> {
  if (leaving === undefined) return
  const { config, host, before } = leaving.reset
  const left = await findLeftovers({ config, host, before: { ...before, nodeName: cluster === undefined ? leaving.node : undefined } })
  for (const { kind, what, remove } of left) {
    const command = kind === 'network' ? 'kadm reset --force --cleanup=network' : `rm "${what}"`
    warn(`left: ${what}${remove === undefined ? '' : ` (${command} removes it)`}`)
  }
}

function leftText({ path, why, before }: UndoStep): string {
  const copy = before !== 'absent' && before.backup !== undefined ? ` (as it was before: "${before.backup}")` : ''
  return `"${path}" is left as it is: ${why}${copy}`
}

async function drain(
  { cluster, leaving }: UndoRun,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const name = leaving?.node
  if (cluster === undefined || name === undefined || (await cluster.get({ ...kinds.node, name })) === undefined) return
  await drainNode(cluster, name, { timeout: 300_000, signal, say })
}

async function etcdData({ host, leaving, target }: UndoRun, context: PhaseContext): Promise<void> {
  const folder = leaving?.reset.before.etcdData
  if (leaving === undefined || folder === undefined) return
  if (target.found[folder]?.includes('member') === true) return context.warn(`"${folder}/member" is left: it was there before the run`)
  const kept = await removeEtcdData(host, leaving.reset.before, context)
  kept.forEach((point) => context.warn(`"${point}" is a mount point: it is left as it is`))
}

async function node(
  { cluster, leaving, ownNode, target }: UndoRun,
  { say, warn }: { readonly say: (line: string) => void; readonly warn: (line: string) => void },
): Promise<void> {
  if (leaving?.node !== undefined && cluster !== undefined) {
    say(`Deleting the Node "${leaving.node}"`)
    await cluster.delete({ ...kinds.node, name: leaving.node })
    return
  }
  for (const mark of target.marks.toReversed()) {
    if (cluster === undefined) warn(`labels and taints of the Node "${mark.node}" are left: the cluster cannot be asked from here`)
    else if (mark.node !== ownNode) warn(`labels and taints of the Node "${mark.node}" are left: it is not the Node of this host`)
    else for (const line of await restoreMarks(cluster, mark)) warn(line)
  }
}

function unlessLeaving({ leaving }: UndoRun): string | false {
  return leaving === undefined ? 'the host stays in its cluster' : false
}

function unlessNodeGoes({ leaving, cluster }: UndoRun): string | false {
  if (leaving === undefined) return 'the host stays in its cluster'
  return cluster === undefined ? 'no other host of the cluster can be asked' : false
}
