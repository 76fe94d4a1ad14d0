/** The certificates that an upgrade renews on its way: those of the components that it replaces, and the administrator's. */
import type { InitConfig } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'
import type { StaticPodComponent } from '../../manifests/write-static-pod.ts'
import { isOnEveryControlPlane, managedCertificatesOf } from '../../pki/managed-certificates.ts'
import { renewCertificates } from '../../pki/renew.ts'
import type { PhaseContext } from '../phase.ts'

export interface RenewForUpgradeOptions {
  readonly config: InitConfig
  readonly host: Host
  readonly start: Date
}

const certificatesOf: Readonly<Record<StaticPodComponent, readonly string[]>> = {
  etcd: ['etcd-server', 'etcd-peer', 'etcd-healthcheck-client'],
  'kube-apiserver': ['apiserver', 'apiserver-kubelet-client', 'front-proxy-client', 'apiserver-etcd-client'],
  'kube-controller-manager': ['controller-manager.conf'],
  'kube-scheduler': ['scheduler.conf'],
}

/**
 * Those of `changed`, and etcd's too when the API server changes, as kubeadm does; etcd takes new ones without a restart. One whose CA is
 * kept elsewhere is told of.
 * Throws CERTIFICATE_INVALID, KUBECONFIG_INVALID before any is renewed.
 */
export async function renewForUpgrade(
  changed: readonly { readonly component: StaticPodComponent }[],
  { config, host, start }: RenewForUpgradeOptions,
  { say, warn, signal }: PhaseContext,
): Promise<void> {
  const components = new Set(changed.map(({ component }) => component))
  if (components.has('kube-apiserver')) components.add('etcd')
  const names = new Set([...[...components].flatMap((component) => certificatesOf[component]), 'admin.conf', 'super-admin.conf'])
  await renewCertificates(
    managedCertificatesOf(config.cluster).filter(({ name }) => names.has(name)),
    {
      config,
      host,
      start,
      warn,
      signal,
      onOutcome: ({ kind, managed }) => {
        if (kind === 'renewed') say(`[upgrade/staticpods] Renewing ${managed.name} certificate`)
        if (kind === 'external') say(`[upgrade/staticpods] External CA detected, ${managed.name} certificate can't be renewed`)
        if (kind === 'missing' && isOnEveryControlPlane(managed.name))
          warn(`certificate ${managed.name} is not there, and so is not renewed`)
      },
    },
  )
}
