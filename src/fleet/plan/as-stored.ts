/** What a host that joins will meet: a cluster file need not say again what the cluster was made with. Pure. */
import type { ClusterFile } from '../../config/cluster-file.ts'
import { clusterConfigurationDocument } from '../../config/v1beta4.ts'
import type { StoredConfiguration } from '../look/stored-cluster.ts'
import type { Action } from './decide.ts'

/** The file with the configuration that the cluster keeps in place of its own, unless these actions make the cluster (or go on with it). */
export function asStored(file: ClusterFile, stored: StoredConfiguration | undefined, actions: readonly Action[]): ClusterFile {
  if (stored === undefined || actions.some(({ kind }) => kind === 'init')) return file
  const { controlPlaneEndpoint: _, kubeadm, ...rest } = file
  return {
    ...rest,
    kubeadm: {
      ...kubeadm,
      clusterConfiguration: clusterConfigurationDocument(stored.cluster),
      ...(stored.kubelet !== undefined && { kubeletConfiguration: stored.kubelet }),
    },
  }
}
