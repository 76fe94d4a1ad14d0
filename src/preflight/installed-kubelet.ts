/** Which kubelet is on the host. */
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'

export type InstalledKubelet = () => Promise<string>

/**
 * The version that `kubelet --version` prints, without `v`: `1.37.2`. The program is run once, however many checks ask.
 *
 * @throws KadmError COMMAND_MISSING, COMMAND_FAILED
 */
export function installedKubelet(host: Pick<Host, 'query'>): InstalledKubelet {
  let asked: Promise<string> | undefined
  return () => (asked ??= askKubelet(host))
}

async function askKubelet(host: Pick<Host, 'query'>): Promise<string> {
  const { exitCode, stdout, stderr } = await host.query(['kubelet', '--version'])
  if (exitCode !== 0) throw unusable(`"kubelet --version" exited with ${exitCode}: ${stderr.trim()}`)
  const version = /^\s*Kubernetes v((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:[-\w.+]*)?)\s*$/.exec(stdout)?.[1]
  if (version === undefined) throw unusable(`"kubelet --version" printed "${stdout.trim()}", which is no version`)
  return version
}

function unusable(message: string): KadmError {
  return new KadmError('COMMAND_FAILED', message, { remedy: ['kubelet --version'] })
}
