/**
 * `npm run bench -- scale [--hosts 100] [--pairs 3]`: `kadm plan` of that many bare hosts behind sshd, all on this machine; docs/scale.md
 * says what the figures mean.
 */
import { measuredPlan, type MeasuredPlan } from '../../test/support/measured-plan.ts'
import { type SshTargets, sshTargets } from '../../test/support/ssh-targets.ts'

export interface ScaleOptions {
  readonly hosts: number
  readonly runs: number
}

/** One line a run. Throws when a plan fails. */
export async function scale({ hosts, runs }: ScaleOptions, say: (line: string) => void): Promise<void> {
  const targets = await sshTargets(hosts)
  try {
    for (let run = 1; run <= runs; run++) {
      const before = { processes: await processesStarted(targets), seconds: await targets.processorSeconds() }
      const plan = await measuredPlan(targets)
      const onHosts = {
        processes: (await processesStarted(targets)) - before.processes,
        seconds: ((await targets.processorSeconds()) - before.seconds) / hosts,
      }
      if (plan.exitCode !== 0) throw new Error(`kadm plan: ${plan.stderr.slice(-2000)}`)
      say(lineOf(plan, hosts, onHosts))
    }
  } finally {
    await targets.close()
  }
}

function lineOf(
  { seconds, usage, stdout, stderr }: MeasuredPlan,
  hosts: number,
  onHosts: { readonly processes: number; readonly seconds: number },
): string {
  const { memory, connections } = usage
  const mean = (figure: (connection: (typeof connections)[number]) => number): number =>
    connections.reduce((sum, one) => sum + figure(one), 0) / connections.length
  return [
    `${hosts} hosts: plan ${seconds.toFixed(2)} s, kadm's processor ${usage.seconds.toFixed(2)} s, memory at most ${(memory / 1e6).toFixed(0)} MB`,
    `by host: ${mean((one) => one.roundTrips).toFixed(1)} round trips, ${(mean((one) => one.bytesSent) / 1e3).toFixed(1)} kB sent, ${(mean((one) => one.bytesReceived) / 1e3).toFixed(1)} kB received, ${onHosts.processes} programs started, ${(onHosts.seconds * 1000).toFixed(0)} ms of its processor`,
    `${`${stdout}\n${stderr}`.split('\n').filter((line) => /WARNING|PROBLEM/.test(line)).length} warnings`,
  ].join('; ')
}

/**
 * So far, on the last host, which no other one asks anything: its processes have numbers of their own. Two of them are those of the
 * question.
 */
async function processesStarted({ hosts, onHost }: SshTargets): Promise<number> {
  return Number((await onHost(hosts.at(-1)?.name ?? '', 'echo $$')).stdout)
}
