/** `kadm plan` for a user. Exit code 0 for a plan that can be applied, else the error that apply would end with. */
import path from 'node:path'
import { KadmError } from '../../errors.ts'
import { makePlan, requireNoProblems } from '../../fleet/plan/plan.ts'
import { localHost } from '../../host/local-host.ts'
import { shellQuote } from '../../host/shell-quote.ts'
import { printable, printableJson } from '../../progress/printable.ts'
import type { CommandInput, Streams } from '../command.ts'
import { fleetOfFile } from '../fleet-of-file.ts'
import { fleetPlanText, type ShownPlan } from '../text/fleet-plan-text.ts'
import { textOrJson } from '../text/output.ts'

export async function runPlan(input: CommandInput): Promise<void> {
  const { flags, io, signal } = input
  const output = textOrJson(flags)
  const out = flags.text('out')
  if (out !== undefined && path.resolve(out) === path.resolve(flags.text('file') ?? ''))
    throw new KadmError('USAGE', `"${out}" is the cluster file: a plan is not written over it`, {
      remedy: [`kadm plan -f ${shellQuote(out)} --out plan.json`],
    })
  const { file, source, fleet } = await fleetOfFile(input)
  try {
    const made = await makePlan({ file, source, fleet, signal })
    showPlan(made, output, io)
    requireNoProblems(made.problems)
    if (out !== undefined) await localHost().writeFile(out, jsonOf(made), { mode: 0o644 })
  } finally {
    await fleet.close()
  }
}

/** Problems are told with the error. Warnings are no part of the JSON, which is kept and compared. */
export function showPlan(made: ShownPlan, output: 'text' | 'json', { stdout, stderr }: Pick<Streams, 'stdout' | 'stderr'>): void {
  if (output === 'text') return void stdout.write(fleetPlanText({ ...made, problems: [] }))
  for (const warning of made.warnings) stderr.write(`WARNING: ${printable(warning)}\n`)
  stdout.write(jsonOf(made))
}

function jsonOf({ plan }: ShownPlan): string {
  return `${printableJson(plan, 2)}\n`
}
