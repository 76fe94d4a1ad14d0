/** Runs preflight checks and reports all problems at once. */
import { KadmError } from '../errors.ts'
import { paths } from '../config/paths.ts'
import { failed, nameFor, type Check, type CheckGroups, type Findings } from './check.ts'

export interface RunChecksOptions {
  /**
   * Lower-case names of checks whose errors are only warnings; `all` for every one: what `ignorePreflightErrors` of a loaded configuration
   * holds.
   */
  readonly ignore: ReadonlySet<string>
  /** Gets `[WARNING Name]: text`. */
  readonly warn: (line: string) => void
  /** What is known to be behind the failures, and what to do about it. */
  readonly explain?: Explanation | undefined
}

export interface Explanation {
  readonly message: string
  readonly remedy: readonly [string, ...string[]]
}

/** @throws KadmError PREFLIGHT_FAILED with a detail `[ERROR Name]: text` for each problem of the first group that has any. */
export async function runChecks(groups: CheckGroups, { ignore, warn, explain }: RunChecksOptions): Promise<void> {
  for (const group of groups) {
    // Side by side: a name that does not resolve or an etcd far away holds nothing else up. Told in list order, so that two runs can be
    // compared.
    const all = await Promise.all(group.map(async (check) => ({ check, findings: await findingsOf(check) })))
    const errors: NamedError[] = []
    for (const { check, findings } of all) {
      const harmless = ignore.has('all') || ignore.has(check.name.toLowerCase())
      for (const text of harmless ? [...findings.warnings, ...findings.errors] : findings.warnings) warn(`[WARNING ${check.name}]: ${text}`)
      if (!harmless) errors.push(...findings.errors.map((text) => ({ name: check.name, text })))
    }
    if (errors.length > 0) throw preflightFailed(errors, explain ?? usualExplanation(errors))
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

function preflightFailed(errors: readonly NamedError[], { message, remedy }: Explanation): KadmError {
  const names = [...new Set(errors.map(({ name }) => name))]
  return new KadmError('PREFLIGHT_FAILED', `preflight checks failed: ${message}`, {
    details: errors.map(({ name, text }) => `[ERROR ${name}]: ${text}`),
    remedy: [...remedy, `--ignore-preflight-errors=${names.join(',')}   # if you know that it does no harm here`],
  })
}

/** Ports, files and data in use have one cause when a cluster is there, and a list of them hides it. */
function usualExplanation(errors: readonly NamedError[]): Explanation {
  const again = 'run the same command again'
  if (errors.some(({ name }) => name.startsWith(nameFor('FileAvailable', paths.manifests)))) {
    return { message: 'a control plane is on this host already', remedy: [`kadm reset   # removes it with all its data; then ${again}`] }
  }
  const [first] = errors
  if (errors.length > 1 || first === undefined)
    return { message: `${errors.length} problems`, remedy: [`mend what is listed, then ${again}`] }
  return { message: first.name, remedy: [`mend what is listed, then ${again}`] }
}
