/** `kadm certs generate-csr` for a user. */
import { loadInitConfig } from '../../config/load/load-init.ts'
import { newestKubernetes } from '../../config/own-version.ts'
import { makeCertificateRequests } from '../../pki/certificate-requests.ts'
import { onChosenHost } from '../chosen-host.ts'
import type { CommandInput } from '../command.ts'

export async function generateRequests(input: CommandInput): Promise<void> {
  const { flags, io } = input
  await onChosenHost(input, async (host) => {
    const file = flags.text('config') || undefined
    const directory = flags.text('cert-dir') || undefined
    const { config, warnings } = await loadInitConfig({
      ...(file !== undefined && { file }),
      // No request says for which version of Kubernetes it is.
      flags: file === undefined ? { 'kubernetes-version': newestKubernetes } : {},
      host,
      needs: { criSocket: false },
    })
    for (const warning of warnings) io.stderr.write(`WARNING: ${warning}\n`)
    await makeCertificateRequests({
      config: { ...config, cluster: { ...config.cluster, ...(directory !== undefined && { certificatesDir: directory }) } },
      host,
      kubeconfigDir: flags.text('kubeconfig-dir') ?? '',
      say: (line) => void io.stdout.write(`${line}\n`),
    })
  })
}
