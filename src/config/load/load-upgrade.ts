/** The configuration of `kadm upgrade`: file and flags, defaults, all checks. */
import type { Host } from '../../host/host.ts'
import type { JsonObject } from '../../json.ts'
import { part } from '../document-fields.ts'
import { document, documentContent, mergedPreflightErrors, refuseMixedFlags, type GivenFlags } from '../flags.ts'
import { wordsOf } from '../flag-problems.ts'
import { givenProblems } from '../config-problems.ts'
import { readConfigFile } from './read-config-file.ts'
import { resolveNodeKind } from './resolve-node.ts'
import { toUpgradeConfig, type UpgradeConfigs } from '../upgrade-config.ts'

export interface LoadUpgradeOptions<Action extends keyof UpgradeConfigs> {
  readonly action: Action
  /** Path of a configuration file on the host. */
  readonly file: string | undefined
  /** Those of the configuration that the user gave. */
  readonly flags: GivenFlags
  /** The argument; wins over the file's `kubernetesVersion`. */
  readonly version: string | undefined
  readonly host: Host
}

/**
 * A flag that was given wins over the file, which has its own word on what may stand beside it (`mixedFlags`); checks to ignore come
 * together. Other sections than the command's are read and checked, and say nothing here.
 *
 * @throws KadmError USAGE, CONFIG_UNREADABLE, CONFIG_SYNTAX, or CONFIG_INVALID with every problem in its details
 */
export async function loadUpgradeConfig<Action extends keyof UpgradeConfigs>(
  options: LoadUpgradeOptions<Action>,
): Promise<{ readonly config: UpgradeConfigs[Action]; readonly warnings: readonly string[] }> {
  const { action, file, flags, version, host } = options
  if (file !== undefined) refuseMixedFlags(flags)
  // As in kubeadm, `--force=false` and its kind are given too, but not an empty list.
  const told = Object.entries(part(documentContent('UpgradeConfiguration', flags) as JsonObject, action))
  const fromFlags = Object.fromEntries(told.filter(([, value]) => !Array.isArray(value) || value.length > 0))
  const given: JsonObject = { ...fromFlags, ...(version !== undefined && version !== '' && { kubernetesVersion: version }) }
  const documents = file === undefined ? [document('UpgradeConfiguration', { [action]: given })] : await readConfigFile(file, host)
  const resolved = await resolveNodeKind('UpgradeConfiguration', documents, host, {
    strict: false,
    allowExperimental: false,
    detectCriSocket: false,
    adjust: (upgrade) => withGiven(upgrade, action, given),
  })
  // As in kubeadm, only a file must name the folder of patches by its absolute path.
  const problems = resolved.problems.filter(({ path }) => flags['patches'] === undefined || path !== `${action}.patches.directory`)
  if (problems.length > 0) throw givenProblems(problems, wordsOf.upgrade, file)
  return { config: toUpgradeConfig[action](resolved.document), warnings: resolved.warnings }
}

function withGiven(upgrade: JsonObject, action: keyof UpgradeConfigs, given: JsonObject): JsonObject {
  const section = part(upgrade, action)
  const names = [section['ignorePreflightErrors'], given['ignorePreflightErrors']].flatMap((list) =>
    Array.isArray(list) ? list.map(String) : [],
  )
  return {
    ...upgrade,
    [action]: { ...section, ...given, ...(names.length > 0 && { ignorePreflightErrors: mergedPreflightErrors(names, undefined) }) },
  }
}
