import { criSocket } from '../config/host-defaults.ts'
import { paths } from '../config/paths.ts'
import { parseYaml } from '../config/yaml.ts'
import type { Host } from '../host/host.ts'
import { isObject, toJson } from '../json.ts'
import { parseKubeletFlags } from '../manifests/kubelet-files.ts'

/** The socket that the kubelet of this host uses; looked for where its own settings do not say. Throws CONFIG_SYNTAX, FILE_FAILED. */
export async function socketOfKubelet(host: Host, warn: (line: string) => void): Promise<string> {
  const own = await socketByKubelet(host)
  if (own !== undefined) return own
  const found = await criSocket('', host, true)
  warn(`"${paths.kubeletInstanceConfig}" does not say where the container runtime is, nor do the kubelet's flags: taking "${found.value}"`)
  return found.value
}

/** As the kubelet's own settings say it; `undefined` where they do not. Throws CONFIG_SYNTAX, FILE_FAILED. */
export async function socketByKubelet(host: Pick<Host, 'readText'>): Promise<string | undefined> {
  const text = await host.readText(paths.kubeletInstanceConfig)
  const settings = text === undefined ? undefined : toJson(parseYaml(text))
  const endpoint = isObject(settings) ? settings['containerRuntimeEndpoint'] : undefined
  if (typeof endpoint === 'string' && endpoint !== '') return endpoint
  // Before 1.34 it stood among the kubelet's flags.
  const flags = parseKubeletFlags((await host.readText(paths.kubeletFlags)) ?? '')
  const flag = flags.find(({ name }) => name === 'container-runtime-endpoint')?.value
  return flag === '' ? undefined : flag
}
