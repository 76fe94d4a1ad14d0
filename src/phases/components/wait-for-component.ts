/** Waits for the kubelet and for the three components of a control plane, each at its own health port on this host. */
import type { ComponentConfig, InitConfig } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'
import { httpGet } from '../../host/http-get.ts'
import { waitForHttp } from '../../host/wait-for-http.ts'
import { componentHealthUrl, kubeletHealthUrl, type HealthComponent } from '../../manifests/health-endpoints.ts'
import { startKubelet } from '../kubelet-service.ts'
import { healthQuestion } from './ask-health.ts'
import { componentFailed, kubeletFailed } from './component-failed.ts'
import { servingPairMender } from './kubelet-serving-pair.ts'
import type { PhaseContext } from '../phase.ts'

export interface WaitingNode {
  readonly config: InitConfig
  readonly host: Host
}

/** Until the component says that it is well. Throws COMPONENT_NOT_HEALTHY with the end of its log. */
export async function waitForHealth(component: HealthComponent, node: WaitingNode, context: PhaseContext): Promise<void> {
  const started = performance.now()
  context.say(`[control-plane-check] Checking ${component} at ${await componentHealthUrl(component, node)}`)
  await waitForComponent(component, node, context, ({ status }) => status === 200)
  context.say(`[control-plane-check] ${component} is healthy after ${seconds(started)}`)
}

/** Until the component gives an answer that is good enough. Throws COMPONENT_NOT_HEALTHY with the end of its log. */
export async function waitForComponent(
  component: HealthComponent,
  node: WaitingNode,
  { signal, waiting }: PhaseContext,
  until: (response: { status: number }) => boolean,
): Promise<void> {
  const { config, host } = node
  const url = await componentHealthUrl(component, node)
  const timeout = config.init.timeouts.controlPlaneComponentHealthCheck
  const ask = await healthQuestion(component, node)
  // They come up within seconds, one waits for the other, and a look costs 3 ms.
  const interval = { first: 20, most: 100 }
  await waitForHttp(host, {
    url,
    ask: (limit) => ask(url, limit),
    interval,
    until,
    timeout,
    signal,
    onWaiting: waiting,
    timedOut: (last) => componentFailed(component, { url, timeout, last, config, host }),
  })
}

export interface WaitingKubelet {
  readonly kubelet: ComponentConfig
  readonly host: Host
  /** Milliseconds. */
  readonly timeout: number
}

/** Until the kubelet says that it is well; not at all when it has no health port. Throws COMPONENT_NOT_HEALTHY with the end of its log. */
export async function waitForKubelet({ kubelet, host, timeout }: WaitingKubelet, context: PhaseContext): Promise<void> {
  const { say, signal, waiting } = context
  const url = kubeletHealthUrl(kubelet)
  if (url === undefined) return say('[kubelet-check] The kubelet has no health port: not waited for')
  const started = performance.now()
  say(`[kubelet-check] Waiting for a healthy kubelet at ${url}. This can take up to ${timeout / 1000} s`)
  // It is up some 0.5 s after its start, and a look costs 1 ms.
  const interval = { first: 20, most: 40 }
  const mend = servingPairMender(host, kubelet)
  await waitForHttp(host, {
    url,
    ask: async (limit) => {
      try {
        return await httpGet(host, url, { signal: limit })
      } catch (error) {
        if (await mend()) {
          say('[kubelet-check] Removing a certificate that the kubelet could not finish, and starting it anew')
          await startKubelet(host, context.warn)
        }
        throw error
      }
    },
    interval,
    timeout,
    signal,
    onWaiting: waiting,
    timedOut: (last) => kubeletFailed({ url, timeout, last, host }),
  })
  say(`[kubelet-check] The kubelet is healthy after ${seconds(started)}`)
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(3)}s`
}
