/** A program for jails: runs kadm's init checks with a configuration file and prints what kubeadm would, in one line each, to stderr. */
import { loadInitConfig } from '../../src/config/load/load-init.ts'
import { localHost } from '../../src/host/local-host.ts'
import { initChecks } from '../../src/preflight/checks-for-init.ts'
import { runChecks } from '../../src/preflight/run-checks.ts'
import { printFailure } from './print-failure.ts'

const [file = '', ignore = '', owned = ''] = process.argv.slice(2)
const host = localHost()
try {
  const flags = { 'ignore-preflight-errors': ignore.split(',').filter((name) => name !== '') }
  const { config } = await loadInitConfig({ file, flags, host, needs: { criSocket: true }, forRun: true })
  const own = { owns: (path: string) => owned.split(',').includes(path) }
  // The last group pulls images, which `kubeadm --dry-run` does not do.
  const groups = initChecks({ config, host, images: [], own, say: () => {} }).slice(0, 2)
  await runChecks(groups, {
    ignore: new Set(config.init.nodeRegistration.ignorePreflightErrors),
    warn: (line) => console.error(`\t${line}`),
  })
} catch (error) {
  printFailure(error)
} finally {
  await host.close()
}
