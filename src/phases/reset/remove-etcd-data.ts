/** The data of etcd goes from a host, such that no kubelet begins anew on what is left. */
import { KadmError } from '../../errors.ts'
import { emptyDirectory } from '../../host/empty-directory.ts'
import type { Host } from '../../host/host.ts'
import { waitUntil } from '../../host/wait.ts'
import type { PhaseContext } from '../phase.ts'
import { putManifestsAside } from './manifests-aside.ts'
import type { HostBefore } from './reset-run.ts'
import { urlHost } from '../../host/url-host.ts'

/**
 * All that etcd itself puts there; what others have laid beside it (a snapshot, `lost+found` of a disk) is theirs. A kubelet that runs ends
 * etcd first, for its manifest goes aside.
 * @returns mount points, which are left as they are
 * @throws KadmError ETCD_FAILED when the kubelet does not end it
 */
export async function removeEtcdData(
  host: Host,
  { etcd, etcdData }: Pick<HostBefore, 'etcd' | 'etcdData'>,
  context: Pick<PhaseContext, 'waiting' | 'signal'>,
): Promise<readonly string[]> {
  if (etcdData === undefined) return []
  await putManifestsAside(host)
  const url = URL.parse(etcd === undefined || etcd === 'unreadable' ? '' : (etcd.clientUrls[0] ?? ''))
  if (url !== null && (await mayKubeletRun(host))) await etcdToEnd(host, url, context)
  return emptyDirectory(host, etcdData, { only: ['member'] })
}

/** Where no init system can say so it may. */
async function mayKubeletRun({ services }: Pick<Host, 'services'>): Promise<boolean> {
  return (await services.kind()) === 'none' || (await services.isActive('kubelet'))
}

async function etcdToEnd(host: Host, url: URL, { waiting, signal }: Pick<PhaseContext, 'waiting' | 'signal'>): Promise<void> {
  await waitUntil<true>(host, {
    what: `etcd at ${url.host} to end`,
    timeout: longestEnd,
    signal,
    onWaiting: waiting,
    look: async (limit) =>
      (await answers(host, url, limit)) ? { kind: 'not-yet', seen: 'it still answers' } : { kind: 'done', value: true },
    timedOut: () =>
      new KadmError('ETCD_FAILED', `etcd at ${url.host} still runs: its data is not taken from under it`, {
        remedy: ['kadm reset   # as a whole stops it itself', 'crictl ps --name etcd'],
      }),
  })
}

/** Milliseconds. A kubelet that is not told of a change looks for it each 20 s. */
const longestEnd = 45_000

async function answers(host: Pick<Host, 'dial'>, url: URL, signal: AbortSignal): Promise<boolean> {
  const address = { kind: 'tcp', host: urlHost(url), port: Number(url.port) } as const
  try {
    const stream = await host.dial(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(longestDial)]) })
    stream.destroy()
    return true
  } catch {
    signal.throwIfAborted()
    return false
  }
}

/** Milliseconds: it is an address of this host. */
const longestDial = 2000
