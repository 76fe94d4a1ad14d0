/** What the hosts of a fleet are shown to have come to. */
import { stripVTControlCharacters } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { FleetEvent } from '../../src/fleet/fleet-run.ts'
import { hostRows } from '../../src/progress/host-rows.ts'
import { plainHostLine } from '../../src/progress/plain-host-lines.ts'

const at = new Date(0)
const event = (host: string, one: { readonly kind: 'started' | 'done'; readonly phase: string }): FleetEvent => ({
  host,
  event: { ...one, at },
})
const skipped: FleetEvent = { host: 'h7', event: { kind: 'skipped', phase: 'upgrade', reason: 'the upgrade has stopped', at } }

test('a row is completed only where the host is done', async () => {
  const shown = screen()
  const rows = hostRows(['h2', 'h3', 'h7', 'h8'].map((host) => ({ host, kind: 'upgrade' })))
  for (const one of [event('h2', { kind: 'started', phase: 'upgrade' }), event('h2', { kind: 'done', phase: 'upgrade' })]) rows.report(one)
  rows.report({ host: 'h3', event: { kind: 'failed', phase: 'upgrade', error: new Error('no image'), at } })
  rows.report(skipped)
  await rows.end()
  const ends = shown
    .join('')
    .split('\n')
    .filter((line) => /^[✔✖↓]/.test(line))
  expect(ends.toSorted()).toEqual([
    '↓ h7  upgrade [SKIPPED: h7  upgrade: the upgrade has stopped]',
    '↓ h8  upgrade [SKIPPED: h8  upgrade: not done]',
    expect.stringMatching(/^✔ h2 {2}upgrade/),
    '✖ h3  upgrade [FAILED: h3: no image]',
  ])
})

test('on a terminal each host has a row with what it is doing, and since when as soon as that is long', async () => {
  vi.useFakeTimers()
  const { isTTY } = process.stdout
  process.stdout.isTTY = true
  onTestFinished(() => {
    process.stdout.isTTY = isTTY
    vi.useRealTimers()
  })
  const shown = screen()
  const rows = hostRows(['h2', 'h3'].map((host) => ({ host, kind: 'join' })))
  /** The last one that is drawn until then, without what turns before its rows. */
  const frame = async (milliseconds: number): Promise<readonly string[]> => {
    await vi.advanceTimersByTimeAsync(milliseconds)
    const lines = stripVTControlCharacters(shown.at(-1) ?? '').split('\n')
    return lines.filter((line) => line !== '').map((line) => line.slice(2))
  }
  await frame(0)
  rows.report(event('h2', { kind: 'started', phase: 'join/kubelet-start' }))
  expect(await frame(200)).toEqual(['h2  join', '› join/kubelet-start', 'h3  join'])
  expect(await frame(1800)).toEqual(['h2  join', '› join/kubelet-start  (2.0 s)', 'h3  join'])
  rows.report({ host: 'h3', event: { kind: 'waiting', phase: 'join', text: 'the API server of h1', at } })
  expect(await frame(200)).toEqual(['h2  join', '› join/kubelet-start  (2.0 s)', 'h3  join', '› join: the API server of h1'])
  rows.report(event('h2', { kind: 'started', phase: 'join/etcd-join' }))
  expect(await frame(200)).toEqual(['h2  join', '› join/etcd-join', 'h3  join', '› join: the API server of h1'])
  expect(await frame(1600)).toEqual(['h2  join', '› join/etcd-join  (1.8 s)', 'h3  join', '› join: the API server of h1  (2.0 s)'])
  await rows.end()
})

test('a line for an action that is left out, none for a phase inside or for what lies between waves', () => {
  expect(plainHostLine(skipped)).toBe('[h7] upgrade: skipped: the upgrade has stopped\n')
  expect(plainHostLine({ host: 'h7', event: { ...skipped.event, phase: 'upgrade/addons' } })).toBe('')
  expect(plainHostLine({ host: 'kadm', event: { kind: 'skipped', phase: 'after-wave-1', reason: 'the upgrade has stopped', at } })).toBe('')
})

/** What is written to the terminal from now on. */
function screen(): string[] {
  const shown: string[] = []
  for (const stream of [process.stdout, process.stderr]) {
    const write = vi.spyOn(stream, 'write').mockImplementation((text) => shown.push(String(text)) > 0)
    onTestFinished(() => write.mockRestore())
  }
  return shown
}
