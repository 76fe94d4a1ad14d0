import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { logJson } from '../../src/cli/run/run-log.ts'
import { KadmError } from '../../src/errors.ts'
import { fleetLog } from '../../src/fleet/fleet-log.ts'
import { asCommand, operatorJournal, readOperatorJournal, type Hear, type OperatorJournal } from '../../src/fleet/operator-journal.ts'
import { describingFileErrors } from '../../src/host/file-error.ts'
import type { Host } from '../../src/host/host.ts'
import { localHost } from '../../src/host/local-host.ts'
import { lockFile } from '../../src/host/local-lock.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const words = { name: 'apply', clusterFile: '/home/ann/shop.yaml', owner: 'ann@desk' }
const at = new Date()

async function fresh(): Promise<OperatorJournal> {
  return operatorJournal(localHost(), { XDG_STATE_HOME: await temporaryDirectory() }, 'shop')
}

/** As one command of the journal, whose work begins at once. */
function noted(journal: OperatorJournal, work: (hear: Hear) => Promise<void>): Promise<void> {
  return asCommand(async (begin) => work(await begin(journal, words)))
}

/** What `kadm log` says of it, without hosts. */
function logOf(journal: OperatorJournal): ReturnType<typeof fleetLog> {
  return fleetLog([], { hosts: new Map(), states: new Map() }, journal)
}

test('where it lies', () => {
  const fileFor = (environment: Record<string, string>): string => operatorJournal(localHost(), environment, 'shop').file
  expect(fileFor({ HOME: '/home/ann' })).toBe('/home/ann/.local/state/kadm/shop/journal.jsonl')
  expect(fileFor({ HOME: '/home/ann', XDG_STATE_HOME: '/state' })).toBe('/state/kadm/shop/journal.jsonl')
  expect(fileFor({ HOME: '', XDG_STATE_HOME: '' })).toBe(path.join(userInfo().homedir, '.local/state/kadm/shop/journal.jsonl'))
  expect(fileFor({ HOME: '/home/ann', XDG_STATE_HOME: 'relative' })).toBe('/home/ann/.local/state/kadm/shop/journal.jsonl')
})

test('a command is in it before its work begins, then what it did on which host, and how it ended', async () => {
  const journal = await fresh()
  await noted(journal, async (hear) => {
    expect((await readOperatorJournal(journal)).commands).toMatchObject([{ owner: 'ann@desk', outcome: 'cut-off', actions: [] }])
    hear({ host: 'h1', event: { kind: 'started', phase: 'init', at } })
    hear({ host: 'h1', event: { kind: 'done', phase: 'init/certs', at } })
    hear({ host: 'h1', event: { kind: 'done', phase: 'init', at } })
    hear({ host: 'h2', event: { kind: 'started', phase: 'join', at } })
  })
  const failing = noted(journal, async (hear) => {
    hear({ host: 'h2', event: { kind: 'failed', phase: 'join', error: new Error('no way: abcdef.0123456789abcdef'), at } })
    throw new Error('failed')
  })
  await expect(failing).rejects.toThrow('failed')
  await expect(
    noted(journal, async () => Promise.reject(new KadmError('RUN_IN_PROGRESS', 'bob works', { remedy: ['wait'] }))),
  ).rejects.toThrow('bob works')
  const { commands } = await readOperatorJournal(journal)
  expect(commands.map(({ outcome, actions }) => [outcome, actions])).toEqual([
    [
      'done',
      [
        { host: 'h1', action: 'init', state: 'done' },
        { host: 'h2', action: 'join', state: 'started' },
      ],
    ],
    ['failed', [{ host: 'h2', action: 'join', state: 'failed' }]],
    ['refused', []],
  ])
  expect(await readFile(journal.file, 'utf8')).not.toContain('0123456789abcdef')
  expect([(await stat(journal.file)).mode & 0o777, (await stat(path.dirname(journal.file))).mode & 0o777]).toEqual([0o600, 0o700])
})

test('what happened on the hosts is told, not that it could not be written down afterwards', async () => {
  const journal = await fresh()
  const failing = noted(journal, async () => {
    await rm(path.dirname(journal.file), { recursive: true })
    await writeFile(path.dirname(journal.file), 'a file')
    throw new Error('h2 has no disk')
  })
  await expect(failing).rejects.toThrow('h2 has no disk')
})

test('what could not be written is in it as soon as something can be again, each once and in order', async () => {
  const journal = await fresh()
  let failures = 0
  const appendFile: Host['appendFile'] = async (...given) => {
    if (failures-- > 0) throw new Error(`disk full, ${failures} to go`)
    await journal.host.appendFile(...given)
  }
  await noted({ ...journal, host: { ...journal.host, appendFile } }, async (hear) => {
    failures = 2
    for (const host of ['h1', 'h2', 'h3']) {
      hear({ host, event: { kind: 'done', phase: 'join', at } })
      await sleep(100)
    }
  })
  const { commands } = await readOperatorJournal(journal)
  expect(commands.map(({ outcome, actions }) => [outcome, actions.map(({ host }) => host)])).toEqual([['done', ['h1', 'h2', 'h3']]])
  expect((await readFile(journal.file, 'utf8')).trimEnd().split('\n')).toHaveLength(5)
  // Where it never can, the end says why: by what came first.
  const failing = noted({ ...journal, host: { ...journal.host, appendFile } }, async (hear) => {
    failures = 100
    hear({ host: 'h1', event: { kind: 'done', phase: 'join', at } })
    await sleep(100)
  })
  await expect(failing).rejects.toThrow('disk full, 99 to go')
})

test('it is read as a whole once by a command, and again when another one has written or it is gone', { timeout: 60_000 }, async () => {
  const journal = await fresh()
  let reads = 0
  const counting: OperatorJournal = {
    ...journal,
    host: { ...journal.host, readFile: (file) => (reads++, journal.host.readFile(file)) },
  }
  const seen: number[] = []
  await noted(counting, async (hear) => {
    const write = async (host: string): Promise<void> => {
      hear({ host, event: { kind: 'done', phase: 'join', at } })
      await expect.poll(() => readFile(journal.file, 'utf8').catch(() => ''), { timeout: 20_000 }).toContain(`"${host}"`)
      seen.push(reads)
    }
    await write('h1')
    await noted(journal, async () => {})
    await write('h2')
    await rm(journal.file)
    await write('h3')
  })
  expect(seen).toEqual([1, 2, 3])
  expect((await logOf(journal)).problems).toEqual([])
})

test('a journal that another one holds on to is no reason to begin a command again', { timeout: 15_000 }, async () => {
  const journal = await fresh()
  let release: (() => Promise<void>) | undefined
  const held = noted(journal, async () => {
    release = await lockFile(`${journal.file}.lock`, 'another')
  })
  await expect(held).rejects.toMatchObject({ code: 'FILE_FAILED', message: expect.stringContaining('another') })
  await release?.()
})

test('what begins anew while another kadm is waited for is one command, and what begins none is not in it', async () => {
  const journal = await fresh()
  const busy = new KadmError('RUN_IN_PROGRESS', 'bob works', { remedy: ['wait'] })
  await asCommand(async (begin) => {
    for (let tries = 0; tries < 3; tries++) {
      const hear = await begin(journal, words)
      hear({ host: 'h1', event: { kind: tries < 2 ? 'failed' : 'done', phase: 'join', error: busy, at } })
    }
  })
  await asCommand(async () => {})
  await expect(asCommand(async () => Promise.reject(busy))).rejects.toBe(busy)
  const { commands } = await readOperatorJournal(journal)
  expect(commands).toMatchObject([{ outcome: 'done', actions: [{ host: 'h1', action: 'join', state: 'done' }] }])
})

test('the log as JSON says of which version it is, as plans, events and traces do', async () => {
  const log = JSON.parse(logJson(await logOf(await fresh()))) as unknown
  expect(log).toEqual({ apiVersion: 'kadm.dev/v1alpha1', kind: 'Log', runs: [], commands: [], torn: [] })
})

test('many commands side by side write one chain', async () => {
  const journal = await fresh()
  await Promise.all(
    Array.from({ length: 8 }, () => noted(journal, async (hear) => hear({ host: 'h1', event: { kind: 'done', phase: 'join', at } }))),
  )
  expect((await logOf(journal)).problems).toEqual([])
  expect((await readOperatorJournal(journal)).commands.map(({ outcome }) => outcome)).toEqual(Array(8).fill('done'))
})

test('a journal that cannot be written keeps the work from beginning', async () => {
  const root = await temporaryDirectory()
  await writeFile(path.join(root, 'kadm'), 'a file')
  let isDone = false
  await expect(
    noted(operatorJournal(localHost(), { XDG_STATE_HOME: root }, 'shop'), async () => void (isDone = true)),
  ).rejects.toMatchObject({ code: 'FILE_FAILED' })
  expect(isDone).toBe(false)
})

test.each(['makeDirectory', 'readFile'] as const)('a journal of somebody else is no reason to become root: %s', async (refused) => {
  const journal = await fresh()
  const refuse = (): Promise<never> =>
    describingFileErrors('use', journal.file, async () => {
      throw Object.assign(new Error('no'), { code: 'EACCES' })
    })
  const failing = noted({ ...journal, host: { ...journal.host, [refused]: refuse } }, async () => {})
  await expect(failing).rejects.toMatchObject({
    code: 'FILE_FAILED',
    message: expect.stringContaining('permission denied'),
    remedy: [expect.stringContaining('chown'), expect.stringContaining('XDG_STATE_HOME=DIR')],
  })
  const log = readOperatorJournal({ ...journal, host: { ...journal.host, readFile: refuse } })
  await expect(log).rejects.toMatchObject({ remedy: [expect.stringContaining('chown'), expect.any(String)] })
})

test('every byte counts: whichever is changed or taken from the end, kadm log says so', async () => {
  const journal = await fresh()
  await noted(journal, async () => {})
  const whole = await readFile(journal.file)
  expect((await logOf(journal)).problems).toEqual([])
  for (let index = 0; index < whole.length; index++) {
    const changed = Buffer.from(whole)
    changed[index] = (whole[index] ?? 0) ^ 1
    await writeFile(journal.file, changed)
    const { problems, torn } = await logOf(journal)
    // Without its end a line is one that was cut off.
    expect([problems.length, torn.length], `byte ${index}`).toEqual(index === whole.length - 1 ? [0, 1] : [1, 0])
  }
  await writeFile(journal.file, whole.subarray(0, -5))
  expect(await logOf(journal)).toMatchObject({ problems: [], torn: ['this machine'] })
})
