/** `kadm init phase certs`: every key pair the control plane needs, one sub-phase each. */
import { certificateSpecs, type CertificateSpec } from '../../pki/certificate-specs.ts'
import { ensureCertificate } from '../../pki/ensure-certificate.ts'
import { ensureServiceAccountKey } from '../../pki/service-account.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

const flags = ['cert-dir', 'config', 'dry-run', 'kubernetes-version']

export const certs: Phase<InitRun> = {
  name: 'certs',
  aliases: ['certificates'],
  summary: 'Certificate generation',
  needs: ['preflight'],
  run: async ({ config }, { say }) => say(`Using certificateDir folder "${config.cluster.certificatesDir}"`),
  phases: [
    ...certificateSpecs.map(certificatePhase),
    {
      name: 'sa',
      summary: 'Generate a private key for signing service account tokens along with its public key',
      flags,
      needs: [],
      run: ({ config, host, keys }, { say, warn }) => ensureServiceAccountKey({ config, host, keys, say, warn }),
    },
  ],
}

function certificatePhase(spec: CertificateSpec): Phase<InitRun> {
  return {
    name: spec.name,
    summary: `Generate the ${spec.title}`,
    flags: [...flags, ...spec.flags],
    needs: spec.ca === undefined ? [] : [`certs/${spec.ca}`],
    // An existing pair that the CA signed is kept: kubeadm does the same, and a rerun must lose nothing.
    run: async ({ config, host, keys, start }, { say, warn }) => {
      if (spec.ofEtcd && config.cluster.etcd.kind === 'external')
        say(`External etcd mode: Skipping ${spec.baseName} certificate ${spec.ca === undefined ? 'authority ' : ''}generation`)
      else await ensureCertificate(spec, { config, host, keys, start, say, warn })
    },
  }
}
