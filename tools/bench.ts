/**
 * `npm run bench -- init [--pairs 5]`: the real kubeadm and kadm in turn on the same host, each on a fresh disk; medians and their ratio.
 * `npm run bench -- version`: how long each takes to say its version.
 */
import { parseArgs } from 'node:util'
import { errorText } from '../src/cli/error-text.ts'
import { labInitConfig } from '../src/sandbox/lab-config.ts'
import { sandboxUp } from '../src/sandbox/sandbox-up.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { readState } from '../src/sandbox/state.ts'
import { takeDown } from '../src/sandbox/take-down.ts'

const name = 'kadm-bench'
const host = 'h1'
const kubernetesVersion = 'v1.37.2'
const tools = ['kubeadm', 'kadm'] as const
type Tool = (typeof tools)[number]

// The clock is read in the host, so that the way there and back does not count.
const stopwatch = 'start=$EPOCHREALTIME; "$@" >/tmp/bench.log 2>&1; code=$?; end=$EPOCHREALTIME; [ $code = 0 ] || tail -20 /tmp/bench.log >&2; echo $start $end; exit $code'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { pairs: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } } })
const benchmarks = { init: benchInit, version: benchVersion }

try {
  const which = positionals[0] ?? 'init'
  if (which !== 'init' && which !== 'version') throw new Error(`there is no benchmark "${which}": use one of ${Object.keys(benchmarks).join(', ')}`)
  if ((await readState(name)) !== undefined) await takeDown(name)
  const sandbox = await sandboxUp({ name, hosts: 1, kubernetesVersion, say: (line) => console.error(line) })
  try {
    report(which, await benchmarks[which](sandbox, Number(values.pairs)))
  } finally {
    await takeDown(name)
  }
} catch (error) {
  process.stderr.write(errorText(error, 0))
  process.exitCode = 1
}

type Times = Readonly<Record<Tool, number[]>>

async function benchInit(sandbox: Sandbox, pairs: number): Promise<Times> {
  const times: Times = { kubeadm: [], kadm: [] }
  // The first one reads everything from the disk: it is not counted.
  await timedInit(sandbox, 'kubeadm')
  for (let pair = 1; pair <= pairs; pair++) {
    for (const tool of pair % 2 === 0 ? tools : tools.toReversed()) {
      const seconds = await timedInit(sandbox, tool)
      times[tool].push(seconds)
      console.error(`pair ${pair}/${pairs}: ${tool} init ${seconds.toFixed(2)} s`)
    }
  }
  return times
}

async function timedInit(sandbox: Sandbox, tool: Tool): Promise<number> {
  await sandbox.renew(host)
  await sandbox.put(host, '/root/init.yaml', labInitConfig({ kubernetesVersion }))
  return timed(sandbox, [tool, 'init', '--config', '/root/init.yaml', '--upload-certs'])
}

async function benchVersion(sandbox: Sandbox, pairs: number): Promise<Times> {
  const times: Times = { kubeadm: [], kadm: [] }
  for (const tool of tools) await timed(sandbox, [tool, 'version']) // the first start unpacks
  for (let round = 0; round < pairs * 4; round++) for (const tool of tools) times[tool].push(await timed(sandbox, [tool, 'version']))
  return times
}

async function timed(sandbox: Sandbox, command: readonly string[]): Promise<number> {
  const output = await sandbox.run(host, ['bash', '-c', stopwatch, 'stopwatch', ...command], { timeout: 120_000 })
  const [start = 0, end = 0] = output.trim().split(' ').map(Number)
  return end - start
}

function report(which: string, times: Times): void {
  const ratio = median(times.kadm) / median(times.kubeadm)
  if (values.json) return console.log(JSON.stringify({ benchmark: which, times, ratio }))
  for (const tool of tools) {
    const all = times[tool].toSorted((a, b) => a - b)
    console.log(`${tool} ${which}: median ${median(all).toFixed(3)} s, from ${all[0]?.toFixed(3)} to ${all.at(-1)?.toFixed(3)} (${all.length} runs)`)
  }
  console.log(`ratio kadm / kubeadm: ${ratio.toFixed(2)}`)
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}
