import { listAt, objectsAt, part } from '../config/document-fields.ts'
import type { ComponentConfig, InitConfiguration } from '../config/model.ts'
import { ports } from '../config/ports.ts'
import { hostAndPort } from '../config/server-url.ts'
import { parseYaml } from '../config/yaml.ts'
import type { Host } from '../host/host.ts'
import { isObject, toJson, type JsonObject } from '../json.ts'
import { commandFlag } from './command-flag.ts'
import { staticPodPath, type controlPlaneComponents } from './write-static-pod.ts'

export type HealthComponent = (typeof controlPlaneComponents)[number]

/** Where a component tells how it is, by the flags in its manifest (which the user may have patched), else by default. */
export async function componentHealthUrl(
  component: HealthComponent,
  {
    config,
    host,
  }: { readonly config: { readonly init: Pick<InitConfiguration, 'localAPIEndpoint'> }; readonly host: Pick<Host, 'readText'> },
): Promise<string> {
  const { addressFlag, endpoint } = endpoints[component]
  const flags = commandOf(await manifestOn(host, component), component)
  const address =
    commandFlag(flags, addressFlag) ?? (component === 'kube-apiserver' ? config.init.localAPIEndpoint.advertiseAddress : '127.0.0.1')
  return `https://${hostAndPort(reachable(address), Number(commandFlag(flags, 'secure-port') ?? ports[component]))}/${endpoint}`
}

/** Where the kubelet does; `undefined` when it was told not to. */
export function kubeletHealthUrl({ document }: ComponentConfig): string | undefined {
  const { healthzBindAddress, healthzPort } = document
  const port = typeof healthzPort === 'number' ? healthzPort : ports.kubeletHealth
  const address = typeof healthzBindAddress === 'string' && healthzBindAddress !== '' ? healthzBindAddress : '127.0.0.1'
  return port === 0 ? undefined : `http://${hostAndPort(reachable(address), port)}/healthz`
}

const endpoints = {
  'kube-apiserver': { addressFlag: 'advertise-address', endpoint: 'livez' },
  'kube-controller-manager': { addressFlag: 'bind-address', endpoint: 'healthz' },
  'kube-scheduler': { addressFlag: 'bind-address', endpoint: 'livez' },
} as const

async function manifestOn(host: Pick<Host, 'readText'>, component: HealthComponent): Promise<JsonObject> {
  const text = await host.readText(staticPodPath(component))
  const pod = text === undefined ? {} : toJson(parseYaml(text))
  return isObject(pod) ? pod : {}
}

/** The command of the container that runs the component; others may stand beside it. */
function commandOf(pod: JsonObject, component: HealthComponent): readonly string[] {
  const commands = objectsAt(part(pod, 'spec'), 'containers').map((container) => listAt(container, 'command'))
  return (commands.find(([first]) => first === component) ?? []).filter((word) => typeof word === 'string')
}

/** An address to go to on the host itself: "listens everywhere" is none. */
export function reachable(address: string): string {
  return address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
}
