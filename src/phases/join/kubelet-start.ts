/** `kadm join phase kubelet-start`: what the kubelet asks for its certificate with, its settings, then the kubelet itself. */
import { paths } from '../../config/paths.ts'
import { localServerUrl } from '../../config/server-url.ts'
import { writeKubeletFiles } from '../../manifests/kubelet-files.ts'
import { bootstrapKubeconfigText } from '../../pki/kubeconfig/bootstrap-kubeconfig.ts'
import { lastArgument } from '../../manifests/static-pods/arguments.ts'
import { ensureSignedKubelet } from '../../pki/signed-kubelet.ts'
import { nodeNameFree } from '../../preflight/node-name-free.ts'
import { runChecks } from '../../preflight/run-checks.ts'
import { makeManifestsFolder, startKubelet, stopKubelet } from '../kubelet-service.ts'
import type { Phase } from '../phase.ts'
import { discoveryFlags, endpointArgument } from './discovery-flags.ts'
import type { JoinRun } from './join-run.ts'
import { nodeNameOf } from './node-name.ts'

export const kubeletStart: Phase<JoinRun> = {
  name: 'kubelet-start',
  summary: 'Write kubelet settings, certificates and (re)start the kubelet',
  argument: endpointArgument,
  flags: ['config', 'cri-socket', ...discoveryFlags, 'dry-run', 'node-name', 'patches'],
  needs: ['preflight', 'control-plane-prepare/download-certs', 'check-etcd'],
  run: async (run, { say, warn }) => {
    const { join, host, own, source, ignorePreflightErrors } = run
    const [config] = await Promise.all([source.config(), source.node()])
    // Also when this phase is run alone: two machines of one name ruin each other.
    await runChecks([[nodeNameFree({ get: source.node }, nodeNameOf(join), own)]], { ignore: ignorePreflightErrors, warn })
    const settings = { host, say, warn, config, registerTaints: join.controlPlane === undefined }
    await stopKubelet(host, warn)
    await Promise.all([writeIdentity(run, say), writeKubeletFiles(settings), join.controlPlane && makeManifestsFolder(host)])
    say('Starting the kubelet')
    await startKubelet(host, warn)
  },
}

/** What the kubelet comes to its certificate by, and the CA. */
async function writeIdentity({ join, host, source, isWhole }: JoinRun, say: (text: string) => void): Promise<void> {
  const [discovered, config] = await Promise.all([source.discovered(), source.config()])
  if ((await host.stat(join.caCertPath)) === undefined) await host.writeFile(join.caCertPath, discovered.caPem, { mode: 0o644 })
  if ('sign' in discovered) {
    const directory = lastArgument(join.nodeRegistration.kubeletExtraArgs, 'cert-dir') ?? paths.kubeletPki
    await ensureSignedKubelet({ ...discovered, host, nodeName: nodeNameOf(join), directory, say })
    return
  }
  // The kubelet of a control plane talks to the API server beside it. That one is not there yet, and a kubelet that asks in vain for its
  // certificate asks again only after 2, 6 and 14 s: in a whole run it asks the cluster, and `kubelet-wait-bootstrap` leads it home.
  const isLocal = join.controlPlane !== undefined && !isWhole
  const server = isLocal ? localServerUrl(config) : discovered.server
  const text = bootstrapKubeconfigText({ discovered, clusterName: config.cluster.clusterName, server })
  await host.writeFile(paths.bootstrapKubeletConf, text, { mode: 0o600, secret: true })
}
