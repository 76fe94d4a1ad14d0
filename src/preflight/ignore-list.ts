/** `--ignore-preflight-errors` and `ignorePreflightErrors`: one set. */
import { KadmError } from '../errors.ts'

/**
 * The union of what the flag and the configuration file name, in lower case. Unknown names are kept: lists are shared between versions.
 *
 * @throws KadmError CONFIG_INVALID when `all` stands beside other names.
 */
export function ignoredChecks(fromFlag: readonly string[], fromConfig: readonly string[]): ReadonlySet<string> {
  const ignored = new Set([...fromConfig, ...fromFlag].map((name) => name.toLowerCase()))
  if (!ignored.has('all') || ignored.size === 1) return ignored
  const others = [...ignored].filter((name) => name !== 'all')
  throw new KadmError('CONFIG_INVALID', `ignore-preflight-errors: "all" stands beside "${others.join('", "')}"`, {
    remedy: ['--ignore-preflight-errors=all', `--ignore-preflight-errors=${others.join(',')}`],
  })
}
