/** The configuration of a reset: file or flags, defaults, what the host says, all checks. */
import type { Host } from '../../host/host.ts'
import type { JsonObject } from '../../json.ts'
import { flagAt, part, textAt, textsAt } from '../document-fields.ts'
import { document, documentContent, mergedPreflightErrors, refuseMixedFlags, type GivenFlags } from '../flags.ts'
import { wordsOf } from '../flag-problems.ts'
import { toTimeouts } from '../init-config.ts'
import { givenProblems } from '../config-problems.ts'
import { readConfigFile } from './read-config-file.ts'
import type { ResetConfig } from '../model.ts'
import { resolveNodeKind } from './resolve-node.ts'

export interface LoadResetOptions {
  /** Path of a configuration file on the host. */
  readonly file: string | undefined
  readonly flags: GivenFlags
  readonly host: Host
  /** `criSocket`: the one that is in use, for where none is given; without it one is looked for. `false`: take containerd's unseen. */
  readonly needs: { readonly criSocket: false | ((host: Host) => Promise<string | undefined>) }
}

/** Throws USAGE, CONFIG_UNREADABLE, CONFIG_SYNTAX, or CONFIG_INVALID with every problem in its details. */
export async function loadResetConfig({
  file,
  flags,
  host,
  needs,
}: LoadResetOptions): Promise<{ readonly config: ResetConfig; readonly warnings: readonly string[] }> {
  if (file !== undefined) refuseMixedFlags(flags)
  const documents =
    file === undefined ? [document('ResetConfiguration', documentContent('ResetConfiguration', flags))] : await readConfigFile(file, host)
  // Settings that cannot be read are no obstacle to what removes them.
  const inUse = needs.criSocket === false ? undefined : await needs.criSocket(host).catch(() => undefined)
  const resolved = await resolveNodeKind('ResetConfiguration', documents, host, {
    strict: false,
    // As kubeadm, which reads the experimental version here without being asked.
    allowExperimental: true,
    detectCriSocket: needs.criSocket !== false,
    adjust: (reset) => ({
      ...reset,
      ...(inUse !== undefined && textAt(reset, 'criSocket') === '' && { criSocket: inUse }),
      ...switched('dryRun', flags['dry-run']),
      ...listed('skipPhases', flags['skip-phases']),
    }),
  })
  if (resolved.problems.length > 0) throw givenProblems(resolved.problems, wordsOf.reset, file)
  const config = toResetConfig(resolved.document)
  const ignorePreflightErrors = mergedPreflightErrors(config.ignorePreflightErrors, flags['ignore-preflight-errors'])
  return { config: { ...config, ignorePreflightErrors }, warnings: resolved.warnings }
}

/** `--dry-run=false` wins over a file that says true, as in kubeadm. */
function switched(name: string, flag: GivenFlags[string]): JsonObject {
  return typeof flag === 'boolean' ? { [name]: flag } : {}
}

function listed(name: string, flag: GivenFlags[string]): JsonObject {
  return Array.isArray(flag) && flag.length > 0 ? { [name]: flag.map(String) } : {}
}

function toResetConfig(reset: JsonObject): ResetConfig {
  return {
    cleanupTmpDir: flagAt(reset, 'cleanupTmpDir'),
    certificatesDir: textAt(reset, 'certificatesDir'),
    criSocket: textAt(reset, 'criSocket'),
    dryRun: flagAt(reset, 'dryRun'),
    force: flagAt(reset, 'force'),
    ignorePreflightErrors: textsAt(reset, 'ignorePreflightErrors'),
    skipPhases: textsAt(reset, 'skipPhases'),
    unmountFlags: textsAt(reset, 'unmountFlags'),
    timeouts: toTimeouts(part(reset, 'timeouts')),
  }
}
