/** The configuration of an init: file or flags, defaults, what the host says, all checks. */
import type { Host } from '../../host/host.ts'
import { bindAddressProblems } from '../checks.ts'
import { givenProblems } from '../config-problems.ts'
import { wordsOf } from '../flag-problems.ts'
import { initDocuments, mergedPreflightErrors, refuseMixedFlags, withFlagsBesideFile, type GivenFlags } from '../flags.ts'
import { toClusterConfiguration, toInitConfiguration } from '../init-config.ts'
import type { FetchVersion } from '../kubernetes-version.ts'
import type { InitConfig } from '../model.ts'
import { readConfigFile } from './read-config-file.ts'
import { resolveInit } from './resolve-init.ts'

export interface LoadInitOptions {
  /** Path of a configuration file on the host. */
  readonly file?: string
  readonly flags: GivenFlags
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
    ...(file !== undefined && { adjust: (init) => withFlagsBesideFile(init, flags) }),
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
