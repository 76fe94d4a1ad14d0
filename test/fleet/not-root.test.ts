import { expect, test } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { notObserved, rootProblems } from '../../src/fleet/plan/not-root.ts'
import { makePlan } from '../../src/fleet/plan/plan.ts'
import type { HostFacts } from '../../src/host/host.ts'
import { fileOf } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const file = fileOf({ h1: 'control-plane', h2: 'worker', h3: 'worker', h4: 'absent' }, {}, { ssh: { user: 'admin' } })
const remedy = ['spec.ssh.become: sudo   # in the file', 'spec.ssh.user: root   # in the file, instead']

test('a plan has a problem where something is to be done and the user is not root', async () => {
  const admin = reachedHost({ uid: 1000 })
  const states = new Map([
    ['h1', reachedHost({})],
    ['h2', admin],
    ['h3', admin],
    ['h4', admin],
  ])
  const text = ['h2, h3: admin is not root there', ...remedy].join('\n    ')
  expect(rootProblems(file.hosts, states, new Set(['h1', 'h2', 'h3']))).toEqual([text])
  const { problems } = await makePlan({
    file,
    source: { path: '/c.yaml', text: '' },
    fleet: { hosts: new Map(), states, close: async () => {} },
    signal: new AbortController().signal,
  })
  expect(problems).toContain(text)
})

test('a file that only root may read is told with what has to be in the cluster file', async () => {
  const error = new KadmError('FILE_FAILED', 'cannot read "/x": permission denied', { remedy: ['run the command as root (sudo)'] })
  const as = (uid: number) => ({ facts: async () => ({ uid }) as unknown as HostFacts })
  expect(await notObserved(as(1000), 'admin', error)).toMatchObject({
    kind: 'unreachable',
    why: 'admin is not root there: cannot read "/x": permission denied',
    remedy,
  })
  expect(await notObserved(as(0), 'root', error)).toMatchObject({ why: error.message, remedy: error.remedy })
  expect(await notObserved(as(1000), 'admin', new Error('broken'))).toMatchObject({ why: 'broken' })
})
