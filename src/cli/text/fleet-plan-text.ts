/** A plan for people: host by host what would be done, and why. */
import type { MadePlan } from '../../fleet/plan/plan.ts'
import type { ActionKind } from '../../fleet/plan/decide.ts'
import { printable, printableLine } from '../../progress/printable.ts'

/** What is shown of a plan: the file is the user's own. */
export type ShownPlan = Omit<MadePlan, 'file'>

export function fleetPlanText({ plan, problems, warnings }: ShownPlan): string {
  const lines = [
    ...warnings.map((line) => `WARNING: ${printable(line)}`),
    ...actionLines(plan).map(printableLine),
    ...problems.map((line) => `PROBLEM: ${printable(line)}`),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

const words: Readonly<Record<ActionKind, string>> = {
  forget: 'take what is left of it out of the cluster',
  init: 'make the cluster',
  join: 'join the cluster',
  mark: 'mark the Node',
  remove: 'drain, reset, take out of the cluster',
  upgrade: 'upgrade',
}

function actionLines({ cluster, actions, seen }: MadePlan['plan']): readonly string[] {
  const hosts = Object.keys(seen.hosts)
  const count = hosts.length === 1 ? '1 host' : `${hosts.length} hosts`
  const unseen = hosts.filter((name) => seen.hosts[name]?.kind === 'unreachable')
  if (actions.length === 0 && unseen.length > 0) return [`${cluster}: ${unseen.join(', ')} of ${count} could not be looked at`]
  if (actions.length === 0) return [`${cluster}: nothing to do on ${count}`]
  const acting = new Set(actions.map(({ host }) => host))
  const idle = hosts.filter((name) => !acting.has(name))
  return [
    `${cluster}: ${actions.length} ${actions.length === 1 ? 'action' : 'actions'} on ${acting.size} of ${count}`,
    ...actions.map(({ host, kind, why }) => `  ${host}: ${words[kind]} (${why})`),
    ...(idle.length === 0 ? [] : [`  nothing on ${idle.join(', ')}`]),
  ]
}
