/** Who answers at ports of a host. Where nobody does, somebody for a few seconds: systemd has a program for such uses. */
import type { Host } from '../../host/host.ts'
import { pauseFor } from '../../host/wait.ts'

export interface PortListeners {
  readonly answers: (port: number) => boolean
  readonly close: () => Promise<void>
}

export interface ListenerOptions {
  /** Listen at those of the ports that nobody listens at. */
  readonly fill: boolean
  /** Where who listens is asked for: one of the host's own. Empty: at any. */
  readonly address: string
  readonly signal: AbortSignal
}

/**
 * Resolves when they listen, or after a second when they do not: without systemd nobody answers. They do nothing with who connects, and end
 * by themselves when nobody is left to close them; those of a kadm that was killed are ended by the next one, which may want their ports
 * for a node.
 */
export async function openPortListeners(
  host: Pick<Host, 'query' | 'canListen'>,
  ports: readonly number[],
  { fill, address, signal }: ListenerOptions,
): Promise<PortListeners> {
  let taken = await takenPorts(host, ports)
  if (fill && taken.length > 0) {
    await stopUnit(host)
    taken = await takenPorts(host, ports)
  }
  const free = ports.filter((port) => !taken.includes(port))
  const isFilled = fill && free.length > 0
  if (isFilled && (await startUnit(host, free, signal))) await untilTaken(host, free.at(-1) ?? 0, signal)
  // What listens at another address of the host, as an etcd does that the nodes have a network of their own for, does not answer here.
  const answering = await takenPorts(host, ports, address)
  return { answers: (port) => answering.includes(port), close: async () => (isFilled ? stopUnit(host) : undefined) }
}

async function takenPorts(host: Pick<Host, 'canListen'>, ports: readonly number[], address = ''): Promise<readonly number[]> {
  const looked = await Promise.all(ports.map(async (port) => ({ port, free: await host.canListen(port, address) })))
  return looked.filter(({ free }) => !free).map(({ port }) => port)
}

/** Of systemd's, so that a line that breaks does not end it, and whoever comes later can. */
const unit = 'kadm-port-check.service'

/** @returns was it started? */
async function startUnit(host: Pick<Host, 'query'>, ports: readonly number[], signal: AbortSignal): Promise<boolean> {
  // Whoever connects first turns it into `sleep`, which keeps all the ports open; the kernel goes on to answer.
  const listener = ['systemd-socket-activate', ...ports.map((port) => `--listen=${port}`), 'sleep', String(lifetime)]
  const started = await host
    .query(['systemd-run', '--quiet', '--collect', `--unit=${unit}`, `--property=RuntimeMaxSec=${lifetime}`, ...listener], { signal })
    .catch(() => undefined)
  signal.throwIfAborted()
  return started?.exitCode === 0
}

async function stopUnit(host: Pick<Host, 'query'>): Promise<void> {
  await host.query(['systemctl', 'stop', unit]).catch(() => undefined)
}

async function untilTaken(host: Pick<Host, 'canListen'>, port: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + listenerPatience
  for (let pause = 20; performance.now() < deadline; pause *= 1.5) {
    if (!(await host.canListen(port))) return
    await pauseFor(pause, signal)
  }
}

/** Seconds: as many as a hundred hosts may need to ask. */
export const lifetime = 20

/** Milliseconds. */
const listenerPatience = 1000
