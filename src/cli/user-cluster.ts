/** The cluster of the user's kubeconfig, for commands that act on a cluster and on no host; with `--dry-run` a recording of it. */
import type { Cluster } from '../cluster/cluster.ts'
import { recordingCluster } from '../cluster/recording-cluster.ts'
import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { connectWithKubeconfig, usualKubeconfig } from '../pki/kubeconfig/kubeconfig-cluster.ts'
import { onChosenHost } from './chosen-host.ts'
import type { CommandInput, Streams } from './command.ts'
import { planText } from './text/print-plan.ts'

export interface UserCluster {
  readonly host: Host
  /** Path of the file. */
  readonly kubeconfig: string
  /** Reads the file; what is sent is sent after that. */
  readonly connect: () => Promise<Cluster>
  /** Nothing is really changed. */
  readonly recorded: boolean
}

/** Runs `work` and prints the text that it resolves with, after the plan where there is one; closes what was opened. */
export async function withUserCluster(input: CommandInput, work: (cluster: UserCluster) => Promise<string>): Promise<void> {
  const { flags, io, signal } = input
  const recorded = flags.isOn('dry-run')
  await onChosenHost(input, async (host) => {
    let cluster: Cluster | undefined
    let plan = (): string => ''
    try {
      const kubeconfig = (flags.given.has('kubeconfig') && flags.text('kubeconfig')) || (await usualKubeconfig(host))
      const connect = async (): Promise<Cluster> => {
        const real = await connectWithKubeconfig(host, kubeconfig, { signal })
        cluster = real
        if (!recorded) return real
        const recording = recordingCluster(await answering(real, io), { server: real.server, canned: () => undefined })
        plan = () => planText([], recording.plan())
        return recording
      }
      const text = await work({ host, kubeconfig, connect, recorded })
      io.stdout.write(`${plan()}${text}`)
    } finally {
      await cluster?.close()
    }
  })
}

/** A plan can be made without the cluster too, as in kubeadm; it is said that nothing was compared. */
async function answering(cluster: Cluster, io: Streams): Promise<Cluster | undefined> {
  try {
    await cluster.raw('/version')
    return cluster
  } catch (error) {
    io.stderr.write(`WARNING: ${messageOf(error)}: what is there already is not looked at\n`)
    return undefined
  }
}
