/** Where a component of the control plane serves TLS, and with which certificate, by the words that it is started with. */
import { ports } from '../config/ports.ts'
import { commandFlag } from './command-flag.ts'
import type { StaticPodComponent } from './write-static-pod.ts'
import { urlHost } from '../host/url-host.ts'

export interface ServingEndpoint {
  /** `etcd peer`: the component, and which of its ports where it has several. */
  readonly name: string
  readonly component: StaticPodComponent
  /** As it was told: it may listen everywhere (`0.0.0.0`, `::`) or on loopback. */
  readonly address: string
  readonly port: number
  /** Path of the certificate that it serves; absent where it makes one by itself. */
  readonly certificateFile?: string
}

export function servingEndpoints(component: StaticPodComponent, command: readonly string[]): readonly ServingEndpoint[] {
  const flag = (name: string): string | undefined => commandFlag(command, name)
  if (component === 'etcd') {
    return [
      ...urlsOf(flag('listen-client-urls')).map((url) => ({ ...url, name: 'etcd client', component, ...fileOf(flag('cert-file')) })),
      ...urlsOf(flag('listen-peer-urls')).map((url) => ({ ...url, name: 'etcd peer', component, ...fileOf(flag('peer-cert-file')) })),
    ]
  }
  const port = Number(flag('secure-port') ?? ports[component])
  const own = component === 'kube-apiserver' ? flag('advertise-address') : undefined
  return port === 0
    ? []
    : [{ name: component, component, address: own ?? flag('bind-address') ?? '0.0.0.0', port, ...fileOf(flag('tls-cert-file')) }]
}

function fileOf(path: string | undefined): { readonly certificateFile?: string } {
  return path === undefined ? {} : { certificateFile: path }
}

/** Those of a comma-separated list that are served with TLS. */
function urlsOf(list = ''): readonly { readonly address: string; readonly port: number }[] {
  return list.split(',').flatMap((text) => {
    if (!text.startsWith('https://')) return []
    const url = new URL(text)
    return [{ address: urlHost(url), port: Number(url.port || 443) }]
  })
}
