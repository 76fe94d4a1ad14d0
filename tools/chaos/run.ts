/** One run: an apply that a fault breaks, a second one when the fault is gone, and what that has led to beside an unbroken one. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import { applies, prepare, whyAgain, type Apply, type ApplyName, type Stage } from './applies.ts'
import type { Draw } from './draw.ts'
import { faults } from './faults.ts'
import { lastingDifferences, settledOutcome, type Outcome } from './outcome.ts'

export interface Unbroken {
  readonly outcome: Outcome
  readonly seconds: number
  /** Why it, or the apply before it, was tried again, each time. */
  readonly retries: readonly string[]
}

export interface Verdict {
  /** Exit code of the broken apply. */
  readonly broken: number
  /**
   * Seconds that the second apply was refused for, because of what the fault had left: a cluster that has yet to come up again, a lock that
   * has yet to end.
   */
  readonly refusedFor: number
  readonly refusals: readonly string[]
  /** Why the apply before the broken one, which nothing disturbed, was tried again, each time. */
  readonly retries: readonly string[]
  /** Empty when the run is as it should be. */
  readonly failures: readonly string[]
  /** Of the whole run. */
  readonly seconds: number
}

/** What an apply leads to that nothing disturbs, and how long it takes. On a machine that is too busy for one it is begun anew, twice. */
export async function unbrokenRun(stage: Stage, name: ApplyName): Promise<Unbroken> {
  const apply = applies[name]
  const retries: string[] = []
  for (let triesLeft = 2; ; triesLeft--) {
    const prepared = await prepare(stage, apply)
    retries.push(...prepared.retries)
    const started = performance.now()
    const result = await stage.operator.kadm(['apply', '-f', prepared.file, '--yes'])
    const seconds = secondsSince(started)
    const outcome = result.exitCode === 0 ? await settledOutcome(stage, apply, prepared.file) : undefined
    if (outcome?.own['kadm plan']?.includes('nothing to do')) return { outcome, seconds, retries }
    if (triesLeft === 0) throw new Error(`an unbroken apply has failed, or has left something to do:\n${result.stdout}${result.stderr}`)
    retries.push(whyAgain(result))
  }
}

export async function chaosRun(stage: Stage, draw: Draw, unbroken: Unbroken): Promise<Verdict> {
  const started = performance.now()
  const apply = applies[draw.apply]
  const { file, retries } = await prepare(stage, apply, draw.fault === 'disk' ? draw.host : undefined)
  const broken = await brokenApply(stage, draw, { file, moment: draw.moment * unbroken.seconds })
  const second = await secondApply(stage, file)
  const failures = second.failure === undefined ? await differencesFrom(unbroken, { stage, apply, file }) : [second.failure]
  return {
    broken: broken.exitCode,
    refusedFor: second.refusedFor,
    refusals: second.refusals,
    retries,
    failures: failures.length === 0 ? [] : [...failures, `the broken apply said:\n${tail(broken)}`],
    seconds: secondsSince(started),
  }
}

/** Seconds that the broken apply gets to end by itself, once the fault is gone. */
const patience = 90

async function brokenApply(
  { sandbox, operator }: Stage,
  { fault, host, lasts, pagesLeft }: Draw,
  { file, moment }: { readonly file: string; readonly moment: number },
): Promise<ProgramResult> {
  const words = ['apply', '-f', file, '--yes']
  if (fault === 'kill') return operator.kadm(words, { killAfter: Math.max(moment, 0.01) })
  const applied = operator.kadm(words, { killAfter: moment + lasts + patience })
  await sleep(moment * 1000)
  await faults[fault].strike(sandbox, { host, pagesLeft })
  await sleep(lasts * 1000)
  await faults[fault].mend(sandbox, host)
  return applied
}

interface Second {
  readonly refusedFor: number
  readonly refusals: readonly string[]
  readonly failure?: string
}

/** Seconds that a second apply may be refused for before that counts as a failure. */
const longestRefusal = 90

/** A refusal changes nothing and says why: then it is tried again, as who reads it would do. */
async function secondApply({ operator }: Stage, file: string): Promise<Second> {
  const started = performance.now()
  const refusals: string[] = []
  for (;;) {
    const refusedFor = refusals.length === 0 ? 0 : secondsSince(started)
    const result = await operator.kadm(['apply', '-f', file, '--yes'])
    if (result.exitCode === 0) return { refusedFor, refusals: [...new Set(refusals)] }
    const refusal = /^error: (.*(?:nothing was changed|is working on this|\[RUN_IN_PROGRESS\]).*)$/m.exec(result.stderr)?.[1]
    if (refusal === undefined || refusedFor > longestRefusal)
      return { refusedFor, refusals, failure: `the second apply failed with ${result.exitCode}:\n${tail(result)}` }
    refusals.push(refusal)
    await sleep(2000)
  }
}

async function differencesFrom(
  { outcome }: Unbroken,
  { stage, apply, file }: { readonly stage: Stage; readonly apply: Apply; readonly file: string },
): Promise<readonly string[]> {
  return lastingDifferences(stage, { apply, file, expected: outcome }).catch((error: unknown) => [
    `the cluster cannot be looked at: ${String(error)}`,
  ])
}

function tail({ stdout, stderr }: ProgramResult): string {
  return `${stdout}${stderr}`
    .trim()
    .split('\n')
    .slice(-25)
    .map((line) => `    ${line}`)
    .join('\n')
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000
}
