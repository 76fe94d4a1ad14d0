/** Waits until something answers over HTTP: health endpoints of the kubelet, the control plane and etcd. */
import { KadmError } from '../errors.ts'
import type { Host } from './host.ts'
import { httpGet, type HttpGetOptions, type HttpResponse } from './http-get.ts'
import { waitUntil, type WaitOptions } from './wait.ts'

export interface WaitForHttpOptions
  extends Omit<HttpGetOptions, 'signal'>, Pick<WaitOptions<HttpResponse>, 'timeout' | 'interval' | 'signal' | 'onWaiting' | 'clock'> {
  readonly url: string
  /** Default: a GET of the URL. */
  readonly ask?: (signal: AbortSignal) => Promise<HttpResponse>
  /** Default: the status is 200. */
  readonly until?: (response: HttpResponse) => boolean
  /** The error after the time is up, given what was last seen. Default: COMPONENT_NOT_HEALTHY. */
  readonly timedOut?: WaitOptions<HttpResponse>['timedOut']
}

/** The first answer that is good; `undefined` on a recording host. Throws as `waitUntil` does. */
export function waitForHttp(host: Pick<Host, 'dial' | 'recording'>, options: WaitForHttpOptions): Promise<HttpResponse | undefined> {
  const {
    url,
    until = ({ status }) => status === 200,
    timeout,
    timedOut = (last: string) => notHealthy(url, timeout, last),
    ask = (signal: AbortSignal) => httpGet(host, url, { ...rest, signal }),
    ...rest
  } = options
  return waitUntil(host, {
    ...rest,
    what: url,
    timeout,
    timedOut,
    look: async (signal) => {
      const response = await ask(signal)
      return until(response) ? { kind: 'done', value: response } : { kind: 'not-yet', seen: shortened(response) }
    },
  })
}

function notHealthy(url: string, timeout: number, last: string): KadmError {
  return new KadmError('COMPONENT_NOT_HEALTHY', `${url} was not healthy within ${timeout / 1000} s; last seen: ${last}`, {
    remedy: [`curl -k ${url}`],
  })
}

/** The status and the part of the body that says what is wrong: `[-]etcd failed: ...` lines first. */
function shortened({ status, body }: HttpResponse): string {
  const lines = body.split('\n').filter((line) => line.trim() !== '')
  const failed = lines.filter((line) => line.startsWith('[-]'))
  return `status ${status} ${(failed.length > 0 ? failed : lines.slice(0, 1)).join('; ')}`.trim().slice(0, 300)
}
