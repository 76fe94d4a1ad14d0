import { expect, test } from 'vitest'
import type { ContainerRuntime } from '../../src/host/cri/container-runtime.ts'
import { imagePull } from '../../src/preflight/image-pull.ts'

const images = ['r/a:1', 'r/b:1', 'r/pause:1']
const quiet = { images, pauseImage: 'r/pause:1', say: () => {} }

test('what is there is not pulled, unless always', async () => {
  const runtime = fakeRuntime({ present: ['r/a:1'] })
  await imagePull(runtime, { ...quiet, policy: 'IfNotPresent', serial: true }).run()
  expect(runtime.pulled).toEqual(['r/b:1', 'r/pause:1'])
  await imagePull(runtime, { ...quiet, policy: 'Always', serial: true }).run()
  expect(runtime.pulled.slice(2)).toEqual(images)
})

test('never: nobody is asked anything', async () => {
  expect(await imagePull(fakeRuntime({ refuseAll: true }), { ...quiet, policy: 'Never', serial: true }).run()).toEqual({
    warnings: [],
    errors: [],
  })
})

test('five tries, then one line for each image', async () => {
  const runtime = fakeRuntime({ failures: { 'r/a:1': 4, 'r/b:1': 5 } })
  const { errors } = await imagePull(runtime, { ...quiet, policy: 'IfNotPresent', serial: true }).run()
  expect(errors).toEqual(['failed to pull image r/b:1: no such registry'])
  expect(runtime.pulled.filter((image) => image === 'r/b:1')).toHaveLength(5)
})

test('one after the other, or all at once', async () => {
  const serial = fakeRuntime({})
  await imagePull(serial, { ...quiet, policy: 'IfNotPresent', serial: true }).run()
  expect(serial.mostAtOnce()).toBe(1)
  const parallel = fakeRuntime({})
  await imagePull(parallel, { ...quiet, policy: 'IfNotPresent', serial: false }).run()
  expect(parallel.mostAtOnce()).toBe(3)
})

test('another sandbox image is a warning', async () => {
  const { warnings } = await imagePull(fakeRuntime({ sandboxImage: 'r/pause:0' }), { ...quiet, policy: 'IfNotPresent', serial: true }).run()
  expect(warnings).toEqual([expect.stringContaining('"r/pause:0"')])
})

test('a run that is called off pulls no more', async () => {
  const runtime = fakeRuntime({})
  const check = imagePull(runtime, { ...quiet, policy: 'IfNotPresent', serial: true, signal: AbortSignal.abort(new Error('stop')) })
  await expect(check.run()).rejects.toThrow('stop')
  expect(runtime.pulled).toEqual([])
})

interface Fake {
  readonly present?: readonly string[]
  /** How often each pull fails before it succeeds. */
  readonly failures?: Readonly<Record<string, number>>
  readonly sandboxImage?: string
  readonly refuseAll?: boolean
}

/** A registry on another continent, that fails to order. It refuses what it was not told. */
function fakeRuntime({
  present = [],
  failures = {},
  sandboxImage = 'r/pause:1',
  refuseAll = false,
}: Fake): ContainerRuntime & { readonly pulled: string[]; readonly mostAtOnce: () => number } {
  const pulled: string[] = []
  let running = 0
  let most = 0
  const refuse = (): never => {
    throw new Error('nobody may ask this')
  }
  return {
    endpoint: 'unix:///fake.sock',
    pulled,
    mostAtOnce: () => most,
    hasImage: async (image) => (refuseAll ? refuse() : present.includes(image)),
    status: async () => (refuseAll ? refuse() : { runtimeReady: true, message: '', sandboxImage }),
    pullImage: async (image) => {
      if (refuseAll) refuse()
      pulled.push(image)
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running -= 1
      if (pulled.filter((one) => one === image).length <= (failures[image] ?? 0)) throw new Error('no such registry')
    },
    version: refuse,
    hasRuntimeConfig: refuse,
    imageId: refuse,
    pods: refuse,
    containers: refuse,
    changes: refuse,
    recentLog: refuse,
    process: refuse,
    stopContainer: refuse,
    stopPod: refuse,
    startPod: refuse,
    removePod: refuse,
    close: refuse,
  }
}
