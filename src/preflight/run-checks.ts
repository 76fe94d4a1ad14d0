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
    const problems = await checkProblems(group, ignore)
    for (const { severity, name, text } of problems) if (severity === 'warning') warn(`[WARNING ${name}]: ${text}`)
    const errors = problems.filter(({ severity }) => severity === 'error')
    if (errors.length > 0) throw preflightFailed(errors, explain ?? usualExplanation(errors))
  }
}

export interface CheckProblem {
  readonly severity: 'error' | 'warning'
  /** Of the check. */
  readonly name: string
  readonly text: string
}

/**
 * Side by side: a name that does not resolve or an etcd far away holds nothing else up. Told in list order, so that two runs can be compared.
 */
export async function checkProblems(checks: readonly Check[], ignore: RunChecksOptions['ignore']): Promise<readonly CheckProblem[]> {
  const all = await Promise.all(checks.map(async (check) => ({ name: check.name, ...(await findingsOf(check)) })))
  return all.flatMap(({ name, warnings, errors }) => {
    const severity: CheckProblem['severity'] = ignore.has('all') || ignore.has(name.toLowerCase()) ? 'warning' : 'error'
    return [...warnings.map((text) => ({ severity: 'warning' as const, name, text })), ...errors.map((text) => ({ severity, name, text }))]
  })
}

async function findingsOf(check: Check): Promise<Findings> {
  try {
    return await check.run()
  } catch (error) {
    if (error instanceof KadmError) return failed(error.message)
    throw error
  }
}

function preflightFailed(errors: readonly CheckProblem[], { message, remedy }: Explanation): KadmError {
  const names = [...new Set(errors.map(({ name }) => name))]
  return new KadmError('PREFLIGHT_FAILED', `preflight checks failed: ${message}`, {
    details: errors.map(({ name, text }) => `[ERROR ${name}]: ${text}`),
    remedy: [...remedy, `--ignore-preflight-errors=${names.join(',')}   # if you know that it does no harm here`],
  })
}

/** Ports, files and data in use have one cause when a cluster is there, and a list of them hides it. */
function usualExplanation(errors: readonly CheckProblem[]): Explanation {
  const again = 'run the same command again'
  if (errors.some(({ name }) => name.startsWith(nameFor('FileAvailable', paths.manifests)))) {
    return { message: 'a control plane is on this host already', remedy: [`kadm reset   # removes it with all its data; then ${again}`] }
  }
  const [first] = errors
  if (errors.length > 1 || first === undefined)
    return { message: `${errors.length} problems`, remedy: [`mend what is listed, then ${again}`] }
  return { message: first.name, remedy: [`mend what is listed, then ${again}`] }
}
