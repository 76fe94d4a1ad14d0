/** `kadm plan` for a user. Exit code 0 for a plan that can be applied, else the error that apply would end with. */
import path from 'node:path'
import { KadmError } from '../errors.ts'
import { requireNoProblems } from '../fleet/apply.ts'
import { makePlan } from '../fleet/plan.ts'
import { localHost } from '../host/local-host.ts'
import type { CommandInput } from './command.ts'
import { fleetOfFile } from './fleet-of-file.ts'
import { fleetPlanText } from './fleet-plan-text.ts'

export async function runPlan(input: CommandInput): Promise<void> {
  const { flags, io, signal } = input
  const output = flags.text('output')
  if (output !== 'text' && output !== 'json')
    throw new KadmError('USAGE', `there is no output format "${output}"`, { remedy: ['use -o text or json'] })
  const out = flags.text('out')
  if (out !== undefined && path.resolve(out) === path.resolve(flags.text('file') ?? ''))
    throw new KadmError('USAGE', `"${out}" is the cluster file: a plan is not written over it`, {
      remedy: [`kadm plan -f ${out} --out plan.json`],
    })
  const { file, source, fleet } = await fleetOfFile(input)
  try {
    const made = await makePlan({ file, source, fleet, signal })
    const json = `${JSON.stringify(made.plan, undefined, 2)}\n`
    if (output === 'json') io.stdout.write(json)
    else io.stdout.write(fleetPlanText({ ...made, problems: [] }))
    requireNoProblems(made.problems)
    if (out !== undefined) await localHost().writeFile(out, json, { mode: 0o644 })
  } finally {
    await fleet.close()
  }
}
