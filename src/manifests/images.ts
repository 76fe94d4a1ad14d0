import type { ClusterConfiguration } from '../config/model.ts'
import { etcdTag, versionTable } from '../config/versions.ts'

/** Where Kubernetes publishes its images: kubeadm's default repository. */
export const defaultImageRepository = 'registry.k8s.io'

export type KubernetesComponent = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kube-proxy'

/** Every image that a control-plane node of this configuration runs, in kubeadm's order. */
export function controlPlaneImages(cluster: ClusterConfiguration): string[] {
  return [
    kubernetesImage('kube-apiserver', cluster),
    kubernetesImage('kube-controller-manager', cluster),
    kubernetesImage('kube-scheduler', cluster),
    ...(cluster.proxy.disabled ? [] : [kubernetesImage('kube-proxy', cluster)]),
    ...(cluster.dns.disabled ? [] : [coreDnsImage(cluster)]),
    pauseImage(cluster),
    ...(cluster.etcd.kind === 'local' ? [etcdImage(cluster)] : []),
  ]
}

/** The image of a component that has the version of the cluster. A CI build has a repository of its own for these, and for no others. */
export function kubernetesImage(component: KubernetesComponent, cluster: ClusterConfiguration): string {
  const ci = cluster.ciVersion && cluster.imageRepository === defaultImageRepository
  return image(ci ? versionTable.ciImageRepository : cluster.imageRepository, component, imageTag(cluster.kubernetesVersion))
}

/** The user's own repository holds it without the `coredns/` folder that it has in the official one. */
export function coreDnsImage({ dns, imageRepository }: ClusterConfiguration): string {
  const repository = dns.imageRepository || imageRepository
  const folder = repository === defaultImageRepository ? `${repository}/coredns` : repository
  return image(folder, 'coredns', dns.imageTag || versionTable.coredns)
}

/** The sandbox image. A runtime is told its own in its own configuration, so this is only pulled and compared. */
export function pauseImage({ imageRepository }: ClusterConfiguration): string {
  return image(imageRepository, 'pause', versionTable.pause)
}

/** The image of local etcd; the default tag follows the version of the cluster. */
export function etcdImage({ etcd, imageRepository, kubernetesVersion }: ClusterConfiguration): string {
  const own = etcd.kind === 'local' ? etcd : undefined
  return image(own?.imageRepository || imageRepository, 'etcd', own?.imageTag || etcdTag(kubernetesVersion))
}

function image(repository: string, name: string, tag: string): string {
  return `${repository}/${name}:${tag}`
}

// A tag has a narrower alphabet than a version (`+` of build metadata).
function imageTag(version: string): string {
  return version.replaceAll(/[^-\w.]/g, '_')
}
