/**
 * A program for jails: runs kadm's checks of a join with a configuration file, and prints what kubeadm would, in one line each, to stderr.
 */
import { loadJoinConfig } from '../../src/config/load/load-join.ts'
import { localHost } from '../../src/host/local-host.ts'
import { joinChecks } from '../../src/preflight/checks-for-join.ts'
import { runChecks } from '../../src/preflight/run-checks.ts'
import { printFailure } from './print-failure.ts'

const [file = '', ignore = '', owned = ''] = process.argv.slice(2)
const host = localHost()
try {
  const flags = { 'ignore-preflight-errors': ignore.split(',').filter((name) => name !== '') }
  const { config } = await loadJoinConfig({ file, flags, endpoint: undefined, host, needs: { criSocket: true, discoveryFile: undefined } })
  const own = { owns: (path: string) => owned.split(',').includes(path) }
  await runChecks(joinChecks({ config, host, own }), {
    ignore: new Set(config.nodeRegistration.ignorePreflightErrors),
    warn: (line) => console.error(`\t${line}`),
  })
} catch (error) {
  printFailure(error)
} finally {
  await host.close()
}
