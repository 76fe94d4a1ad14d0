/** By way of whom an undo in a fleet asks the cluster. */
import { expect, test } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { undoHostOfFleet } from '../../src/fleet/undo-host.ts'
import type { Host } from '../../src/host/host.ts'
import { openJournal } from '../../src/host/journal/journal.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { fileOf } from './planned.ts'
import { reachedHost } from './reached-host.ts'

test.each([
  { role: 'worker', isAsked: false },
  { role: 'control-plane', isAsked: true },
])('a host that calls itself a control plane is asked about the cluster where the file says so: $role', async ({ role, isAsked }) => {
  const read: string[] = []
  const rooted = rootedHost(await temporaryDirectory())
  const host: Host = {
    ...rooted,
    lock: async () => async () => undefined,
    readText: (file) => (read.push(file), rooted.readText(file)),
  }
  const journal = await openJournal(host)
  await journal.append({ kind: 'run-started', run: 'r1', command: 'mark', fingerprint: 'f', version: '0.1.0' })
  await journal.append({
    kind: 'change',
    run: 'r1',
    change: { kind: 'mark-node', node: 'h4', labels: { a: { before: null, after: 'b' } }, taints: {} },
  })
  await journal.append({ kind: 'run-finished', run: 'r1', outcome: 'done' })
  const warnings: string[] = []
  await undo(host, { role, node: 'control-plane', warn: (text) => warnings.push(text) })
  expect(read.includes('/etc/kubernetes/admin.conf')).toBe(isAsked)
  expect(warnings).toEqual(['labels and taints of the Node "h4" are left: the cluster cannot be asked from here'])
})

test('what is to be done about a failure has the name of the host', async () => {
  const lock = async (): Promise<never> => {
    throw new KadmError('FILE_FAILED', 'no space', { remedy: ['df -h "/run"'] })
  }
  const host: Host = { ...rootedHost(await temporaryDirectory()), lock }
  await expect(undo(host, { role: 'worker', node: 'worker' })).rejects.toMatchObject({
    code: 'FILE_FAILED',
    message: 'no space',
    remedy: ['df -h "/run"   # on h4'],
  })
})

interface Undone {
  /** Of h4, by the file and by what lies on it. */
  readonly role: string
  readonly node: 'worker' | 'control-plane'
  readonly warn?: (text: string) => void
}

async function undo(host: Host, { role, node, warn }: Undone): Promise<void> {
  await undoHostOfFleet({
    file: fileOf({ h1: 'control-plane', h4: role }),
    fleet: { hosts: new Map([['h4', host]]), states: new Map([['h4', reachedHost({ node })]]), close: async () => {} },
    name: 'h4',
    all: false,
    force: false,
    owner: 'ann@desk',
    wait: 0,
    confirm: async () => true,
    report: ({ event }) => void (event.kind === 'warning' && warn?.(event.text)),
    signal: new AbortController().signal,
  })
}
