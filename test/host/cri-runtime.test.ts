import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createServer } from 'node:net'
import { once } from 'node:events'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { criClient } from '../../src/host/cri/cri-client.ts'
import { plainLogLines } from '../../src/host/cri/cri-log.ts'
import { localHost } from '../../src/host/local-host.ts'
import { decodeMessage, encodeMessage } from '../../src/host/cri/protobuf.ts'
import { type RealContainerd, realContainerd } from '../support/real-containerd.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

test('a real containerd: version, status, images, a pod that runs, its log, its end, its removal', async (context) => {
  const containerd = await realContainerd(context)
  const { endpoint, pauseImage } = containerd
  const host = localHost()
  const runtime = host.containerRuntime(endpoint)
  onTestFinished(() => host.close())
  expect(await runtime.version()).toEqual({ name: 'containerd', version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  expect(await runtime.status()).toMatchObject({ runtimeReady: true, message: expect.stringContaining('cni') })
  // The call came with containerd 2.0.
  expect(await runtime.hasRuntimeConfig()).toBe(!(await runtime.version()).version.startsWith('1.'))
  expect([await runtime.hasImage(pauseImage), await runtime.hasImage('lab.test/none:1')]).toEqual([true, false])
  expect(await runtime.imageId('lab.test/none:1')).toBeUndefined()
  const busybox = await runtime.imageId('lab.test/busybox:1')
  expect([busybox, await runtime.imageId(busybox ?? '')]).toEqual([expect.stringMatching(/^sha256:/), busybox])
  await expect(runtime.pullImage('127.0.0.1:1/none:1')).rejects.toMatchObject({
    code: 'CONTAINER_RUNTIME_FAILED',
    message: expect.stringContaining('refused: '),
  })
  expect([await runtime.pods(), await runtime.containers()]).toEqual([[], []])

  let changes = 0
  const stop = new AbortController()
  const watching = (async () => {
    for await (const _ of runtime.changes(stop.signal)) changes++
  })()
  const { podId, containerId } = await runPod(containerd, 'echo one; echo two >&2; exit 3')
  const ended = await until(async () => (await runtime.containers()).find(({ state }) => state === 'exited'))
  expect(ended).toMatchObject({
    id: containerId,
    name: 'c',
    podId,
    podName: 'p',
    podNamespace: 'kube-system',
    image: 'lab.test/busybox:1',
    attempt: 2,
    exitCode: 3,
    reason: 'Error',
  })
  expect(Math.abs(Date.now() - ended.createdAt.getTime())).toBeLessThan(30_000)
  expect(await runtime.pods()).toEqual([{ id: podId, name: 'p', namespace: 'kube-system', ready: true }])
  expect([...(await runtime.recentLog(containerId, 10))].sort()).toEqual(['one', 'two'])
  expect(await runtime.recentLog(containerId, 1)).toHaveLength(1)
  expect(changes).toBeGreaterThan(2)
  stop.abort()
  await watching

  await runtime.stopContainer(containerId, 1)
  await runtime.stopPod(podId)
  // containerd answers when it is stopped, and notes it a moment later.
  await until(async () => (await runtime.pods()).find(({ id, ready }) => id === podId && !ready))
  await runtime.removePod(podId)
  expect([await runtime.pods(), await runtime.containers()]).toEqual([[], []])
  // Each of them may be repeated.
  await runtime.stopContainer(containerId, 1)
  await runtime.stopPod(podId)
  await runtime.removePod(podId)
  expect(await runtime.recentLog(containerId, 1)).toEqual([])
})

test('a Pod of one container: its program, variables and folders, on the network of the host; of one that does not start nothing is left', async (context) => {
  const { endpoint, shared, cgroupParent } = await realContainerd(context)
  const host = localHost()
  const runtime = host.containerRuntime(endpoint)
  onTestFinished(() => host.close())
  await mkdir(path.join(shared, 'data'))
  const pod = {
    name: 'short',
    namespace: 'kube-system',
    image: 'lab.test/busybox:1',
    command: ['/bin/sh', '-c', 'echo "$WORD" | tee /data/said; exec sleep 1000'],
    environment: [{ name: 'WORD', value: 'two words' }],
    mounts: [{ path: '/data', hostPath: path.join(shared, 'data'), readOnly: false }],
    writesTo: path.join(shared, 'data'),
    log: path.join(shared, 'log'),
    cgroupParent,
  }
  const id = await runtime.startPod(pod)
  // That it starts at all shows whose network it is on: there is no CNI.
  expect(await until(async () => (await host.readText(path.join(shared, 'data/said'))) || undefined)).toBe('two words\n')
  const containers = await runtime.containers()
  expect(containers).toMatchObject([{ name: 'short', podName: 'short', podNamespace: 'kube-system', state: 'running' }])
  expect(await runtime.recentLog(containers[0]?.id ?? '', 1)).toEqual(['two words'])
  expect(await host.readText(pod.log)).toContain('two words')
  await runtime.stopPod(id)
  await runtime.removePod(id)
  expect([await runtime.pods(), await runtime.containers()]).toEqual([[], []])

  await expect(runtime.startPod({ ...pod, command: ['/bin/none'] })).rejects.toMatchObject({ code: 'CONTAINER_RUNTIME_FAILED' })
  expect([await runtime.pods(), await runtime.containers()]).toEqual([[], []])
})

test('a containerd without its CRI part is told from one that is not there', async (context) => {
  const { endpoint } = await realContainerd(context, { config: `disabled_plugins = ['io.containerd.grpc.v1.cri']` })
  const host = localHost()
  onTestFinished(() => host.close())
  const runtime = host.containerRuntime(endpoint)
  await expect(runtime.version()).rejects.toMatchObject({
    code: 'CONTAINER_RUNTIME_FAILED',
    message: expect.stringContaining('does not offer CRI v1'),
    remedy: [expect.stringContaining('disabled_plugins')],
  })
  await expect(runtime.hasRuntimeConfig()).rejects.toMatchObject({ code: 'CONTAINER_RUNTIME_FAILED' })
})

test('no socket, nobody behind it, somebody who says nothing, and an address that is none', async () => {
  const host = localHost()
  onTestFinished(() => host.close())
  const dir = await temporaryDirectory()
  await expect(host.containerRuntime(`unix://${dir}/none.sock`).version()).rejects.toMatchObject({
    code: 'CONTAINER_RUNTIME_FAILED',
    message: expect.stringContaining('no such socket'),
  })
  await writeFile(path.join(dir, 'dead.sock'), '')
  await expect(host.containerRuntime(`unix://${dir}/dead.sock`).version()).rejects.toMatchObject({
    message: expect.stringContaining('nobody listens'),
  })
  const silent = createServer(() => undefined).listen(path.join(dir, 'silent.sock'))
  await once(silent, 'listening')
  onTestFinished(() => void silent.close())
  const started = performance.now()
  await expect(host.containerRuntime(`unix://${dir}/silent.sock`).version()).rejects.toMatchObject({
    message: expect.stringMatching(/did not answer within 2 s|does not answer/),
  })
  expect(performance.now() - started).toBeLessThan(3500)
  await expect(host.containerRuntime('tcp://127.0.0.1:1').version()).rejects.toMatchObject({
    message: '"tcp://127.0.0.1:1" is not the address of a unix socket',
  })
})

test('the CRI prefix is taken off, parts of a line are put together, docker JSON is read', () => {
  const lines = [
    '2026-01-02T03:04:05.6Z stderr F plain',
    '2026-01-02T03:04:05.6Z stdout P long ',
    '2026-01-02T03:04:05.6Z stdout F line',
    '{"log":"docker\\n","stream":"stdout"}',
    'neither',
    '2026-01-02T03:04:05.6Z stdout F ',
  ]
  expect(plainLogLines(lines)).toEqual(['plain', 'long line', 'docker', 'neither', ''])
})

test('messages read back as they were written; known bytes of the protobuf documents', () => {
  expect(encodeMessage([[1, 150]]).toString('hex')).toBe('089601')
  expect(encodeMessage([[2, 'testing']]).toString('hex')).toBe('120774657374696e67')
  fc.assert(
    fc.property(
      fc.maxSafeInteger(),
      fc.string({ unit: fc.constantFrom('a', 'ä', '€', '😀', '\0') }),
      fc.boolean(),
      fc.integer({ min: 16, max: 100_000 }),
      (number, text, flag, field) => {
        const read = decodeMessage(
          encodeMessage([
            [1, number],
            [2, text],
            [3, flag],
            [
              field,
              encodeMessage([
                [1, text],
                [2, 'v'],
              ]),
            ],
          ]),
        )
        expect([read.integer(1), read.text(2), read.flag(3)]).toEqual([BigInt(number), text, flag])
        expect(read.map(field)).toEqual(new Map([[text, 'v']]))
        expect(read.message(4)).toBeUndefined()
      },
    ),
  )
  expect(() => decodeMessage(Buffer.from('0a05', 'hex')).text(1)).toThrow(RangeError)
})

/** As the kubelet runs one container: with a log, and as one that it made before. kadm's own (`startPod`) has neither. */
async function runPod(
  { endpoint, shared, cgroupParent }: RealContainerd,
  command: string,
): Promise<{ podId: string; containerId: string }> {
  const client = criClient(endpoint)
  await mkdir(path.join(shared, 'logs'))
  const namespaces = encodeMessage([
    [1, 2],
    [2, 1],
  ]) // the host's network, a pid namespace of its own
  const pod = encodeMessage([
    [
      1,
      encodeMessage([
        [1, 'p'],
        [2, 'uid'],
        [3, 'kube-system'],
      ]),
    ],
    [3, path.join(shared, 'logs')],
    [
      8,
      encodeMessage([
        [1, cgroupParent],
        [2, encodeMessage([[1, namespaces]])],
      ]),
    ],
  ])
  const timeout = 30_000
  const podId = (await client.call('runtime.v1.RuntimeService/RunPodSandbox', [[1, pod]], { timeout })).text(1)
  const container = encodeMessage([
    [
      1,
      encodeMessage([
        [1, 'c'],
        [2, 2],
      ]),
    ],
    [2, encodeMessage([[1, 'lab.test/busybox:1']])],
    ...['/bin/sh', '-c', command].map((word) => [3, word] as const),
    [11, 'c.log'],
    [15, encodeMessage([[2, encodeMessage([[3, namespaces]])]])],
  ])
  const containerId = (
    await client.call(
      'runtime.v1.RuntimeService/CreateContainer',
      [
        [1, podId],
        [2, container],
        [3, pod],
      ],
      { timeout },
    )
  ).text(1)
  await client.call('runtime.v1.RuntimeService/StartContainer', [[1, containerId]], { timeout })
  client.close()
  return { podId, containerId }
}
