/** Where each component says that it is well. Read from what it is started with, so that `extraArgs` and patches count. */
import type { ComponentConfig, InitConfig } from '../config/model.ts'
import { paths } from '../config/paths.ts'
import { parseYaml } from '../config/yaml.ts'
import type { Host } from '../host/host.ts'

export type HealthComponent = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler'

const defaults = {
  'kube-apiserver': { address: '', port: '6443', path: '/livez' },
  'kube-controller-manager': { address: '127.0.0.1', port: '10257', path: '/healthz' },
  'kube-scheduler': { address: '127.0.0.1', port: '10259', path: '/livez' },
} as const

/** URL of the component's health, from the flags in its manifest on the host. */
export async function componentHealthUrl(component: HealthComponent, { config, host }: { readonly config: InitConfig; readonly host: Pick<Host, 'readText'> }): Promise<string> {
  const { address, port, path } = defaults[component]
  const own = component === 'kube-apiserver' ? { flag: 'advertise-address', address: config.init.localAPIEndpoint.advertiseAddress } : { flag: 'bind-address', address }
  const words = commandWords(parseYaml((await host.readText(`${paths.manifests}/${component}.yaml`)) ?? ''))
  return `https://${urlHost(flagValue(words, own.flag) ?? own.address)}:${flagValue(words, 'secure-port') ?? port}${path}`
}

/** URL of the kubelet's health; `undefined` when its port is 0. Source: KubeletConfiguration, whose defaults are 127.0.0.1 and 10248. */
export function kubeletHealthUrl({ document }: ComponentConfig): string | undefined {
  const { healthzBindAddress, healthzPort } = document
  const port = typeof healthzPort === 'number' ? healthzPort : 10248
  const address = typeof healthzBindAddress === 'string' && healthzBindAddress !== '' ? healthzBindAddress : '127.0.0.1'
  return port === 0 ? undefined : `http://${urlHost(address)}:${port}/healthz`
}

function commandWords(pod: unknown): readonly string[] {
  const containers = field(field(pod, 'spec'), 'containers')
  if (!Array.isArray(containers)) return []
  return ['command', 'args'].flatMap((name) => {
    const words = field(containers[0], name)
    return Array.isArray(words) ? words.map(String) : []
  })
}

/** The last one counts, as in the component itself. */
function flagValue(words: readonly string[], name: string): string | undefined {
  const found = words.findLast((word) => word.startsWith(`--${name}=`) || word.startsWith(`-${name}=`))
  return found?.slice(found.indexOf('=') + 1)
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** An address to listen on everywhere is asked at loopback; IPv6 goes in brackets. */
function urlHost(address: string): string {
  const reachable = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
  return reachable.includes(':') ? `[${reachable}]` : reachable
}
