/** The configuration of an init: file or flags, defaults, what the host says, all checks. */
import type { Host } from '../host/host.ts'
import { KadmError } from '../errors.ts'
import { givenProblems } from './config-problems.ts'
import type { Problem } from './decode.ts'
import { wordsOf } from './flag-problems.ts'
import { adjustInit, initDocuments, mergedPreflightErrors, mixedFlags, type InitFlags } from './flags.ts'
import { toClusterConfiguration, toInitConfiguration } from './init-config.ts'
import { isGlobalUnicast, isLoopback, parseIp } from './ip-address.ts'
import type { FetchVersion } from './kubernetes-version.ts'
import type { InitConfig } from './model.ts'
import { readConfigFile } from './read-config-file.ts'
import { resolveInit } from './resolve-init.ts'

export interface LoadInitOptions {
  /** Path of a configuration file on the host. */
  readonly file?: string
  readonly flags: InitFlags
  readonly host: Host
  /** Looks up version labels; without it the own version is taken, with a warning. */
  readonly fetchVersion?: FetchVersion
  /** `criSocket` false: do not look for the container runtime, take containerd's socket. */
  readonly needs: { readonly criSocket: boolean }
  /** For each bootstrap token that is not given; random when absent. */
  readonly newToken?: () => Promise<string>
  /**
   * For a run on the host: its address must be one that others can reach, and checks to ignore must fit together. As in kubeadm, both are no
   * matter to commands that only read the configuration, as those of images and certificates.
   */
  readonly forRun?: boolean
}

/** Throws CONFIG_UNREADABLE, CONFIG_SYNTAX, or CONFIG_INVALID with every problem in its details. */
export async function loadInitConfig(
  options: LoadInitOptions,
): Promise<{ readonly config: InitConfig; readonly warnings: readonly string[] }> {
  const { file, flags, host, forRun = false } = options
  if (file !== undefined) refuseMixedFlags(flags)
  const documents = file === undefined ? initDocuments(flags) : await readConfigFile(file, host)
  const resolved = await resolveInit(documents, host, {
    strict: false,
    allowExperimental: false,
    detectCriSocket: options.needs.criSocket,
    fetchVersion: options.fetchVersion ?? noFetch,
    ...(options.newToken !== undefined && { newToken: options.newToken }),
    ...(file !== undefined && { adjust: (init) => adjustInit(init, flags) }),
  })
  const init = toInitConfiguration(resolved.init)
  const unreachable = forRun ? bindAddressProblems(init.localAPIEndpoint.advertiseAddress, resolved.problems) : []
  const problems = [...resolved.problems, ...unreachable]
  if (problems.length > 0) throw givenProblems(problems, wordsOf.init, file)
  const ofFile = init.nodeRegistration.ignorePreflightErrors
  const ignorePreflightErrors = forRun ? mergedPreflightErrors(ofFile, flags['ignore-preflight-errors']) : ofFile
  const config: InitConfig = {
    init: { ...init, nodeRegistration: { ...init.nodeRegistration, ignorePreflightErrors } },
    cluster: toClusterConfiguration(resolved.cluster, resolved.ciVersion),
    kubelet: resolved.kubelet,
    kubeProxy: resolved.kubeProxy,
  }
  return { config, warnings: resolved.warnings }
}

export const noFetch: FetchVersion = () => Promise.reject(new Error('looking up versions is off'))

/** Throws USAGE. */
export function refuseMixedFlags(flags: InitFlags): void {
  const names = Object.keys(flags).filter((name) => flags[name] !== undefined)
  const mixed = mixedFlags(['config', ...names])
  if (mixed.length === 0) return
  throw new KadmError('USAGE', `--config cannot be mixed with ${mixed.map((name) => `--${name}`).join(', ')}`, {
    remedy: ['put these values into the file, or leave --config out'],
  })
}

/** An API server is announced at an address that others can reach; loopback stands for one that is on the loopback interface. */
export function bindAddressProblems(
  address: string,
  known: readonly Problem[],
  path = 'localAPIEndpoint.advertiseAddress',
): readonly Problem[] {
  const ip = parseIp(address)
  if (ip === undefined || isLoopback(ip) || isGlobalUnicast(ip) || known.some((problem) => problem.path === path)) return []
  return [{ path, text: `"${address}" is not an address that other nodes can reach` }]
}
