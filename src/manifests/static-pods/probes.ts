import type { JsonObject } from '../../json.ts'

/** The container port that every probe of a static Pod names. */
export const probePort = 'probe-port'

export interface ProbeTarget {
  /** '' leaves it to the kubelet, which then takes the address of the Pod. */
  readonly host: string
  readonly scheme: 'HTTP' | 'HTTPS'
}

export function livenessProbe(target: ProbeTarget, path: string): JsonObject {
  return httpProbe(target, path, { initialDelaySeconds: 10, periodSeconds: 10, failureThreshold: 8 })
}

/** Without a first delay: a load balancer in front shall see a ready component at once. */
export function readinessProbe(target: ProbeTarget, path: string): JsonObject {
  return httpProbe(target, path, { periodSeconds: 1, failureThreshold: 3 })
}

/** Lasts as long as kadm itself waits for the component (`healthCheckTimeout` in milliseconds). */
export function startupProbe(target: ProbeTarget, path: string, healthCheckTimeout: number): JsonObject {
  const failureThreshold = Math.ceil(healthCheckTimeout / 10_000)
  // Kubernetes knows no threshold of 0, and Go leaves it out.
  return httpProbe(target, path, { initialDelaySeconds: 10, periodSeconds: 10, ...(failureThreshold !== 0 && { failureThreshold }) })
}

/** Address to probe for a component that listens on `address`. */
export function probeHost(address: string): string {
  return address === '0.0.0.0' || address === '::' ? '' : address
}

function httpProbe({ host, scheme }: ProbeTarget, path: string, timing: JsonObject): JsonObject {
  return { httpGet: { ...(host === '' ? {} : { host }), path, port: probePort, scheme }, timeoutSeconds: 15, ...timing }
}
