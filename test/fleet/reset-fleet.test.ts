/** Who may be at work when a cluster is to be reset. Nothing is reset: these hosts have a lock and little else. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { unreachable, type ReachedHost } from '../../src/fleet/look/host-state.ts'
import { resetFleet, type ResetFleetInput } from '../../src/fleet/reset-fleet.ts'
import type { Host } from '../../src/host/host.ts'
import { localHost } from '../../src/host/local-host.ts'
import { sharedControlPlane } from '../support/control-plane.ts'
import { fileOf } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const controlPlane = sharedControlPlane()
const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-system', name: 'kadm' }
const busy = new KadmError('RUN_IN_PROGRESS', '"kadm join" of bob@lab is at work', { remedy: ['wait'] })

test('nothing is begun on any host while somebody works on one of them; others are no business of it', async () => {
  const { input, begun } = scene({ h1: bare(), h2: bare(busy), h3: bare(busy) })
  await expect(resetFleet({ ...input, hosts: new Set(['h1', 'h2']) })).rejects.toMatchObject({
    code: 'RUN_IN_PROGRESS',
    message: 'h2: "kadm join" of bob@lab is at work',
  })
  expect(begun()).toEqual([])
})

test('what else is wrong with a lock, and an API that nobody finds, hold up nobody', async () => {
  const noSpace = new KadmError('FILE_FAILED', 'no space', { remedy: ['df'] })
  const lost = { ...bare(), readText: async () => undefined } as unknown as Host
  const { input, begun } = scene({ h1: lost, h2: bare(noSpace) }, 'control-plane')
  await expect(resetFleet(input)).rejects.toMatchObject({ code: 'FLEET_FAILED' })
  expect(begun()).toEqual(['h1', 'h2'])
})

test('the key of a bastion that is not known is not to be compared with that of the host behind it', async () => {
  const { input } = scene({})
  const remedy = ['ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub   # on the host: is it the same? Then:'] as const
  const states = new Map([['h1', unreachable(new KadmError('HOST_KEY_UNKNOWN', 'the key of the host "jump" is not known', { remedy }))]])
  const reset = resetFleet({ ...input, fleet: { ...input.fleet, states }, hosts: new Set(['h1']) })
  await expect(reset).rejects.toMatchObject({
    details: ['h1: it cannot be reached: the key of the host "jump" is not known [HOST_KEY_UNKNOWN]'],
    remedy: [expect.stringMatching(/# on the host of the message: is it the same\? Then:$/), expect.any(String)],
  })
})

test('the cluster is held before hosts are looked at, and given back; while another one has it nothing is done', async (context) => {
  const plane = await controlPlane(context)
  const admin = plane.connect('super-admin')
  const conf = await readFile(path.join(plane.dir, 'super-admin.conf'), 'utf8')
  const held: unknown[] = []
  const lock = async (): Promise<never> => {
    held.push(await admin.get(lease))
    throw busy
  }
  const h1 = { ...bare(), lock, readText: async () => conf, dial: localHost().dial } as unknown as Host
  const { input, begun } = scene({ h1 }, 'control-plane')
  await expect(resetFleet(input)).rejects.toMatchObject({ message: expect.stringMatching(/^h1: "kadm join"/) })
  expect([held, await admin.get(lease)]).toEqual([
    [expect.objectContaining({ spec: expect.objectContaining({ holderIdentity: 'ann@desk' }) })],
    undefined,
  ])

  const { apiVersion, kind, ...metadata } = lease
  const renewTime = new Date(Date.now() + 600_000).toISOString().replace('Z', '000Z')
  await admin.create({ apiVersion, kind, metadata, spec: { holderIdentity: 'bob@lab', leaseDurationSeconds: 30, renewTime } })
  await expect(resetFleet(input)).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS', message: expect.stringContaining('bob@lab is working') })
  expect([held.length, begun()]).toEqual([1, []])
})

test('one that is stopped comes to its end when all hosts have: nobody else may begin there before', async () => {
  const gate = Promise.withResolvers<undefined>()
  const h1 = { ...bare(), readText: () => gate.promise } as unknown as Host
  const { input } = scene({ h1, h2: bare() })
  const stop = new AbortController()
  const failed: string[] = []
  const report: ResetFleetInput['report'] = ({ host, event }) => {
    if (event.kind !== 'failed') return
    failed.push(host)
    if (host === 'h2') stop.abort(new Error('stopped by SIGINT'))
  }
  let isOver = false
  const reset = resetFleet({ ...input, report, signal: stop.signal })
    .finally(() => (isOver = true))
    .catch((error: unknown) => error)
  await vi.waitUntil(() => failed.includes('h2'))
  await sleep(50)
  expect([isOver, failed]).toEqual([false, ['h2']])
  gate.resolve(undefined)
  expect(await reset).toMatchObject({ message: 'stopped by SIGINT' })
  expect(failed).toEqual(['h2', 'h1'])
})

function bare(error?: KadmError): Host {
  const lock = async (): Promise<() => Promise<void>> => {
    if (error !== undefined) throw error
    return async () => {}
  }
  return { lock } as unknown as Host
}

interface Scene {
  readonly input: ResetFleetInput
  /** Names of the hosts that a reset was begun on. */
  readonly begun: () => readonly string[]
}

function scene(hosts: Readonly<Record<string, Host>>, node: ReachedHost['node'] = 'none'): Scene {
  const begun: string[] = []
  const states = new Map(Object.keys(hosts).map((name) => [name, reachedHost({ node })]))
  return {
    begun: () => begun,
    input: {
      fleet: { hosts: new Map(Object.entries(hosts)), states, close: async () => {} },
      places: fileOf({ h1: 'control-plane', h2: 'worker', h3: 'worker' }).hosts,
      hosts: new Set(Object.keys(hosts)),
      cleanupTmpDir: false,
      owner: 'ann@desk',
      wait: 0,
      report: ({ host, event }) => void (event.kind === 'started' && begun.push(host)),
      signal: new AbortController().signal,
    },
  }
}
