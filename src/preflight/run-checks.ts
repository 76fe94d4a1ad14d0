/** Runs preflight checks and reports all problems at once. */
import { KadmError } from '../errors.ts'
import { failed, type Check, type CheckGroups, type Findings } from './check.ts'

export interface RunChecksOptions {
  /** Lower-case names of checks whose errors are only warnings; `all` for every one: what `ignorePreflightErrors` of a loaded configuration holds. */
  readonly ignore: ReadonlySet<string>
  /** Gets `[WARNING Name]: text`. */
  readonly warn: (line: string) => void
}

/** @throws KadmError PREFLIGHT_FAILED with a detail `[ERROR Name]: text` for each problem of the first group that has any. */
export async function runChecks(groups: CheckGroups, { ignore, warn }: RunChecksOptions): Promise<void> {
  for (const group of groups) {
    // Side by side: a name that does not resolve or an etcd far away holds nothing else up. Told in list order, so that two runs can be compared.
    const all = await Promise.all(group.map(async (check) => ({ check, findings: await findingsOf(check) })))
    const errors: NamedError[] = []
    for (const { check, findings } of all) {
      const harmless = ignore.has('all') || ignore.has(check.name.toLowerCase())
      for (const text of harmless ? [...findings.warnings, ...findings.errors] : findings.warnings) warn(`[WARNING ${check.name}]: ${text}`)
      if (!harmless) errors.push(...findings.errors.map((text) => ({ name: check.name, text })))
    }
    if (errors.length > 0) throw preflightFailed(errors)
  }
}

interface NamedError {
  readonly name: string
  readonly text: string
}

async function findingsOf(check: Check): Promise<Findings> {
  try {
    return await check.run()
  } catch (error) {
    if (error instanceof KadmError) return failed(error.message)
    throw error
  }
}

function preflightFailed(errors: readonly NamedError[]): KadmError {
  const names = [...new Set(errors.map(({ name }) => name))]
  return new KadmError('PREFLIGHT_FAILED', 'preflight checks failed', {
    details: errors.map(({ name, text }) => `[ERROR ${name}]: ${text}`),
    remedy: [
      'mend what is listed and run the same command again',
      `--ignore-preflight-errors=${names.join(',')} if you know that it does no harm here`,
    ],
  })
}
