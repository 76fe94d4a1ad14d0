/** `--trace FILE`: the recorder of a run, and its file at the end. Nothing of it is loaded where nobody asks for it. */
import path from 'node:path'
import { kadmVersion } from '../config/own-version.ts'
import { KadmError, messageOf } from '../errors.ts'
import type { FleetEvent, WithinHost } from '../fleet/fleet-run.ts'
import type { Fleet } from '../fleet/open-fleet.ts'
import type { Host } from '../host/host.ts'
import { localHost } from '../host/local-host.ts'
import { shellQuote } from '../host/shell-quote.ts'
import { givenText, type CommandInput } from './command.ts'

export interface RunTrace {
  readonly hear: (event: FleetEvent) => void
  readonly within: WithinHost
  /** The same host, whose calls are in the trace from now on. `name`: as in the events. */
  readonly timed: (host: Host, name: string) => Host
  /** A step of kadm itself that no event tells of. */
  readonly during: <T>(name: string, work: () => Promise<T>) => Promise<T>
}

/**
 * Does the work, whose trace is written however it ends; without the flag it gets none. Throws FILE_FAILED before anything is done when the
 * folder of the file is not there.
 */
export async function withTrace(input: CommandInput, command: string, work: (trace: RunTrace | undefined) => Promise<void>): Promise<void> {
  const trace = await openTrace(input, command)
  let outcome: 'done' | 'failed' = 'failed'
  try {
    await work(trace)
    outcome = 'done'
  } finally {
    await trace?.write(outcome)
  }
}

/** All hosts of a fleet, by their names in its file; without a trace it stays as it is. */
export function timedFleet(fleet: Fleet, trace: RunTrace | undefined): Fleet {
  return trace === undefined
    ? fleet
    : { ...fleet, hosts: new Map(Array.from(fleet.hosts, ([name, host]) => [name, trace.timed(host, name)])) }
}

interface OpenTrace extends RunTrace {
  /** A file that cannot be written is a warning: the run is over. */
  readonly write: (outcome: 'done' | 'failed') => Promise<void>
}

async function openTrace({ flags, io }: CommandInput, command: string): Promise<OpenTrace | undefined> {
  const given = givenText(flags, 'trace')
  if (given === undefined) return undefined
  const file = path.resolve(given)
  const own = localHost()
  await requireFolder(own, file, given)
  const [{ traceRecorder }, { timedHost }] = await Promise.all([import('../progress/trace-recorder.ts'), import('../host/timed-host.ts')])
  const { hear, within, calls, during, recorded } = traceRecorder(() => performance.now())
  return {
    hear,
    within,
    timed: (host, name) => timedHost(host, calls(name)),
    during,
    write: async (outcome) => {
      try {
        const { traceFile } = await import('../progress/trace-file.ts')
        const startedAt = new Date(performance.timeOrigin).toISOString()
        await own.writeFile(file, traceFile(recorded(), { command, outcome, startedAt, version: kadmVersion }), { mode: 0o644 })
      } catch (error) {
        io.stderr.write(`WARNING: the trace was not written: ${messageOf(error)}\n`)
      }
    },
  }
}

async function requireFolder(own: Host, file: string, given: string): Promise<void> {
  const folder = path.dirname(file)
  if ((await own.stat(folder))?.kind === 'directory' && (await own.stat(file))?.kind !== 'directory') return
  throw new KadmError('FILE_FAILED', `--trace: "${given}" cannot be written: "${folder}" is no folder, or the file is one`, {
    remedy: [`mkdir -p ${shellQuote(folder)}`, 'or name another file'],
  })
}
