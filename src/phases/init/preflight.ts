/** `kadm init phase preflight`: is the host ready? Changes nothing but for the pull of images that are not there. */
import { controlPlaneImages } from '../../manifests/images.ts'
import { initChecks } from '../../preflight/checks-for-init.ts'
import { runChecks } from '../../preflight/run-checks.ts'
import { leftBy } from '../left-by.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

export const preflight: Phase<InitRun> = {
  name: 'preflight',
  summary: 'Run pre-flight checks',
  flags: ['config', 'cri-socket', 'dry-run', 'ignore-preflight-errors', 'image-repository'],
  needs: [],
  run: async ({ config, host, own, unfinished, options }, { say, warn, signal }) => {
    say('Running pre-flight checks')
    const checks = initChecks({ config, host, images: controlPlaneImages(config.cluster), own, say, signal })
    await runChecks(checks, { ignore: options.ignorePreflightErrors, warn, explain: unfinished && leftBy(unfinished) })
  },
}
