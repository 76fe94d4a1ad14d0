/**
 * A program for jails: kadm's checks of a control plane's join after discovery, with the configuration of the cluster and of this node in
 * one file.
 */
import { loadInitConfig } from '../../src/config/load/load-init.ts'
import { localHost } from '../../src/host/local-host.ts'
import { joiningControlPlaneChecks } from '../../src/preflight/checks-for-join.ts'
import { runChecks } from '../../src/preflight/run-checks.ts'

const [file = '', hasCertificateKey = ''] = process.argv.slice(2)
const host = localHost()
const { config } = await loadInitConfig({ file, flags: {}, host, needs: { criSocket: true } })
const groups = joiningControlPlaneChecks({
  config,
  host,
  images: [],
  own: { owns: () => false },
  hasCertificateKey: hasCertificateKey === 'true',
  say: () => {},
})
// The last group pulls images, which `kubeadm --dry-run` does not do.
await runChecks(groups.slice(0, -1), { ignore: new Set(['all']), warn: (line) => console.error(`\t${line}`) })
await host.close()
