/** What an action does in the cluster before it turns to the host. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.ts'
import type { ReachedHost } from '../../src/fleet/look/host-state.ts'
import { apiPhase, actionWork, type ActionInput } from '../../src/fleet/apply/run-action.ts'
import { initPhases } from '../../src/phases/init/init-phases.ts'
import { flatten } from '../../src/phases/phase-tree.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { fileOf } from './planned.ts'
import { reachedHost } from './reached-host.ts'

test.each<{ readonly state: Partial<ReachedHost>; readonly isDrained: boolean }>([
  { state: { node: 'worker' }, isDrained: true },
  { state: { node: 'none' }, isDrained: false },
  { state: { node: 'worker', unfinished: 'reset' }, isDrained: false },
])('a machine that leaves is drained where a kubelet may end its Pods: $state', async ({ state, isDrained }) => {
  const events: string[] = []
  const input = await inputOf({ role: 'absent', kind: 'remove', state }, { hear: (phase) => events.push(phase) })
  await expect(actionWork.remove(input)).rejects.toThrow('its host is locked')
  expect(events.includes('remove/drain')).toBe(isDrained)
})

test.each<{ readonly ready: string; readonly state: Partial<ReachedHost>; readonly goes: boolean }>([
  { ready: 'Unknown', state: {}, goes: true },
  { ready: 'True', state: {}, goes: false },
  // What its own join has made may be cut off too.
  { ready: 'Unknown', state: { unfinished: 'join' }, goes: false },
])('a worker that replaces one that is gone brings its own Node: $ready, $state', async ({ ready, state, goes }) => {
  const deleted: string[] = []
  const input = await inputOf({ role: 'worker', kind: 'join', state }, { ready, onDelete: (name) => deleted.push(name) })
  await expect(actionWork.join(input)).rejects.toThrow('its host is locked')
  expect(deleted).toEqual(goes ? ['h3'] : [])
})

test('what the others wait for before they join is a phase of init', () => {
  expect(flatten(initPhases).map(({ name }) => name)).toContain(apiPhase)
})

interface Wanted {
  readonly role: string
  readonly kind: 'join' | 'remove'
  readonly state: Partial<ReachedHost>
}

interface Ears {
  readonly hear?: (phase: string) => void
  readonly onDelete?: (node: string) => void
  /** Of the Node that is there. */
  readonly ready?: string
}

/** Of a Node without Pods; it ends where its host would be locked. */
async function inputOf({ role, kind, state }: Wanted, { hear = () => {}, onDelete, ready = 'True' }: Ears): Promise<ActionInput> {
  const file = fileOf({ h1: 'control-plane', h3: role })
  const real = rootedHost(await temporaryDirectory())
  const host = {
    ...real,
    // Only root is locked out, and nothing of this machine may be reset.
    facts: async () => ({ ...(await real.facts()), uid: 0 }),
    lock: async () => {
      throw new Error('its host is locked')
    },
  }
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'h3' }, status: { conditions: [{ type: 'Ready', status: ready }] } }
  const none = (): never => expect.unreachable()
  const cluster: Cluster = {
    server: '',
    get: async () => node,
    list: async () => [],
    patch: async () => node,
    create: none,
    replace: none,
    delete: async ({ name }) => void (onDelete ?? none)(name),
    evict: none,
    approve: none,
    watch: none,
    raw: none,
    close: none,
  }
  const on = { name: 'h3', host, state: reachedHost(state) }
  const [first, wanted] = file.hosts
  if (first === undefined || wanted === undefined) throw new Error('the file has two hosts')
  return {
    wanted,
    on,
    signal: new AbortController().signal,
    run: {
      file,
      folder: '/',
      actions: [{ host: 'h3', kind, why: '', replaces: true }],
      hosts: new Map([['h3', on]]),
      first: { ...on, name: 'h1' },
      access: { cluster: async () => cluster, reach: none, wasStopped: false, sponsor: none, apiAnswers: none, failed: none, close: none },
      failures: new Map(),
      operator: host,
      report: ({ event }) => hear(event.phase),
    },
  }
}
