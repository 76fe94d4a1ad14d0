/** The error for a component that does not come up: the end of its own log and the likeliest cause, instead of "timed out". */
import type { InitConfig } from '../config/model.ts'
import { KadmError, messageOf } from '../errors.ts'
import type { Container } from '../host/container-runtime.ts'
import type { Host } from '../host/host.ts'
import { likelyCause } from '../preflight/runtime-causes.ts'

interface Seen {
  readonly url: string
  /** Milliseconds. */
  readonly timeout: number
  readonly last: string
  readonly host: Host
}

const lines = 15

export async function componentFailed(component: string, { url, timeout, last, host, config }: Seen & { readonly config: Pick<InitConfig, 'init'> }): Promise<KadmError> {
  const { criSocket } = config.init.nodeRegistration
  const container = await newestContainer(component, host, criSocket)
  if (container instanceof Error || container === undefined) {
    const log = await host.services.recentLog('kubelet', lines)
    const reason = container === undefined ? 'the kubelet has not started its container' : `its container cannot be looked at: ${container.message}`
    return failed(`${component} is not healthy after ${timeout / 1000} s: ${reason}`, { url, last, log, from: 'kubelet', remedy: 'journalctl -xeu kubelet' })
  }
  const log = await host.containerRuntime(criSocket).recentLog(container.id, lines).catch((error: unknown) => [messageOf(error)])
  const state = container.state === 'exited' ? `has exited (code ${container.exitCode ?? '?'}, attempt ${container.attempt + 1})` : `is ${container.state}`
  return failed(`${component} is not healthy after ${timeout / 1000} s: its container ${state}`, { url, last, log, from: component, remedy: `crictl logs ${container.id}` })
}

export async function kubeletFailed({ url, timeout, last, host }: Seen): Promise<KadmError> {
  const log = await host.services.recentLog('kubelet', lines)
  return failed(`the kubelet is not healthy after ${timeout / 1000} s`, { url, last, log, from: 'kubelet', remedy: 'journalctl -xeu kubelet' })
}

async function newestContainer(name: string, host: Host, criSocket: string): Promise<Container | Error | undefined> {
  try {
    const all = await host.containerRuntime(criSocket).containers()
    return all.filter((one) => one.name === name).toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0]
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

interface Told {
  readonly url: string
  readonly last: string
  readonly log: readonly string[]
  readonly from: string
  readonly remedy: string
}

function failed(message: string, { url, last, log, from, remedy }: Told): KadmError {
  const cause = likelyCause(log)
  return new KadmError('COMPONENT_NOT_HEALTHY', message, {
    details: [
      `last answer of ${url}: ${last}`,
      ...(cause === undefined ? [] : [`likely cause: ${cause}`]),
      ...(log.length === 0 ? [] : [`the end of the log of ${from}:`, ...log.map((line) => `  ${line}`)]),
    ],
    remedy: [remedy, 'run the same command again when the cause is mended: what is done already is kept'],
  })
}
