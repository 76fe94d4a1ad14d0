/**
 * `kadm init phase upload-certs`: the shared certificates, sealed with the certificate key, for control planes that join within two hours.
 */
import { ensureObjects } from '../../cluster/apply-object.ts'
import { sharedCertificateObjects } from '../../manifests/shared-certificate-objects.ts'
import { sealSharedCertificates } from '../../pki/shared-certificates.ts'
import { ensureShortLivedToken } from '../../tokens/short-lived-token.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

export const uploadCerts: Phase<InitRun> = {
  name: 'upload-certs',
  summary: 'Upload certificates to kubeadm-certs',
  flags: ['certificate-key', 'config', 'dry-run', 'kubeconfig', 'skip-certificate-key-print', 'upload-certs'],
  needs: ['certs', 'wait-control-plane/api'],
  skip: ({ options }) => (options.uploadCerts ? false : 'Skipping phase. Please see --upload-certs'),
  run: async ({ config, host, cluster, certificateKey, shortLivedToken, options }, { say, signal }) => {
    const key = await certificateKey()
    const timeout = config.init.timeouts.kubernetesAPICall
    say('Storing the certificates in Secret "kubeadm-certs" in the "kube-system" Namespace')
    const data = await sealSharedCertificates({ config, host, key })
    const owner = await ensureShortLivedToken(await cluster(), await shortLivedToken(), { now: host.now(), timeout, signal })
    await ensureObjects(await cluster(), sharedCertificateObjects(data, owner), { timeout, signal })
    say(`Using certificate key:\n${options.skipCertificateKeyPrint ? '<value withheld>' : key}`)
  },
}
