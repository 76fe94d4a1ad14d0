/**
 * `npm run bench -- init [--pairs 5] [--json]`: the real kubeadm and kadm in turn on the same hosts; medians and their ratio. Also of
 * `version`, `join` (a worker), `init-join`, `control-plane`, `upgrade`, `fleet`, and `two-control-planes` (kadm against itself). `npm run
 * bench -- scale [--hosts 100]`: the plan of many hosts.
 */
import { parseArgs } from 'node:util'
import { errorText } from '../src/cli/text/error-text.ts'
import { newestKubernetes } from '../src/config/own-version.ts'
import { sandboxUp } from '../src/sandbox/sandbox-up.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { readState } from '../src/sandbox/state.ts'
import { takeDown } from '../src/sandbox/take-down.ts'
import type { Benchmark } from './bench/benchmark.ts'
import { fleet } from './bench/fleet.ts'
import { init, version } from './bench/init.ts'
import { controlPlane, initJoin, join, twoControlPlanes } from './bench/join.ts'
import { scale } from './bench/scale.ts'
import { upgrade } from './bench/upgrade.ts'

const benchmarks: Readonly<Record<string, Benchmark>> = {
  init,
  version,
  join,
  'init-join': initJoin,
  'control-plane': controlPlane,
  'two-control-planes': twoControlPlanes,
  upgrade,
  fleet,
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    name: { type: 'string', default: 'kadm-bench' },
    hosts: { type: 'string', default: '100' },
  },
})

try {
  const which = positionals[0] ?? 'init'
  if (which === 'scale') await scale({ hosts: Number(values.hosts), runs: Number(values.pairs) }, (line) => console.log(line))
  else await compare(which)
} catch (error) {
  process.stderr.write(errorText(error, 0))
  process.exitCode = 1
}

async function compare(which: string): Promise<void> {
  const benchmark = benchmarks[which]
  if (benchmark === undefined)
    throw new Error(`there is no benchmark "${which}": use one of ${[...Object.keys(benchmarks), 'scale'].join(', ')}`)
  if ((await readState(values.name)) !== undefined) await takeDown(values.name)
  const { hosts, hasLoadBalancer = false, furtherVersions = [] } = benchmark
  const settings = { name: values.name, hosts, kubernetesVersion: newestKubernetes, furtherVersions, loadBalancer: hasLoadBalancer }
  const sandbox = await sandboxUp({ ...settings, say: (line) => console.error(line) })
  try {
    report(benchmark, await measure(which, benchmark, sandbox))
  } finally {
    await takeDown(values.name)
  }
}

/** Seconds by what was measured, then by way, in the order of the runs. */
type Times = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>

async function measure(which: string, { ways, repeat = 1, prepare, isWarm = false, run }: Benchmark, sandbox: Sandbox): Promise<Times> {
  const pairs = Number(values.pairs)
  const runs: { readonly way: string; readonly took: Readonly<Record<string, number>> }[] = []
  await prepare?.(sandbox)
  // The first ones read everything from the disk: they are not counted.
  for (const way of isWarm ? [] : ways) await run(sandbox, way)
  for (let pair = 1; pair <= pairs * repeat; pair++) {
    for (const way of pair % 2 === 0 ? ways : ways.toReversed()) {
      const seconds = await run(sandbox, way)
      const took = typeof seconds === 'number' ? { [which]: seconds } : seconds
      runs.push({ way, took })
      if (repeat === 1)
        console.error(
          `pair ${pair}/${pairs}: ${way} ${Object.entries(took)
            .map(([what, time]) => `${what} ${time.toFixed(2)} s`)
            .join(', ')}`,
        )
    }
  }
  const measured = Object.keys(runs[0]?.took ?? {})
  const of = (what: string, way: string): readonly number[] => runs.filter((one) => one.way === way).map(({ took }) => took[what] ?? NaN)
  return new Map(measured.map((what) => [what, new Map(ways.map((way) => [way, of(what, way)]))]))
}

function report({ ways: [first, second] }: Benchmark, times: Times): void {
  for (const [what, byWay] of times) {
    const ratio = median(byWay.get(second) ?? []) / median(byWay.get(first) ?? [])
    if (values.json) {
      console.log(JSON.stringify({ benchmark: what, times: Object.fromEntries(byWay), ratio }))
      continue
    }
    for (const [way, all] of byWay) {
      const sorted = all.toSorted((a, b) => a - b)
      console.log(
        `${way} ${what}: median ${median(sorted).toFixed(3)} s, from ${sorted[0]?.toFixed(3)} to ${sorted.at(-1)?.toFixed(3)} (${sorted.length} runs)`,
      )
    }
    console.log(`ratio ${second} / ${first}: ${ratio.toFixed(2)}`)
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}
