import type { ExternalEtcd } from '../config/model.ts'
import { compareVersions, versionTable } from '../config/versions.ts'
import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { httpGet, type HttpGetOptions } from '../host/http-get.ts'
import { monotonicClock, type Clock } from '../host/wait.ts'
import type { Check } from './check.ts'

/** Every endpoint answers and is new enough. */
export function externalEtcdVersion(
  host: Pick<Host, 'dial' | 'readFile'>,
  etcd: ExternalEtcd,
  { clock = monotonicClock, signal }: { readonly clock?: Clock; readonly signal?: AbortSignal | undefined } = {},
): Check {
  return {
    name: 'ExternalEtcdVersion',
    requires: `an etcd of version ${versionTable.minimumExternalEtcd} or newer behind every external endpoint`,
    run: async () => {
      const files = await Promise.all(
        [etcd.caFile, etcd.certFile, etcd.keyFile].map((path) => (path === '' ? undefined : host.readFile(path))),
      )
      const [ca, cert, key] = files.map((content) => content?.toString('utf8'))
      const options = { ...(ca === undefined ? {} : { ca }), ...(cert === undefined || key === undefined ? {} : { cert, key }) }
      const problems = await Promise.all(
        etcd.httpEndpoints.map((endpoint) => problemOf(host, endpoint, { ...options, ...(signal && { signal }) }, clock)),
      )
      return { warnings: [], errors: problems.filter((problem) => problem !== undefined) }
    },
  }
}

// As kubeadm: three more tries after the first. It waits 5 s before each; a server that has just been restarted is back sooner.
const pauses = [500, 2000, 5000]
const timeout = 10_000

async function problemOf(host: Pick<Host, 'dial'>, endpoint: string, options: HttpGetOptions, clock: Clock): Promise<string | undefined> {
  const url = `${endpoint.replace(/\/+$/, '')}/version`
  for (const pause of [...pauses, undefined]) {
    const answer = await ask(host, url, options)
    if (answer.kind === 'version') return tooOld(endpoint, answer.version)
    if (answer.kind === 'refused' || pause === undefined) return `external etcd ${url} does not tell its version: ${answer.reason}`
    await clock.sleep(pause, options.signal)
  }
  return undefined
}

type Answer = { readonly kind: 'version'; readonly version: string } | { readonly kind: 'refused' | 'failed'; readonly reason: string }

async function ask(host: Pick<Host, 'dial'>, url: string, options: HttpGetOptions): Promise<Answer> {
  try {
    const inTime = AbortSignal.timeout(timeout)
    const signal = options.signal === undefined ? inTime : AbortSignal.any([inTime, options.signal])
    const { status, body } = await httpGet(host, url, { ...options, signal })
    if (status >= 500) return { kind: 'failed', reason: `status ${status}` }
    const version = /"etcdserver"\s*:\s*"([^"]+)"/.exec(body)?.[1]
    return version === undefined ? { kind: 'refused', reason: `status ${status}: ${body.slice(0, 200)}` } : { kind: 'version', version }
  } catch (error) {
    options.signal?.throwIfAborted()
    return { kind: 'failed', reason: messageOf(error) }
  }
}

function tooOld(endpoint: string, version: string): string | undefined {
  const oldest = versionTable.minimumExternalEtcd
  return compareVersions(version, oldest) < 0
    ? `external etcd ${endpoint} has version ${version}: it must be ${oldest} or newer`
    : undefined
}
