import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { ensureHostImage } from '../../src/sandbox/host-image.ts'
import { raiseSandbox } from '../../src/sandbox/sandbox-up.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'
import { sandboxDirectory } from '../../src/sandbox/state.ts'
import { takeDown } from '../../src/sandbox/take-down.ts'
import { traces, unable } from './bare-sandbox.ts'

const name = 'kadm-killed'
const program = fileURLToPath(new URL('up-program.ts', import.meta.url))

describe.skipIf(unable !== undefined)('up, killed', () => {
  afterAll(async () => {
    await takeDown(name)
  })

  // At a random moment within each stretch, so that runs differ. A busy machine starts programs late: the clock starts with the first
  // trace.
  test.each([0, 150, 350, 600, 1000])('about %i ms after its first trace, then down: nothing is left', async (moment) => {
    await takeDown(name)
    const child = spawn(process.execPath, [program, name, '2'], { stdio: 'ignore' })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    while (!existsSync(sandboxDirectory(name)) && child.exitCode === null) await sleep(1)
    await sleep(moment + Math.random() * 200)
    child.kill('SIGKILL')
    await ended
    expect(await traces(name), 'there was something to take away').not.toEqual([])
    await takeDown(name)
    expect(await traces(name)).toEqual([])
  })

  test('aborted while hosts boot: it takes down itself what it began', async () => {
    const { root: image } = await ensureHostImage({ say: () => {} })
    const aborted = new AbortController()
    const up = raiseSandbox({ name, hosts: 2, loadBalancer: true, say: () => {}, signal: aborted.signal }, { image })
    setTimeout(() => aborted.abort(new Error('enough')), 200 + Math.random() * 300)
    await expect(up).rejects.toThrow('enough')
    expect(await traces(name)).toEqual([])
    await expect(openSandbox(name)).rejects.toMatchObject({ code: 'SANDBOX_UNKNOWN' })
  })

  test('without a system to boot: it says what failed and leaves nothing', async () => {
    const image = fileURLToPath(new URL('.', import.meta.url))
    await expect(raiseSandbox({ name, hosts: 2, say: () => {} }, { image })).rejects.toMatchObject({ code: 'SANDBOX_FAILED' })
    expect(await traces(name)).toEqual([])
  })
})
