/** `kadm kubeconfig user` for a user. */
import { parseDuration } from '../../config/durations.ts'
import { loadInitConfig } from '../../config/load/load-init.ts'
import { newestKubernetes } from '../../config/own-version.ts'
import { KadmError } from '../../errors.ts'
import { localHost } from '../../host/local-host.ts'
import { userKubeconfig, type UserKubeconfigOptions } from '../../pki/kubeconfig/user-kubeconfig.ts'
import type { CommandInput, FlagValues } from '../command.ts'

export async function printUserKubeconfig({ flags, io }: CommandInput): Promise<void> {
  const warn = (line: string): unknown => io.stderr.write(`WARNING: ${line}\n`)
  const name = flags.text('client-name') ?? ''
  if (name === '') throw usage('the --client-name flag is mandatory, with the name of the user')
  const credentials = givenCredentials(flags)
  if (credentials.kind === 'token' && flags.given.has('org'))
    warn('--org is not used: who comes with a token is in the groups of the token')
  const host = localHost()
  try {
    const file = flags.text('config') ?? ''
    const { config, warnings } = await loadInitConfig({
      ...(file !== '' && { file }),
      flags: {},
      host,
      fetchVersion: async () => newestKubernetes, // nothing here depends on the version
      needs: { criSocket: false },
    })
    for (const warning of warnings) warn(warning)
    // With an empty line behind, as kubeadm prints it.
    io.stdout.write(`${await userKubeconfig({ config, host, name, credentials, warn })}\n`)
  } finally {
    await host.close()
  }
}

function givenCredentials(flags: FlagValues): UserKubeconfigOptions['credentials'] {
  const given = flags.text('validity-period') ?? ''
  const period = parseDuration(given)
  if (period === undefined) throw usage(`--validity-period: "${given}" is not a duration such as 24h`)
  const token = flags.text('token') ?? ''
  if (token !== '') return { kind: 'token', token }
  if (period <= 0) throw usage(`--validity-period: "${given}" is over before it begins`)
  return { kind: 'certificate', organizations: flags.list('org'), period }
}

function usage(message: string): KadmError {
  return new KadmError('USAGE', message, { remedy: ['kadm kubeconfig user --client-name NAME --org GROUP --validity-period 24h'] })
}
