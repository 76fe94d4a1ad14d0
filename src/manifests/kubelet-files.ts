import path from 'node:path/posix'
import type { Argument, ComponentConfig, InitConfiguration, NodeRegistration, Taint } from '../config/model.ts'
import { paths } from '../config/paths.ts'
import { dumpYaml, parseYaml } from '../config/yaml.ts'
import type { Host } from '../host/host.ts'
import { isObject, toJson, type JsonObject } from '../json.ts'
import { quoteAsGo } from './go-quote.ts'
import { mergeKeys } from './merge-keys.ts'
import { patchKubeletConfiguration, patchLine } from './patches.ts'
import { componentArguments, lastArgument } from './static-pods/arguments.ts'
import { strategicMerge } from './strategic-merge.ts'

/** A part of InitConfig that a joining node has too. */
export interface KubeletSettings {
  readonly init: Pick<InitConfiguration, 'nodeRegistration' | 'patches'>
  readonly kubelet: ComponentConfig
}

export interface KubeletWork {
  readonly config: KubeletSettings
  readonly host: Host
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
  /** The kubelet registers its Node with the taints itself: a worker has nobody else who could. */
  readonly registerTaints?: boolean
  /** Where the files go; default /var/lib/kubelet. */
  readonly directory?: string
}

/** Writes what the kubelet reads at its start: flags, the settings of this node, its configuration. Throws PATCH_INVALID, FILE_FAILED. */
export async function writeKubeletFiles(work: KubeletWork): Promise<void> {
  const { config, directory = paths.kubelet, say } = work
  const { nodeRegistration } = config.init
  const { hostname } = await work.host.facts()
  await work.host.makeDirectory(directory, 0o700)
  const write = async (name: string, content: string, what: string) => {
    const file = path.join(directory, name)
    say(`Writing kubelet ${what} to file "${file}"`)
    await work.host.writeFile(file, content, { mode: 0o644, directoryMode: 0o700 })
  }
  await write(
    'kubeadm-flags.env',
    kubeletFlags(nodeRegistration, { hostname, registerTaints: work.registerTaints ?? false }),
    'environment file with flags',
  )
  await write('instance-config.yaml', instanceConfig(nodeRegistration), 'configuration')
  await write('config.yaml', dumpYaml(await nodeConfiguration(work, instanceConfig(nodeRegistration))), 'configuration')
}

/**
 * Writes the configuration anew for a kubelet that has one: flags and settings of this node alone stay as they are; settings that are not
 * there are made. Throws PATCH_INVALID, CONFIG_SYNTAX, FILE_FAILED.
 */
export async function rewriteKubeletConfiguration(work: KubeletWork): Promise<void> {
  const { host, config, say, warn } = work
  const found = await host.readText(paths.kubeletInstanceConfig)
  const instance = found ?? instanceConfig(config.init.nodeRegistration)
  if (found === undefined) {
    warn(
      `"${paths.kubeletInstanceConfig}" is not there: it is made with the container runtime that was found, "${config.init.nodeRegistration.criSocket}"`,
    )
    await host.writeFile(paths.kubeletInstanceConfig, instance, { mode: 0o644, directoryMode: 0o700 })
  }
  const document = await nodeConfiguration(work, instance)
  say(`Writing kubelet configuration to file "${paths.kubeletConfig}"`)
  await host.writeFile(paths.kubeletConfig, dumpYaml(document), { mode: 0o644, directoryMode: 0o700 })
}

/**
 * Takes out of kubeadm-flags.env what kubelets from 1.35 on end at, and older ones do without: kubeadm wrote it up to 1.34, and 1.37's own
 * upgrade leaves it. Before such a kubelet is started. Throws FILE_FAILED.
 */
export async function dropRemovedFlags({ host, say }: Pick<KubeletWork, 'host' | 'say'>): Promise<void> {
  const before = await host.readText(paths.kubeletFlags)
  const after = before?.replaceAll(/ *--pod-infra-container-image=[^"\s]*/g, '').replaceAll('=" ', '="')
  if (after === undefined || after === before) return
  say(`[upgrade/kubelet] Taking --pod-infra-container-image out of "${paths.kubeletFlags}": newer kubelets do not know it`)
  await host.writeFile(paths.kubeletFlags, after, { mode: 0o644, keepMode: true })
}

/** The configuration that the kubelet of this host reads, as it was written; empty when there is none. Throws CONFIG_SYNTAX. */
export async function nodeKubeletConfiguration(host: Pick<Host, 'readText'>): Promise<JsonObject> {
  const text = await host.readText(paths.kubeletConfig)
  const document = text === undefined ? {} : toJson(parseYaml(text))
  return isObject(document) ? document : {}
}

/** The line of kubeadm-flags.env. The unit file of the kubelet splits it at blanks, so quotes inside do nothing there. */
export function kubeletFlags(
  node: NodeRegistration,
  { hostname, registerTaints }: { readonly hostname: string; readonly registerTaints: boolean },
): string {
  const name = lastArgument(node.kubeletExtraArgs, 'hostname-override') ?? node.name
  const base = {
    'hostname-override': name === hostname.trim().toLowerCase() ? undefined : name,
    'register-with-taints': registerTaints && node.taints.length > 0 ? node.taints.map(taintText).join(',') : undefined,
  }
  return flagsLine(componentArguments(base, node.kubeletExtraArgs))
}

/** The settings of this node alone, which upgrades read back. */
export function instanceConfig({ criSocket }: Pick<NodeRegistration, 'criSocket'>): string {
  return `containerRuntimeEndpoint: ${quoteAsGo(criSocket)}\n`
}

/** Arguments as kubeadm-flags.env holds them, in the order given; what is no `--name=value` is left out. */
export function parseKubeletFlags(text: string): readonly Argument[] {
  const line = text.trim()
  if (!line.startsWith(flagsVariable)) return []
  const words = line
    .slice(flagsVariable.length)
    .replaceAll(/^"+|"+$/g, '')
    .split(/\s+/)
  return words.flatMap((word) => {
    const parts = /^--(?<name>[^=]+)=(?<value>.*)$/.exec(word)?.groups
    return parts === undefined ? [] : [{ name: parts['name'] ?? '', value: parts['value'] ?? '' }]
  })
}

const flagsVariable = 'KUBELET_KUBEADM_ARGS='

/** Where systemd-resolved keeps the servers it asks; /etc/resolv.conf only names itself then, and Pods cannot reach that. */
const systemdResolvConf = '/run/systemd/resolve/resolv.conf'

async function nodeConfiguration(work: KubeletWork, instanceText: string): Promise<JsonObject> {
  const { config, host, say } = work
  const cluster = await withResolvConf(config.kubelet.document, work)
  const directory = config.init.patches?.directory
  const patched = directory === undefined ? cluster : await patchKubeletConfiguration(cluster, { directory, host, say })
  const instance = toJson(parseYaml(instanceText))
  say(patchLine('strategic', 'kubeletconfiguration'))
  return strategicMerge(patched, isObject(instance) ? instance : {}, mergeKeys.KubeletConfiguration)
}

async function withResolvConf(document: JsonObject, { host, warn }: KubeletWork): Promise<JsonObject> {
  if (!(await host.services.isActive('systemd-resolved'))) return document
  const { resolvConf } = document
  if (resolvConf === undefined || resolvConf === null) return { ...document, resolvConf: systemdResolvConf }
  if (resolvConf !== systemdResolvConf) {
    warn(`KubeletConfiguration: resolvConf is "${String(resolvConf)}"; "${systemdResolvConf}" is recommended beside systemd-resolved`)
  }
  return document
}

function flagsLine(list: readonly string[]): string {
  return `${flagsVariable}${quoteAsGo(list.join(' '))}\n`
}

function taintText({ key, value = '', effect }: Taint): string {
  const named = value === '' ? key : `${key}=${value}`
  return effect === '' ? named : `${named}:${effect}`
}
