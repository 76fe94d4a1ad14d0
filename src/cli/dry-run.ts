/** `--dry-run`: the plan on the screen, and the files it would write in a folder of their own. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { paths } from '../config/paths.ts'
import type { Host } from '../host/host.ts'
import type { RunRecording } from '../phases/run-request.ts'
import type { Streams } from './command.ts'
import { dryRunFile, planText } from './text/print-plan.ts'

export interface DryRunOptions {
  readonly io: Streams
  readonly action: string
  readonly host: Host
}

/**
 * Prints what would be done, and lays the files (but for private keys and other secrets) into the folder that the environment names
 * (`KUBEADM_INIT_DRYRUN_DIR`), or a new one below /etc/kubernetes/tmp.
 */
export async function showRecording(
  { host: recorded, cluster, certificatesDir }: RunRecording,
  { io, action, host }: DryRunOptions,
): Promise<void> {
  const changes = recorded.plan()
  io.stdout.write(planText(changes, cluster.plan()))
  const variable = `KUBEADM_${action.toUpperCase()}_DRYRUN_DIR`
  const given = io.environment[variable] ?? ''
  const directory = given || path.join(paths.temporary, `kubeadm-${action}-dryrun${randomBytes(5).toString('hex')}`)
  await host.makeDirectory(directory, 0o700)
  io.stdout.write('[dryrun] Nothing was changed on this host\n')
  if (given === '') io.stderr.write(`Using dry-run directory ${directory}. To override it, set the environment variable ${variable}\n`)
  for (const change of changes) {
    if (change.kind !== 'write-file' || change.content === undefined) continue
    const inside = dryRunFile(change.path, certificatesDir)
    if (inside !== undefined)
      await host.writeFile(path.join(directory, inside), change.content, { mode: change.mode, directoryMode: 0o700 })
  }
}
