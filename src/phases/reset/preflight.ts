/** `kadm reset phase preflight`: who asks, and is what is to be emptied what it is taken for? */
import { certificatesFolder } from '../../preflight/certificates-folder.ts'
import { privilegedUser } from '../../preflight/privileged-user.ts'
import { runChecks } from '../../preflight/run-checks.ts'
import type { Phase } from '../phase.ts'
import type { ResetRun } from './reset-run.ts'

export const preflight: Phase<ResetRun> = {
  name: 'preflight',
  aliases: ['pre-flight'],
  summary: 'Run reset pre-flight checks',
  flags: ['dry-run', 'force', 'ignore-preflight-errors'],
  needs: [],
  run: async ({ config, host }, { say, warn }) => {
    say('Running pre-flight checks')
    await runChecks([[privilegedUser(host)], [certificatesFolder(host, config.certificatesDir)]], {
      ignore: new Set(config.ignorePreflightErrors),
      warn,
    })
  },
}
