/** The bootstrap tokens that a user asks for, by flags or by the InitConfiguration of a file. */
import type { Host } from '../../host/host.ts'
import type { Json, JsonObject } from '../../json.ts'
import { toldByWords, wordsOf } from '../flag-problems.ts'
import { document } from '../flags.ts'
import { toInitConfiguration } from '../init-config.ts'
import { wordProblems } from '../config-problems.ts'
import { loadInitConfig } from './load-init.ts'
import type { BootstrapToken } from '../model.ts'
import { resolveInit } from './resolve-init.ts'
import { newestKubernetes } from '../own-version.ts'

export interface TokenFlags {
  readonly token?: string
  /** `24h0m0s` */
  readonly ttl?: string
  readonly usages?: readonly string[]
  readonly groups?: readonly string[]
  readonly description?: string
}

export interface LoadedTokens {
  readonly tokens: readonly BootstrapToken[]
  readonly warnings: readonly string[]
}

/**
 * A token that is not given is made. Throws CONFIG_INVALID with every problem in its details; for a file also CONFIG_UNREADABLE,
 * CONFIG_SYNTAX.
 */
export async function loadTokens(asked: { readonly file: string } | { readonly flags: TokenFlags }, host: Host): Promise<LoadedTokens> {
  // Nothing here depends on the version: no label is looked up.
  const fetchVersion = async (): Promise<string> => newestKubernetes
  if ('file' in asked) {
    const { config, warnings } = await loadInitConfig({ file: asked.file, flags: {}, host, fetchVersion, needs: { criSocket: false } })
    return { tokens: config.init.bootstrapTokens, warnings }
  }
  // With what the host would be asked for otherwise: its name and address are no matter here.
  const documents = [
    document('InitConfiguration', {
      bootstrapTokens: [tokenDocument(asked.flags)],
      localAPIEndpoint: { advertiseAddress: '1.2.3.4' },
      nodeRegistration: { name: 'node' },
    }),
    document('ClusterConfiguration', { kubernetesVersion: newestKubernetes }),
  ]
  const { init, problems, warnings } = await resolveInit(documents, host, {
    strict: false,
    allowExperimental: false,
    detectCriSocket: false,
    fetchVersion,
  })
  if (problems.length > 0) throw wordProblems(toldByWords(problems, wordsOf.token))
  return { tokens: toInitConfiguration(init).bootstrapTokens, warnings }
}

function tokenDocument({ token, ttl, usages, groups, description }: TokenFlags): JsonObject {
  const fields: Readonly<Record<string, Json | undefined>> = { token, ttl, usages, groups, description }
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])))
}
