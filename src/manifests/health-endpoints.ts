import path from 'node:path/posix'
import type { ComponentConfig, InitConfiguration, Json } from '../config/model.ts'
import { paths } from '../config/paths.ts'
import { hostAndPort } from '../config/server-url.ts'
import { parseYaml } from '../config/yaml.ts'
import type { Host } from '../host/host.ts'
import { commandFlag } from './command-flag.ts'
import { isJsonArray, isJsonObject, toJson } from './json-value.ts'

export type HealthComponent = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler'

/** Where a component tells how it is, by the flags in its manifest (which the user may have patched), else by default. */
export async function componentHealthUrl(
  component: HealthComponent,
  {
    config,
    host,
  }: { readonly config: { readonly init: Pick<InitConfiguration, 'localAPIEndpoint'> }; readonly host: Pick<Host, 'readText'> },
): Promise<string> {
  const { addressFlag, port, endpoint } = endpoints[component]
  const flags = commandOf(await manifestOn(host, component), component)
  const address =
    commandFlag(flags, addressFlag) ?? (component === 'kube-apiserver' ? config.init.localAPIEndpoint.advertiseAddress : '127.0.0.1')
  return `https://${hostAndPort(reachable(address), Number(commandFlag(flags, 'secure-port') ?? port))}/${endpoint}`
}

/** Where the kubelet does; `undefined` when it was told not to. */
export function kubeletHealthUrl({ document }: ComponentConfig): string | undefined {
  const { healthzBindAddress, healthzPort } = document
  const port = typeof healthzPort === 'number' ? healthzPort : 10_248
  const address = typeof healthzBindAddress === 'string' && healthzBindAddress !== '' ? healthzBindAddress : '127.0.0.1'
  return port === 0 ? undefined : `http://${hostAndPort(reachable(address), port)}/healthz`
}

const endpoints = {
  'kube-apiserver': { addressFlag: 'advertise-address', port: 6443, endpoint: 'livez' },
  'kube-controller-manager': { addressFlag: 'bind-address', port: 10_257, endpoint: 'healthz' },
  'kube-scheduler': { addressFlag: 'bind-address', port: 10_259, endpoint: 'livez' },
} as const

async function manifestOn(host: Pick<Host, 'readText'>, component: HealthComponent): Promise<Json> {
  const text = await host.readText(path.join(paths.manifests, `${component}.yaml`))
  return text === undefined ? null : toJson(parseYaml(text))
}

/** The command of the container that runs the component; others may stand beside it. */
function commandOf(pod: Json, component: HealthComponent): readonly string[] {
  const spec = isJsonObject(pod) ? pod['spec'] : undefined
  const containers = isJsonObject(spec) && isJsonArray(spec['containers']) ? spec['containers'] : []
  const commands = containers.map((container) => (isJsonObject(container) && isJsonArray(container['command']) ? container['command'] : []))
  return (commands.find(([first]) => first === component) ?? []).filter((word) => typeof word === 'string')
}

/** An address to go to on the host itself: "listens everywhere" is none. */
export function reachable(address: string): string {
  return address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
}
