/** The question for a component's health, at its own port on this host. */
import type { InitConfig } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import { httpGet, type HttpResponse } from '../../host/http-get.ts'
import type { HealthComponent } from '../../manifests/health-endpoints.ts'
import { findKubeconfig, userCredentials } from '../../pki/kubeconfig/kubeconfig-file.ts'

export type AskHealth = (url: string, signal: AbortSignal) => Promise<HttpResponse>

/**
 * Asks without a name; an API server that does not answer those (`anonymous-auth=false`, status 401) as administrator. Not at once: an
 * administrator's certificate that has ended is 401 too, where nobody would be heard.
 */
export async function healthQuestion(
  component: HealthComponent,
  { host, config }: { readonly host: Host; readonly config: InitConfig },
): Promise<AskHealth> {
  // The other two serve their health with certificates that they made themselves, on loopback.
  const ca = component === 'kube-apiserver' ? await host.readText(`${config.cluster.certificatesDir}/ca.crt`) : undefined
  const trust = ca === undefined ? { verify: false } : { ca }
  return async (url, signal) => {
    const response = await httpGet(host, url, { ...trust, signal })
    if (response.status !== 401 || ca === undefined) return response
    const administrator = (await credentialsOf(host, paths.superAdminConf)) ?? (await credentialsOf(host, paths.adminConf))
    return administrator === undefined ? response : httpGet(host, url, { ...trust, ...administrator, signal })
  }
}

async function credentialsOf(host: Host, path: string): Promise<{ readonly cert: string; readonly key: string } | undefined> {
  const file = await findKubeconfig(host, path).catch(() => undefined)
  const { clientCertificate: cert, clientKey: key } = (file && (await userCredentials(host, file).catch(() => undefined))) ?? {}
  return cert === undefined || key === undefined ? undefined : { cert, key }
}
