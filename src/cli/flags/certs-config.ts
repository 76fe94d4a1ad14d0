/** The flags that say which configuration `kadm certs` goes by. */
import type { InitConfig } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'
import { loadCertificatesConfig } from '../../pki/certificates-config.ts'
import type { CommandInput } from '../command.ts'

/** @param prefix of the lines on stdout; none are printed when it is absent, since what is printed is for a program */
export async function certsConfig(
  { flags, io, signal }: CommandInput,
  host: Host,
  prefix: string | undefined,
): Promise<Pick<InitConfig, 'cluster'>> {
  let said = false
  const config = await loadCertificatesConfig({
    host,
    file: flags.text('config') || undefined,
    certificatesDir: flags.text('cert-dir') ?? '',
    kubeconfig: flags.text('kubeconfig') ?? '',
    say: (line) => {
      said = true
      if (prefix !== undefined) io.stdout.write(`[${prefix}] ${line}\n`)
    },
    warn: (line) => void io.stderr.write(`WARNING: ${line}\n`),
    signal,
  })
  if (said && prefix !== undefined) io.stdout.write('\n')
  return config
}
