/** `kadm apply` for a user: the plan shown, the question, the work, what came of it. */
import { readConfigText } from '../../config/load/read-config-file.ts'
import { KadmError } from '../../errors.ts'
import { applyPlan } from '../../fleet/apply/apply.ts'
import { makePlan, parsePlan, requireNoProblems, requireSame } from '../../fleet/plan/plan.ts'
import { localHost } from '../../host/local-host.ts'
import { shellQuote } from '../../host/shell-quote.ts'
import { whoRuns } from '../../host/who-runs.ts'
import { printable } from '../../progress/printable.ts'
import { applyDoneText } from '../text/apply-done-text.ts'
import type { CommandInput } from '../command.ts'
import { requireYes } from '../confirm.ts'
import { fleetOfFile } from '../fleet-of-file.ts'
import { fleetPlanText } from '../text/fleet-plan-text.ts'
import { fleetProgress } from '../fleet-progress.ts'
import { fleetTries, type FleetTry } from '../fleet-tries.ts'
import { lockOwner } from '../noted-command.ts'
import { timedFleet, type RunTrace } from '../open-trace.ts'
import { besideEvents, tellAll } from '../flags/run-flags.ts'

// After a power cut a kubelet has the control plane up within half a minute, unless it backs off.
const apiPatience = 60_000

export async function runApply(input: CommandInput): Promise<void> {
  await fleetTries(input, 'apply', (one) => applyTraced(input, one))
}

async function applyTraced(input: CommandInput, { trace, wait, confirmed, note }: FleetTry): Promise<void> {
  const {
    flags,
    signal,
    arguments: [planFile],
  } = input
  const { events, io } = besideEvents(input)
  if (planFile !== undefined && flags.given.has('file'))
    throw new KadmError('USAGE', 'a kept plan says which cluster file it is of: leave -f out', {
      remedy: [`kadm apply ${shellQuote(planFile)}`],
    })
  const kept = planFile === undefined ? undefined : parsePlan(await readConfigText(planFile, localHost()), planFile)
  const during: RunTrace['during'] = trace?.during ?? ((_step, work) => work())
  const opened = await during('connections', () => fleetOfFile(input, kept?.file.path))
  const { file, source } = opened
  const fleet = timedFleet(opened.fleet, trace)
  const started = performance.now()
  try {
    const made = await during('plan', () =>
      makePlan({ file, source, fleet, signal, patience: apiPatience, say: (text) => void io.stderr.write(`${printable(text)}\n`) }),
    )
    if (kept !== undefined) requireSame(kept, made.plan)
    const plan = fleetPlanText({ ...made, problems: [] })
    if (!confirmed.has(plan)) io.stdout.write(plan)
    requireNoProblems(made.problems)
    if (made.plan.actions.length === 0) return
    // Who applies a kept plan has seen it.
    if (kept === undefined && !flags.isOn('yes') && !confirmed.has(plan))
      await during('question', () => requireYes(io, { question: 'Do this?', what: 'the plan' }, signal))
    confirmed.add(plan)
    const progress = fleetProgress(input.io, { events, actions: made.plan.actions })
    try {
      await applyPlan({
        fleet,
        made,
        tokens: flags.isOn('tokens'),
        networkManifest: source.networkManifest,
        owner: lockOwner(io, 'apply'),
        wait,
        report: tellAll(progress.report, await note(opened), trace?.hear),
        within: trace?.within,
        operator: localHost(),
        signal,
      })
    } finally {
      await progress.end()
    }
    const seconds = (performance.now() - started) / 1000
    const { actions } = made.plan
    const hasNetwork = source.networkManifest !== undefined
    io.stdout.write(printable(applyDoneText({ file, actions, hasNetwork, seconds, user: () => whoRuns(io.environment) })))
  } finally {
    await fleet.close()
  }
}
