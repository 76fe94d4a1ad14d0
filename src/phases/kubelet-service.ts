/**
 * The kubelet as a service of the host. As in kubeadm, a service that will not stop or start is a warning: the wait for its health decides.
 */
import { paths } from '../config/paths.ts'
import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'

export async function stopKubelet(host: Host, warn: (line: string) => void): Promise<void> {
  await tolerate(host, warn, 'stop', () => host.services.stop('kubelet'))
}

export async function startKubelet(host: Host, warn: (line: string) => void): Promise<void> {
  await tolerate(host, warn, 'start', () => host.services.restart('kubelet'))
}

/** A kubelet that does not find the folder of static Pods when it starts looks again only up to 20 s later, instead of being told. */
export async function makeManifestsFolder(host: Pick<Host, 'makeDirectory'>): Promise<void> {
  // Apart, for missing parents get the same mode, and others may look into this one.
  await host.makeDirectory(paths.kubernetes, 0o755)
  await host.makeDirectory(paths.manifests, 0o700)
}

async function tolerate(host: Host, warn: (line: string) => void, verb: string, act: () => Promise<void>): Promise<void> {
  if ((await host.services.kind()) === 'none') {
    warn(`no supported init system was found: make sure that the kubelet is running (could not ${verb} it)`)
    return
  }
  try {
    await act()
  } catch (error) {
    warn(`unable to ${verb} the kubelet service: ${messageOf(error)}`)
  }
}
