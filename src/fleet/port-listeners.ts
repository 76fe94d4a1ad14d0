/** Who answers at ports of a host. Where nobody does, somebody for a few seconds: systemd has a program for such uses. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../host/host.ts'

export interface PortListeners {
  readonly answers: (port: number) => boolean
  readonly close: () => Promise<void>
}

export interface ListenerOptions {
  /** Listen at those of the ports that nobody listens at. */
  readonly fill: boolean
  readonly signal: AbortSignal
}

/**
 * Resolves when they listen, or after a second when they do not: without systemd nobody answers. They do nothing with who connects, and end by themselves
 * when nobody is left to close them.
 */
export async function openPortListeners(host: Pick<Host, 'query' | 'canListen'>, ports: readonly number[], { fill, signal }: ListenerOptions): Promise<PortListeners> {
  const looked = await Promise.all(ports.map(async (port) => ({ port, free: await host.canListen(port) })))
  const taken = looked.filter(({ free }) => !free).map(({ port }) => port)
  const free = ports.filter((port) => !taken.includes(port))
  if (!fill || free.length === 0) return { answers: (port) => taken.includes(port), close: async () => undefined }
  const stop = new AbortController()
  const ended = new AbortController()
  // Whoever connects first turns it into `sleep`, which keeps all the ports open; the kernel goes on to answer.
  const argv = ['timeout', '--foreground', String(lifetime), 'systemd-socket-activate', ...free.map((port) => `--listen=${port}`), 'sleep', String(lifetime)] as const
  const running = host.query(argv, { signal: AbortSignal.any([signal, stop.signal]) }).catch(() => undefined).finally(() => ended.abort())
  const listens = await untilTaken(host, free.at(-1) ?? 0, { signal, ended: ended.signal })
  const answering = listens ? ports : taken
  return {
    answers: (port) => answering.includes(port),
    close: async () => {
      stop.abort(new Error('no longer needed'))
      await running
    },
  }
}

async function untilTaken(host: Pick<Host, 'canListen'>, port: number, { signal, ended }: { readonly signal: AbortSignal; readonly ended: AbortSignal }): Promise<boolean> {
  const deadline = performance.now() + patience
  for (let pause = 20; !ended.aborted && performance.now() < deadline; pause *= 1.5) {
    if (!(await host.canListen(port))) return true
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  return false
}

/** Seconds: as many as a hundred hosts may need to ask. */
const lifetime = 20

/** Milliseconds. */
const patience = 1000
