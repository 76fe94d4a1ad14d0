import { paths } from '../config/paths.ts'
import type { Host } from '../host/host.ts'
import { strangersAmongCertificates } from '../pki/strangers.ts'
import { failed, passed, type Check } from './check.ts'

/**
 * kadm's own: a folder that is to be emptied, and has what no folder of certificates has, was named by mistake. kubeadm's own is never
 * asked about.
 */
export function certificatesFolder(host: Pick<Host, 'list' | 'stat'>, folder: string): Check {
  return {
    name: 'CertificatesDirectory',
    requires: `nothing but certificates in ${folder}`,
    run: async () => {
      const strangers = folder === paths.defaultCertificates ? [] : await strangersAmongCertificates(host, folder)
      if (strangers.length === 0) return passed
      return failed(
        `"${folder}" would be emptied, and it holds ${strangers
          .slice(0, 5)
          .map((name) => `"${name}"`)
          .join(', ')}, which are no certificates: move them away, or name another folder`,
      )
    },
  }
}
