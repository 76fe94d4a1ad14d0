/** Which versions of its parts a cluster runs, as its objects tell. */
import { KadmError } from '../errors.ts'
import type { Cluster } from './cluster.ts'
import { rawTagOf, tagOf } from './image-tag.ts'
import { kinds } from './kinds.ts'
import { textAt } from './object-fields.ts'

/** Names of nodes by version. */
export type NodesByVersion = ReadonlyMap<string, readonly string[]>

type Reads = Pick<Cluster, 'list'>

/** Of a part of the control plane, by the tags of its Pods' images (`v1.36.3`). Empty: it runs elsewhere. */
export async function componentVersions(cluster: Reads, component: string): Promise<NodesByVersion> {
  const pods = await cluster.list(
    { ...kinds.pod, namespace: 'kube-system' },
    { labelSelector: `component=${component},tier=control-plane` },
  )
  return grouped(pods, (pod) => tagOf(textAt(pod, 'spec.containers.0.image')), 'spec.nodeName')
}

/** Of the API server that answers, with `v`. Throws API_REFUSED, API_UNREACHABLE. */
export async function serverVersion(cluster: Pick<Cluster, 'raw' | 'server'>): Promise<string> {
  const { status, body } = await cluster.raw('/version')
  const version = /"gitVersion":\s*"([^"]+)"/.exec(body)?.[1]
  if (status === 200 && version !== undefined) return version
  throw new KadmError('API_REFUSED', `the API at ${cluster.server} does not tell its version: status ${status}`, {
    remedy: ['kubectl version'],
  })
}

/** As the nodes report them, with `v`. */
export async function kubeletVersions(cluster: Reads): Promise<NodesByVersion> {
  return grouped(await cluster.list(kinds.node), (node) => textAt(node, 'status.nodeInfo.kubeletVersion'), 'metadata.name')
}

/**
 * Of the DNS addon, by its image's tag (`v1.14.2`); `undefined` where there is none. Throws API_REFUSED, also for more than one,
 * API_UNREACHABLE.
 */
export async function coreDnsVersion(cluster: Reads): Promise<string | undefined> {
  const deployments = await cluster.list({ ...kinds.deployment, namespace: 'kube-system' }, { labelSelector: 'k8s-app=kube-dns' })
  if (deployments.length > 1) {
    const names = deployments.map(({ metadata }) => metadata.name).join(', ')
    throw new KadmError('API_REFUSED', `kube-system has more than one Deployment for DNS: ${names}`, {
      remedy: ['delete the one that is not in use, or take the label k8s-app=kube-dns from it'],
    })
  }
  // Not `tagOf`: kubeadm takes this tag as it is.
  return deployments[0] && rawTagOf(textAt(deployments[0], 'spec.template.spec.containers.0.image'))
}

function grouped<T>(objects: readonly T[], versionOf: (object: T) => string, nodePath: string): NodesByVersion {
  const result = new Map<string, readonly string[]>()
  for (const object of objects) {
    const version = versionOf(object)
    result.set(version, [...(result.get(version) ?? []), textAt(object, nodePath)])
  }
  return result
}
