/** `kadm config print`, `validate` and `migrate` for a user. */
import path from 'node:path'
import { readConfigText } from '../../config/load/read-config-file.ts'
import { printInitDefaults, printJoinDefaults, printResetDefaults, printUpgradeDefaults } from '../../config/print-defaults.ts'
import { releaseServer } from '../../config/release-server.ts'
import { migrateConfig, validateConfig } from '../../config/validate.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { localHost } from '../../host/local-host.ts'
import type { CommandInput } from '../command.ts'

export async function printDefaults(action: 'init' | 'join' | 'reset' | 'upgrade', { flags, io }: CommandInput): Promise<void> {
  const text = {
    init: async () => printInitDefaults(flags.list('component-configs')),
    join: async () => printJoinDefaults((await localHost().facts()).hostname),
    reset: async () => printResetDefaults(),
    upgrade: async () => printUpgradeDefaults(),
  }
  io.stdout.write(await text[action]())
}

export async function validate({ flags, io }: CommandInput): Promise<void> {
  const host = localHost()
  const file = flags.text('config') || missing('config', 'kadm config validate --config FILE')
  const { warnings } = await validateConfig(
    await readConfigText(file, host),
    { file, allowExperimental: flags.isOn('allow-experimental-api'), allowDeprecated: flags.isOn('allow-deprecated-api') },
    host,
  )
  for (const warning of warnings) io.stderr.write(`WARNING: ${warning}\n`)
  io.stdout.write('ok\n')
}

export async function migrate({ flags, io }: CommandInput): Promise<void> {
  const host = localHost()
  const file = flags.text('old-config') || missing('old-config', 'kadm config migrate --old-config FILE')
  const target = flags.text('new-config')
  if (target) await requireFolder(path.dirname(target), host)
  const migrated = await migrateConfig(
    await readConfigText(file, host),
    { file, allowExperimental: flags.isOn('allow-experimental-api'), fetchVersion: releaseServer(host) },
    host,
  )
  for (const warning of migrated.warnings) io.stderr.write(`WARNING: ${warning}\n`)
  if (target) await host.writeFile(target, migrated.text, { mode: 0o600, keepMode: true })
  else io.stdout.write(migrated.text)
}

/** As kubeadm: a folder that is not there is more likely a slip than wanted. */
async function requireFolder(folder: string, host: Host): Promise<void> {
  if ((await host.stat(folder)) !== undefined) return
  throw new KadmError('FILE_FAILED', `there is no folder "${folder}"`, { remedy: [`mkdir -p "${folder}"`] })
}

function missing(flag: string, remedy: string): never {
  throw new KadmError('USAGE', `the --${flag} flag is mandatory`, { remedy: [remedy] })
}
