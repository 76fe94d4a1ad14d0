/** Processes of the machine, found without trusting a number that may have gone to another process by now. */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that cannot be mixed up: the number and when it started (clock ticks since the machine's boot). */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTime: string
}

/** From a line of /proc/<pid>/stat. The name in it, in parentheses, may hold anything. */
export function parseProcessStat(line: string): (ProcessIdentity & { readonly state: string }) | undefined {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [pid, state, startTime] = [Number.parseInt(line, 10), fields[0], fields[19]]
  return Number.isInteger(pid) && state !== undefined && startTime !== undefined ? { pid, state, startTime } : undefined
}

export async function isRunning({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  const stat = parseProcessStat(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
  return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z'
}

/** Every process that has one of these paths as an argument and is a shell, or what a shell of ours becomes. */
export async function processesWithArgument(...paths: readonly string[]): Promise<readonly number[]> {
  const found = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map((pid) => hasArgument(pid, paths)))
  return found.filter((pid) => pid !== undefined)
}

/** SIGKILL, whether or not it is still there. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone already
  }
}

/** Asks until the answer is true: at growing intervals from 5 to 50 ms. Resolves with false when `timeout` (ms) is over. */
export async function becomesTrue(answer: () => Promise<boolean>, timeout: number, signal?: AbortSignal): Promise<boolean> {
  const end = performance.now() + timeout
  for (let interval = 5; ; interval = Math.min(50, interval * 1.3)) {
    signal?.throwIfAborted()
    if (await answer()) return true
    if (performance.now() > end) return false
    await sleep(interval)
  }
}

async function hasArgument(pid: string, paths: readonly string[]): Promise<number | undefined> {
  const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
  const ours = /^(\S*\/)?(sh|dash|bash|unshare|nsenter)$/.test(argv[0] ?? '')
  return ours && argv.some((argument) => paths.includes(argument)) ? Number(pid) : undefined
}
