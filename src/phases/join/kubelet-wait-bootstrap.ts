/** `kadm join phase kubelet-wait-bootstrap`: until the kubelet has its certificate and is well; then what it asked with is removed. */
import { paths } from '../../config/paths.ts'
import { localServerUrl } from '../../config/server-url.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { waitUntil, type Look } from '../../host/wait.ts'
import { nodeKubeletConfiguration } from '../../manifests/kubelet-files.ts'
import { pointKubeconfigAtServer } from '../../pki/kubelet-client-rotation.ts'
import { findKubeconfig, userCredentials } from '../../pki/kubeconfig/kubeconfig-file.ts'
import { startKubelet } from '../kubelet-service.ts'
import type { Phase, PhaseContext } from '../phase.ts'
import { waitForKubelet } from '../components/wait-for-component.ts'
import { noControlPlane, type JoinRun } from './join-run.ts'

export const kubeletWaitBootstrap: Phase<JoinRun> = {
  name: 'kubelet-wait-bootstrap',
  summary: 'Wait for the kubelet to bootstrap itself',
  flags: ['config', 'cri-socket', 'dry-run'],
  needs: ['kubelet-start'],
  phases: [
    {
      name: 'certificate',
      summary: 'Wait for the certificate of the kubelet, and for its health',
      hidden: true,
      needs: [],
      run: async ({ join, host, source }, context) => {
        // As it was written: patches may have moved the health port.
        const kubelet = { document: await nodeKubeletConfiguration(host), userSupplied: true }
        const { kubeletHealthCheck, tlsBootstrap } = join.timeouts
        try {
          const isSigned = 'sign' in (await source.discovered())
          const certificate = isSigned ? Promise.resolve() : waitForCertificate(host, tlsBootstrap, context)
          await Promise.all([waitForKubelet({ kubelet, host, timeout: kubeletHealthCheck }, context), certificate])
        } finally {
          await host.removeFile(paths.bootstrapKubeletConf)
        }
      },
    },
    {
      name: 'local-server',
      summary: 'From now on the kubelet of a control plane talks to the API server beside it',
      hidden: true,
      needs: ['kubelet-wait-bootstrap/certificate', 'wait-control-plane/kube-apiserver'],
      // On a worker there is nothing to say about it.
      skip: (run) => (noControlPlane(run) === false ? false : ''),
      run: async ({ host, source }, { warn }) => {
        const changed = await pointKubeconfigAtServer(host, paths.kubeletConf, localServerUrl(await source.config()))
        if (changed) await startKubelet(host, warn)
      },
    },
  ],
}

async function waitForCertificate(host: Host, timeout: number, { say, signal, waiting }: PhaseContext): Promise<void> {
  say('Waiting for the kubelet to perform the TLS Bootstrap')
  await waitUntil(host, {
    what: `${paths.kubeletConf}, which the kubelet writes when it has its certificate`,
    timeout,
    signal,
    onWaiting: waiting,
    interval: { first: 10, most: 40 },
    look: () => lookForCertificate(host),
    timedOut: (last) => noCertificate(host, { timeout, last }),
  })
}

/** The file alone is not enough: the certificate and the key that it names must be there too. */
async function lookForCertificate(host: Host): Promise<Look<undefined>> {
  const file = await findKubeconfig(host, paths.kubeletConf)
  if (file === undefined) return { kind: 'not-yet', seen: 'not there yet' }
  const { clientCertificate, clientKey } = await userCredentials(host, file)
  const isWhole = clientCertificate !== undefined && clientKey !== undefined
  return isWhole ? { kind: 'done', value: undefined } : { kind: 'not-yet', seen: 'the certificate or the key that it names is not there' }
}

async function noCertificate(host: Host, { timeout, last }: { readonly timeout: number; readonly last: string }): Promise<KadmError> {
  const log = await host.services.recentLog('kubelet', 15)
  return new KadmError('COMPONENT_NOT_HEALTHY', `the kubelet has no certificate after ${timeout / 1000} s: ${last}`, {
    details: log.length === 0 ? [] : ['the end of the log of the kubelet:', ...log.map((line) => `  ${line}`)],
    remedy: [
      'kubectl get csr   # on a control plane: a request that stays Pending was not approved (is kube-controller-manager running?)',
      'journalctl -xeu kubelet',
      'run the same command again when the cause is mended: what is done already is kept',
    ],
  })
}
