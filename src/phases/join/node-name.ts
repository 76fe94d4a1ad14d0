import type { JoinConfig } from '../../config/model.ts'
import { lastArgument } from '../../manifests/static-pods/arguments.ts'

/** The name that the kubelet registers: the user's own flag for it goes before the configuration. */
export function nodeNameOf({ nodeRegistration }: Pick<JoinConfig, 'nodeRegistration'>): string {
  return lastArgument(nodeRegistration.kubeletExtraArgs, 'hostname-override') ?? nodeRegistration.name
}
