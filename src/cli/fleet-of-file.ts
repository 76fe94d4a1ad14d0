/** From `-f FILE` to the cluster file and connections to its hosts. */
import path from 'node:path'
import { parseClusterFile, type ClusterFile } from '../config/cluster-file.ts'
import { readConfigText } from '../config/load/read-config-file.ts'
import { KadmError } from '../errors.ts'
import { openFleet, type Fleet } from '../fleet/open-fleet.ts'
import type { FileSource } from '../fleet/plan/plan.ts'
import { localHost } from '../host/local-host.ts'
import { rememberedAnswers } from '../host/ssh/remembered-answers.ts'
import { whoRuns } from '../host/who-runs.ts'
import { printable } from '../progress/printable.ts'
import { secretFor } from './chosen-host.ts'
import type { CommandInput } from './command.ts'

export interface FleetOfFile {
  readonly file: ClusterFile
  readonly source: FileSource
  readonly fleet: Fleet
}

/**
 * `given`: the path; that of `-f` when not given. The caller closes the fleet. Throws USAGE, CONFIG_UNREADABLE, and as `parseClusterFile`.
 */
export async function fleetOfFile(
  { flags, io, signal }: Pick<CommandInput, 'flags' | 'io' | 'signal'>,
  given = flags.text('file'),
): Promise<FleetOfFile> {
  if (given === undefined)
    throw new KadmError('USAGE', 'no cluster file is given', { remedy: ['-f cluster.yaml   # docs/cluster-file.md says what is in it'] })
  const text = await readConfigText(given, localHost())
  const file = parseClusterFile(text, given)
  const networkManifest = await manifestOf(file, given)
  const fleet = await openFleet(file, {
    user: () => whoRuns(io.environment),
    trustOnFirstUse: flags.isOn('trust-on-first-use'),
    // One question for all hosts: they mostly have the same key, and the same password of sudo.
    secret: rememberedAnswers(
      (question) => secretFor(question, io, signal),
      (question) => ({ ...question, host: undefined }),
    ),
    say: (line) => void io.stderr.write(`${printable(line)}\n`),
    signal,
  })
  return { file, source: { path: path.resolve(given), text, ...(networkManifest !== undefined && { networkManifest }) }, fleet }
}

/** A file beside the cluster file, or all .yaml files of a folder, as one text. */
async function manifestOf({ networkManifest }: ClusterFile, clusterFile: string): Promise<string | undefined> {
  if (networkManifest === undefined) return undefined
  const at = path.resolve(path.dirname(clusterFile), networkManifest)
  const names =
    (await localHost().stat(at))?.kind === 'directory'
      ? ((await localHost().list(at)) ?? []).filter((name) => /\.ya?ml$/.test(name))
      : undefined
  const files = names === undefined ? [at] : names.map((name) => path.join(at, name))
  return (await Promise.all(files.map((one) => readConfigText(one, localHost())))).join('\n---\n')
}
