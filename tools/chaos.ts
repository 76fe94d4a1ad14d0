/**
 * `npm run chaos [-- --runs N] [--lanes N] [--seed S] [--name SANDBOX] [--apply NAME]`: applies in which kadm, a host, a link or a disk
 * fails at a random moment. After a second apply the cluster has to be that of an unbroken one. Run i has the seed S + i: `--runs 1 --seed`
 * does it again. Every tenth is an upgrade (`--apply upgrade` alone does that again). Lanes: sandboxes in which runs go on at once.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { errorText } from '../src/cli/text/error-text.ts'
import { newestKubernetes } from '../src/config/own-version.ts'
import { olderKubernetes } from '../src/sandbox/releases.ts'
import { sandboxUp } from '../src/sandbox/sandbox-up.ts'
import { readState } from '../src/sandbox/state.ts'
import { takeDown } from '../src/sandbox/take-down.ts'
import { fleetOperator } from '../test/support/fleet-operator.ts'
import { applies, isApplyName, type ApplyName, type Stage } from './chaos/applies.ts'
import { draw, drawText, usualApplies } from './chaos/draw.ts'
import { chaosRun, unbrokenRun, type Unbroken, type Verdict } from './chaos/run.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '1' },
    name: { type: 'string', default: 'chaos' },
    apply: { type: 'string' },
  },
})

const runs = Number(values.runs)
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 1e6) : Number(values.seed)
const names = Array.from({ length: Number(values.lanes) }, (_, lane) => (lane === 0 ? values.name : `${values.name}-${lane + 1}`))
const folder = await mkdtemp(path.join(tmpdir(), 'kadm-chaos-'))
try {
  const stages: Stage[] = []
  // One after the other: each takes a subnet that nobody has.
  for (const name of names) stages.push(await stageOf(name))
  const left = Array.from({ length: runs }, (_, index) => index)
  const counts: Counts = { good: 0, endedWith0: 0, retries: 0 }
  await Promise.all(stages.map((stage) => runAll(stage, left, counts)))
  console.log(`${counts.good} of ${runs}`)
  console.log(`retries of undisturbed applies: ${counts.retries}`)
  console.log(`broken applies that ended with 0 by themselves: ${counts.endedWith0}`)
  process.exitCode = counts.good === runs ? 0 : 1
} catch (error) {
  process.stderr.write(errorText(error, 0))
  process.exitCode = 1
} finally {
  await Promise.all(names.map(takeDown))
  await rm(folder, { recursive: true, force: true })
}

async function stageOf(name: string): Promise<Stage> {
  if ((await readState(name)) !== undefined) await takeDown(name)
  const source = new URL('..', import.meta.url).pathname
  const settings = { hosts: 3, loadBalancer: true, kubernetesVersion: newestKubernetes, furtherVersions: [olderKubernetes] }
  const sandbox = await sandboxUp({ ...settings, name, source, say: (line) => console.error(line) })
  const own = path.join(folder, name)
  await mkdir(own)
  return { sandbox, operator: fleetOperator(sandbox, own) }
}

interface Counts {
  /** Runs that were as they should be. */
  good: number
  /** Runs whose fault came too late, or did no harm that kadm did not get over. */
  endedWith0: number
  retries: number
}

/** Takes run after run out of `left`, and counts it in `counts`: other lanes share both. */
async function runAll(stage: Stage, left: number[], counts: Counts): Promise<void> {
  const unbroken = new Map<ApplyName, Unbroken>()
  for (let index = left.shift(); index !== undefined; index = left.shift()) {
    const drawn = draw(firstSeed + index, choicesOf(index))
    const known = unbroken.get(drawn.apply)
    const reference = known ?? (await unbrokenRun(stage, drawn.apply))
    unbroken.set(drawn.apply, reference)
    const verdict = await chaosRun(stage, drawn, reference)
    // Those of the unbroken run belong to the run that needed it first.
    const retries = [...(known === undefined ? reference.retries : []), ...verdict.retries]
    if (verdict.failures.length === 0) counts.good++
    if (verdict.broken === 0) counts.endedWith0++
    counts.retries += retries.length
    const again = retries.map((why) => `; an undisturbed apply was tried again: ${why}`).join('')
    console.log(`${index + 1}/${runs} ${drawText(drawn)}: ${verdictText(verdict)}${again}`)
  }
}

function choicesOf(index: number): readonly [ApplyName, ...ApplyName[]] {
  const { apply } = values
  if (apply === undefined) return index % 10 === 9 ? ['upgrade'] : usualApplies
  if (isApplyName(apply)) return [apply]
  throw new Error(`there is no apply "${apply}": use one of ${Object.keys(applies).join(', ')}`)
}

function verdictText({ broken, refusedFor, refusals, failures, seconds }: Verdict): string {
  const waited = refusals.length === 0 ? '' : `; the second was refused for ${refusedFor.toFixed(0)} s: ${refusals.join(' | ')}`
  const end = `the broken apply ended with ${broken}${waited}; ${seconds.toFixed(0)} s`
  return failures.length === 0 ? `same (${end})` : `DIFFERENT (${end})\n  ${failures.join('\n  ')}`
}
