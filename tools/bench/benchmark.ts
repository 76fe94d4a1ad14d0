/** What every benchmark is made of: two ways to do one thing, in turn on the same hosts, each timed inside the host. */
import { labInitConfig } from '../../src/sandbox/lab-config.ts'
import { printedJoin } from '../../src/sandbox/printed-join.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'

export interface Benchmark {
  readonly hosts: number
  readonly hasLoadBalancer?: boolean
  /** Further Kubernetes versions whose images the hosts have. */
  readonly furtherVersions?: readonly string[]
  /** The ratio is that of the second to the first. */
  readonly ways: readonly [string, string]
  /** Runs of each way in one pair; default 1. */
  readonly repeat?: number
  /** Once, before the first run. */
  readonly prepare?: (sandbox: Sandbox) => Promise<void>
  /** No first run that is not counted: the pairs are enough. */
  readonly isWarm?: boolean
  /** Seconds; of several things by name. */
  readonly run: (sandbox: Sandbox, way: string) => Promise<number | Readonly<Record<string, number>>>
}

// The clock is read in the host, so that the way there and back does not count.
const stopwatch =
  'start=$EPOCHREALTIME; "$@" >/tmp/bench.log 2>&1; code=$?; end=$EPOCHREALTIME; [ $code = 0 ] || tail -20 /tmp/bench.log >&2; echo $start $end; exit $code'

export interface Timed {
  /** Seconds since 1970; all hosts have the machine's clock. */
  readonly start: number
  readonly end: number
}

/** Throws SANDBOX_FAILED unless the command exits with 0; what it said is in /tmp/bench.log of the host. */
export async function timed(sandbox: Sandbox, host: string, command: readonly string[]): Promise<Timed> {
  const output = await sandbox.run(host, ['bash', '-c', stopwatch, 'stopwatch', ...command], { timeout: 400_000 })
  const [start = 0, end = 0] = output.trim().split(' ').map(Number)
  return { start, end }
}

export async function seconds(sandbox: Sandbox, host: string, command: readonly string[]): Promise<number> {
  const { start, end } = await timed(sandbox, host, command)
  return end - start
}

/** Puts the configuration on the first host; its cluster takes further control planes. */
export async function putInitConfig(sandbox: Sandbox): Promise<void> {
  await sandbox.put('h1', '/root/init.yaml', labInitConfig({ controlPlaneEndpoint: 'h1:6443' }), 0o600)
}

export function initCommand(tool: string): readonly string[] {
  return [tool, 'init', '--config', '/root/init.yaml', '--upload-certs']
}

/** The commands that the last init on the first host has printed. */
export async function joinCommands(
  sandbox: Sandbox,
): Promise<{ readonly worker: readonly string[]; readonly controlPlane: readonly string[] }> {
  const { worker, controlPlane } = printedJoin(await sandbox.run('h1', ['cat', '/tmp/bench.log']))
  if (worker === undefined || controlPlane === undefined) throw new Error('init has printed no join commands')
  // The hosts may have cgroup v1, which SystemVerification refuses.
  const labHost = '--ignore-preflight-errors=SystemVerification'
  return { worker: [...worker, labHost], controlPlane: [...controlPlane, labHost] }
}

export function kubectl(sandbox: Sandbox, words: readonly string[]): Promise<string> {
  return sandbox.run('h1', ['kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', ...words], { timeout: 120_000 })
}
