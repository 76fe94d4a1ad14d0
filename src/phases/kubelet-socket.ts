import { criSocket } from '../config/host-defaults.ts'
import { paths } from '../config/paths.ts'
import { parseYaml } from '../config/yaml.ts'
import type { Host } from '../host/host.ts'
import { isJsonObject, toJson } from '../manifests/json-value.ts'

/** The socket that the kubelet of this host uses; looked for where its own settings do not say. */
export async function socketOfKubelet(host: Host, warn: (line: string) => void): Promise<string> {
  const text = await host.readText(paths.kubeletInstanceConfig)
  const settings = text === undefined ? undefined : toJson(parseYaml(text))
  const endpoint = isJsonObject(settings) ? settings['containerRuntimeEndpoint'] : undefined
  if (typeof endpoint === 'string' && endpoint !== '') return endpoint
  const found = await criSocket('', host, true)
  warn(`"${paths.kubeletInstanceConfig}" does not say where the container runtime is: taking "${found.value}"`)
  return found.value
}
