/** `kadm join phase preflight`: is the host ready, is the cluster there and the right one, is the node's name free? Changes nothing. */
import type { InitConfig } from '../../config/model.ts'
import { KadmError } from '../../errors.ts'
import { controlPlaneImages } from '../../manifests/images.ts'
import { checkSharedCertificates } from '../../pki/check-shared-certificates.ts'
import { discoveredChecks, joinChecks, joiningControlPlaneChecks } from '../../preflight/checks-for-join.ts'
import { runChecks } from '../../preflight/run-checks.ts'
import type { Phase } from '../phase.ts'
import { leftBy } from '../left-by.ts'
import { discoveryFlags, endpointArgument } from './discovery-flags.ts'
import type { JoinRun } from './join-run.ts'
import { nodeNameOf } from './node-name.ts'

export const preflight: Phase<JoinRun> = {
  name: 'preflight',
  summary: 'Run join pre-flight checks',
  argument: endpointArgument,
  flags: [
    'apiserver-advertise-address',
    'apiserver-bind-port',
    'certificate-key',
    'config',
    'control-plane',
    'cri-socket',
    ...discoveryFlags,
    'dry-run',
    'ignore-preflight-errors',
    'node-name',
  ],
  needs: [],
  run: async (run, { say, warn, signal }) => {
    const { join, host, own, unfinished, source, ignorePreflightErrors } = run
    say('Running pre-flight checks')
    // What only reads need not wait for one another; the host's own problems are told first.
    // The endpoint may come to this host later than a sponsor knows the rest: a balancer has yet to see that the API server is well.
    const [reached, learning] = [source.discovered(), Promise.all([source.config(), source.node()])]
    for (const one of [reached, learning]) one.catch(() => undefined)
    const options = { ignore: ignorePreflightErrors, warn, explain: unfinished && leftBy(unfinished) }
    await runChecks(joinChecks({ config: join, host, own, signal }), options)
    const [config] = await learning
    await runChecks(
      discoveredChecks({ cluster: { get: source.node }, name: nodeNameOf(join), networking: config.cluster.networking, host, own }),
      options,
    )
    const { controlPlane } = join
    if (controlPlane === undefined) return void (await reached)
    // A sponsor brings what control planes share, as the Secret does whose key is given.
    const hasCertificateKey = controlPlane.certificateKey !== undefined || source.sponsor !== undefined
    requireStableEndpoint(config)
    if (!hasCertificateKey) await checkSharedCertificates({ config, host, warn })
    say('Running pre-flight checks before initializing the new control plane instance')
    await runChecks(
      joiningControlPlaneChecks({ config, host, images: controlPlaneImages(config.cluster), own, hasCertificateKey, say, signal }),
      options,
    )
    await reached
  },
}

function requireStableEndpoint({ cluster: { controlPlaneEndpoint } }: InitConfig): void {
  if (controlPlaneEndpoint !== undefined && controlPlaneEndpoint !== '') return
  throw new KadmError('CONFIG_INVALID', 'the cluster has no controlPlaneEndpoint: a further control plane would be reached by nobody', {
    remedy: [
      'join this node as a worker: leave --control-plane out',
      'give the cluster an endpoint that moves with its control planes (controlPlaneEndpoint in ConfigMap kube-system/kubeadm-config), and the API servers certificates for it',
    ],
  })
}
