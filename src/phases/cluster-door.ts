import type { Cluster } from '../cluster/cluster.ts'
import { recordingCluster, type RecordingCluster } from '../cluster/recording-cluster.ts'
import type { Host } from '../host/host.ts'
import { connectWithKubeconfig } from '../pki/kubeconfig/kubeconfig-cluster.ts'

export interface ClusterDoor {
  /** Throws as `connectWithKubeconfig`. */
  readonly open: () => Promise<Cluster>
  /** The calls that would have changed something, on a host that only records. */
  readonly recorded: () => RecordingCluster
}

/** The API as who a kubeconfig on the host names. Where the host only records, what is asked of the API is only recorded too. */
export function clusterDoor(host: Host, kubeconfig: string, signal: AbortSignal): ClusterDoor {
  let recorded: RecordingCluster | undefined
  return {
    open: async () => {
      const cluster = await connectWithKubeconfig(host, kubeconfig, { signal })
      if (host.recording === undefined) return cluster
      recorded = recordingCluster(cluster)
      return recorded
    },
    recorded: () => recorded ?? recordingCluster(undefined),
  }
}
