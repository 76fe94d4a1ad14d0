import { KadmError, hasCode } from '../errors.ts'

/**
 * The API answered, with a refusal. `reason` is its own word (`NotFound`, `AlreadyExists`, `Conflict`, `Forbidden`, …), '' when it gave
 * none.
 */
export class ApiError extends KadmError {
  readonly status: number
  readonly reason: string
  /** What it says of it, in words. */
  readonly why: string

  constructor(doing: string, { status, reason, message }: ApiStatus) {
    const why = message || reason || `status ${status}`
    super('API_REFUSED', `the Kubernetes API refused to ${doing}: ${why}`, { remedy: remedyFor(status) })
    this.status = status
    this.reason = reason
    this.why = why
  }
}

export interface ApiStatus {
  /** HTTP status. */
  readonly status: number
  readonly reason: string
  readonly message: string
}

/** Was this thrown because the API refused for this reason? */
export function isRefusal(error: unknown, ...reasons: readonly string[]): error is ApiError {
  return error instanceof ApiError && reasons.includes(error.reason)
}

/**
 * How long a refusal of who we are may come from an API server that is so young that it does not know its tokens and roles yet.
 * Milliseconds.
 */
const youth = 15_000

/**
 * For a wait that begins now: an error that no more time will mend, which a refusal of who we are is not before the API server has had time
 * to read its roles.
 */
export function refusesForGood(): (error: unknown) => boolean {
  const start = performance.now()
  return (error) => error instanceof ApiError && [401, 403].includes(error.status) && performance.now() - start > youth
}

/** API_UNREACHABLE: no answer came. The cause is the error of the connection. */
export function unreachable(server: string, cause: unknown): KadmError {
  const text = cause instanceof Error ? cause.message || codeOf(cause) : String(cause)
  const remedy: readonly [string, ...string[]] = isOfTime(cause)
    ? [clock, 'kadm certs renew all --restart   # else, on the control plane: its certificate is of another time']
    : isDistrust(cause)
      ? [
          `the server at ${server} is not the one that the kubeconfig names: compare its certificate with certificate-authority-data`,
          `openssl s_client -connect ${server.replace('https://', '')} -showcerts </dev/null`,
        ]
      : [`curl -k ${server}/livez`, 'crictl ps -a --name kube-apiserver']
  return new KadmError('API_UNREACHABLE', `the Kubernetes API at ${server} does not answer: ${text}`, { remedy, cause })
}

/**
 * May the same call succeed a little later? Not when the API finds the request itself wrong, nor when the server's certificate is not
 * trusted. Forbidden and NotFound may pass: a young API server has no roles and no namespaces yet.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof ApiError) return ![400, 405, 413, 415, 422].includes(error.status) || isYoungAllocator(error)
  return hasCode(error, 'API_UNREACHABLE') && !isDistrust(error.cause)
}

/**
 * The API server begins to serve before it has read its own ServiceCIDR, and till then calls every clusterIP that is asked for invalid
 * (ErrMismatchedNetwork and ErrNotReady of its ipallocator).
 */
function isYoungAllocator({ status, message }: ApiError): boolean {
  return status === 422 && /failed to allocate IP .*(?:does not match the current range|allocator not ready)/.test(message)
}

const clock = 'date -u   # is the clock of this host right, and that of the server?'

/** The server is the right one; its certificate has ended or has not begun. */
function isOfTime(cause: unknown): boolean {
  return ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'].includes(codeOf(cause))
}

/** Names of OpenSSL's and Node's verdicts on a server's certificate. */
function isDistrust(cause: unknown): boolean {
  const code = codeOf(cause)
  return /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME|INVALID_CA|HOSTNAME_MISMATCH/.test(code) && code !== 'CERT_NOT_YET_VALID'
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}

function remedyFor(status: number): readonly [string, ...string[]] {
  // So it answers to a client certificate that has ended, too.
  if (status === 401)
    return [
      clock,
      'kadm certs check-expiration   # on a control plane: where admin.conf has ended, kadm certs renew all --restart',
      'use another kubeconfig, whose certificate or token this cluster knows',
    ]
  if (status === 403) return ['use a kubeconfig with the rights for this, such as /etc/kubernetes/admin.conf']
  if (status >= 500) return ['crictl logs $(crictl ps -q --name kube-apiserver)', 'run the command again']
  return ['look at the object with kubectl, then run the command again']
}
