/** `kadm reset --cluster-file` for a user. */
import { KadmError } from '../errors.ts'
import { resetFleet } from '../fleet/reset-fleet.ts'
import type { CommandInput } from './command.ts'
import { confirm } from './confirm.ts'
import { fleetOfFile } from './fleet-of-file.ts'
import { fleetProgress } from './fleet-progress.ts'

export async function runFleetReset(input: CommandInput): Promise<void> {
  const { flags, io, signal } = input
  const others = [...flags.given].filter((name) => !['cluster-file', 'force', 'trust-on-first-use', 'v', 'vmodule'].includes(name))
  if (others.length > 0) throw new KadmError('USAGE', `--cluster-file cannot be mixed with ${others.map((name) => `--${name}`).join(', ')}`, { remedy: ['leave them out: the file says which hosts are meant'] })
  const { file, fleet } = await fleetOfFile(input, flags.text('cluster-file'))
  try {
    const names = file.hosts.map(({ name }) => name)
    const isSure = flags.isOn('force') || (await confirm(io, `The cluster "${file.name}" with all its data will be gone from ${names.join(', ')}. Are you sure you want to proceed?`, signal))
    if (!isSure) throw new KadmError('NOT_CONFIRMED', 'nothing was changed: the reset was not confirmed', { remedy: ['answer y, or give --force'] })
    const progress = fleetProgress(io, { events: false, actions: names.map((host) => ({ host, kind: 'reset' })) })
    try {
      await resetFleet({ fleet, report: progress.report, signal })
    } finally {
      await progress.end()
    }
    io.stdout.write(`${file.name}: ${names.length} hosts are reset\n`)
  } finally {
    await fleet.close()
  }
}
