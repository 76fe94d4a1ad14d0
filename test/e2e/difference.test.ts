/**
 * Difference 0, second half: a real `init` by kubeadm and one by kadm, with the same input on the same host (a fresh one for each), leave
 * the same files and the same objects in the cluster: all of them, of every kind that the API serves.
 */
import { beforeAll, expect, test } from 'vitest'
import { hostFiles } from '../interop/difference/host-files.ts'
import { treeMeaning, type TreeMeaning } from '../interop/difference/meaning.ts'
import { renewHosts, sharedSandbox } from '../support/cluster.ts'
import { settledObjects, type Objects } from '../support/settled-objects.ts'
import { configurationFile, documentsOf, initCases, type InitCase, type Place } from './difference-configurations.ts'
import { isLongRun } from '../support/long-run.ts'

const chosen = initCases().filter(({ isLong }) => isLongRun || isLong !== true)
const pairs = new Map<string, Promise<Pair>>()

// Most of the time is kubeadm's waiting: two hosts, each taking every other configuration, need little more than one.
beforeAll(async () => {
  const sandbox = await sharedSandbox({ hosts: 2 })
  const lanes: [Promise<unknown>, Promise<unknown>] = [Promise.resolve(), Promise.resolve()]
  for (const [index, configuration] of chosen.entries()) {
    const lane = index % 2
    const pair = lanes[lane === 0 ? 0 : 1].then(() => bothOn({ sandbox, host: lane === 0 ? 'h1' : 'h2' }, configuration))
    lanes[lane === 0 ? 0 : 1] = pair.catch(() => undefined)
    pairs.set(configuration.name, pair)
  }
}, 300_000)

// The one at the end of a lane waits for all before it.
test.for(chosen)('$name: init by kubeadm and by kadm leave the same files and objects', { timeout: 900_000 }, async (configuration) => {
  const pair = await pairs.get(configuration.name)
  if (pair === undefined) throw new Error('no hosts')
  const { theirs, ours } = pair
  const input = JSON.stringify(configuration)
  // A comparison of nothing would find no difference.
  expect(Object.keys(theirs.files.files)).toEqual(
    expect.arrayContaining(['/etc/kubernetes/admin.conf', expect.stringMatching(/\/ca\.crt$/), '/var/lib/kubelet/config.yaml']),
  )
  expect(Object.keys(theirs.objects).length).toBeGreaterThan(250)
  expect.soft(ours.files.files, input).toEqual(theirs.files.files)
  for (const [file, { lifetime, afterCa }] of theirs.files.validities) {
    // The kubelet's own are from when it made or got them.
    if (file.startsWith('/var/lib/kubelet/')) continue
    const own = ours.files.validities.get(file)
    expect(Math.abs((own?.lifetime ?? Number.NaN) - lifetime), `lifetime of ${file}`).toBeLessThanOrEqual(theirs.seconds + ours.seconds + 2)
    expect(own?.afterCa, `beginning of ${file}`).toBe(afterCa)
  }
  expect.soft(Object.keys(ours.objects), input).toEqual(Object.keys(theirs.objects))
  for (const [name, object] of Object.entries(theirs.objects))
    if (name in ours.objects) expect.soft(ours.objects[name], name).toEqual(object)
})

interface Raised {
  readonly files: TreeMeaning
  readonly objects: Objects
  readonly seconds: number
}

interface Pair {
  readonly theirs: Raised
  readonly ours: Raised
}

async function bothOn(place: Place, configuration: InitCase): Promise<Pair> {
  const theirs = await raisedBy('kubeadm', place, configuration, undefined)
  const ours = await raisedBy('kadm', place, configuration, theirs.objects)
  return { theirs, ours }
}

/** `wanted`: as of `settledObjects`. */
async function raisedBy(
  tool: 'kubeadm' | 'kadm',
  { sandbox, host }: Place,
  configuration: InitCase,
  wanted: Objects | undefined,
): Promise<Raised> {
  await renewHosts(sandbox, [host])
  for (const [name, text] of Object.entries(configuration.patches ?? {})) await sandbox.put(host, `/root/patches/${name}`, text)
  await sandbox.put(host, configurationFile, documentsOf(configuration, { sandbox, host }), 0o600)
  await configuration.before?.({ sandbox, host })
  const environment = Object.entries(configuration.environment ?? {}).map(([name, value]) => `${name}=${value}`)
  const started = performance.now()
  const { exitCode, stdout, stderr } = await sandbox.exec(
    host,
    ['env', ...environment, tool, 'init', '--config', configurationFile, ...(configuration.flags ?? [])],
    { timeout: 200_000 },
  )
  if (exitCode !== 0) throw new Error(`${tool} init failed on ${host}: ${stdout.slice(-1500)}\n${stderr.slice(-3000)}`)
  const seconds = (performance.now() - started) / 1000
  const objects = await settledObjects(sandbox, host, wanted)
  return { files: treeMeaning(await hostFiles(sandbox, host)), objects, seconds }
}
