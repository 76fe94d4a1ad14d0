/** The one feature gate of kubeadm: a control plane whose components are not root. kadm has no part of it. */
import { KadmError } from '../errors.ts'
import type { ClusterConfiguration } from './model.ts'

/**
 * Refuses a control plane that should run without root: who asked for it must not get one that is root in silence.
 * @throws KadmError CONFIG_INVALID
 */
export function refuseRootless({ featureGates }: Pick<ClusterConfiguration, 'featureGates'>): void {
  if (featureGates['RootlessControlPlane'] !== true) return
  throw new KadmError(
    'CONFIG_INVALID',
    'featureGates: "RootlessControlPlane: true" is not supported: the components of the control plane that kadm makes run as root',
    {
      remedy: ['set "RootlessControlPlane: false" or leave it out', 'make this control plane with kubeadm, whose gate is alpha'],
    },
  )
}
