/** Discovery by a token, before servers of all kinds. In none of them may the token leave this host. */
import { expect, onTestFinished, test } from 'vitest'
import { discover } from '../../src/discovery/discover.ts'
import { localHost } from '../../src/host/local-host.ts'
import { parseToken } from '../../src/tokens/bootstrap-token.ts'
import { kadmDiscovers, shown, stage, type Outcome, type Stage } from './play.ts'
import { goodScenes, neverScenes, refusedScenes, type Scene } from './scenes.ts'

/** Longer than an unhurried scene takes on a busy machine, and short for those that only end with it. */
const [patience, untilTimeIsUp] = [20_000, 1300]

async function played(
  scene: Scene,
  timeout: number,
  address: '127.0.0.1' | '::1' = '127.0.0.1',
): Promise<Outcome & { readonly on: Stage }> {
  const on = await stage(scene, address)
  onTestFinished(() => on.server.close())
  const outcome = await kadmDiscovers(on, timeout)
  const { secret } = parseToken(on.token)
  expect(on.server.received()).not.toContain(secret)
  expect(on.server.received().toLowerCase()).not.toContain('authorization')
  expect(shown(outcome)).not.toContain(secret)
  return { ...outcome, on }
}

test.for(Object.entries(goodScenes))('accepted: %s', async ([, scene]) => {
  const { found, error, on, took } = await played(scene, patience)
  expect(error).toBeUndefined()
  expect(found).toEqual({
    server: `https://${on.server.endpoint}`,
    caPem: on.play.caPem ?? on.world.ca.pem,
    clusterName: 'kubernetes',
    user: { kind: 'token', name: 'tls-bootstrap-token-user', token: on.token },
  })
  expect(took).toBeLessThan(4000)
})

test.for(Object.entries(refusedScenes))('refused at once: %s', async ([, { kadm, ...scene }]) => {
  const { error, took } = await played({ kadm, ...scene }, patience)
  expect(error).toMatchObject({ code: kadm[0], message: expect.stringMatching(kadm[1] ?? /never/) })
  expect(took).toBeLessThan(4000)
})

test.for(Object.entries(neverScenes))('refused when the time is up: %s', { concurrent: true }, async ([, { kadm, ...scene }]) => {
  const { error, took } = await played({ kadm, ...scene }, untilTimeIsUp)
  expect(error).toMatchObject({ code: kadm[0], message: expect.stringMatching(kadm[1] ?? /never/) })
  expect(error).toMatchObject({ remedy: [expect.stringContaining('kadm token create --print-join-command'), expect.anything()] })
  expect(took).toBeGreaterThanOrEqual(untilTimeIsUp - 20)
  expect(took).toBeLessThan(untilTimeIsUp + 3000)
})

test('a huge answer is cut off after 8 MiB, not read to its end', async () => {
  const on = await stage({ make: neverScenes['an answer of 1 GB']?.make ?? (() => ({})) })
  onTestFinished(() => on.server.close())
  await kadmDiscovers(on, 300)
  const { answer } = on.play
  const sent = answer !== undefined && 'sent' in answer ? (answer.sent as () => number)() : 0
  expect(sent).toBeGreaterThan(8 << 20)
  expect(sent).toBeLessThan(200 << 20)
})

test('over IPv6', async () => {
  const { error, on } = await played({ kadm: ['accepted'], make: () => ({}) }, patience, '::1')
  expect(error).toBeUndefined()
  expect(on.server.endpoint).toMatch(/^\[::1\]:\d+$/)
})

test('nothing is sent for an input that cannot work', async () => {
  const on = await stage({ make: () => ({}) })
  onTestFinished(() => on.server.close())
  const good = {
    kind: 'token',
    token: on.token,
    apiServerEndpoint: on.server.endpoint,
    caCertHashes: on.pins,
    unsafeSkipCAVerification: false,
    tlsBootstrapToken: on.token,
  } as const
  const { port } = on.server
  const endpoints = [
    '127.0.0.1',
    '',
    '127.0.0.1:',
    `127.0.0.1:${port}/x`,
    `x@127.0.0.1:${port}`,
    `127.0.0.1:${port}#`,
    '::1:6443',
    '127.0.0.1:99999',
    `https://127.0.0.1:${port}`,
  ]
  const wrong = [
    ...endpoints.map((apiServerEndpoint) => ({ apiServerEndpoint })),
    ...['', 'sha256', `sha256:${'0'.repeat(63)}`, `sha256:${'g'.repeat(64)}`, `md5:${'0'.repeat(32)}`, `${on.pins[0]}\n`].map((hash) => ({
      caCertHashes: [...on.pins, hash],
    })),
    { caCertHashes: [] },
  ]
  for (const change of wrong) {
    await expect(discover({ ...good, ...change }, { host: localHost(), timeout: 1000 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  }
  await expect(discover({ ...good, token: `${on.token}x` }, { host: localHost(), timeout: 1000 })).rejects.toMatchObject({
    code: 'TOKEN_INVALID',
  })
  expect(on.server.received()).toBe('')
})

test('a signal ends it at once; the waiting is told', async () => {
  const on = await stage({
    make: ({ kubeconfig }) => ({ answer: (stream) => void stream.end(`HTTP/1.1 503 X\r\n\r\n${kubeconfig.length}`) }),
  })
  onTestFinished(() => on.server.close())
  const stop = new AbortController()
  const waiting: string[] = []
  const discovery = {
    kind: 'token',
    token: on.token,
    apiServerEndpoint: on.server.endpoint,
    caCertHashes: on.pins,
    unsafeSkipCAVerification: false,
    tlsBootstrapToken: '',
  } as const
  const end = discover(discovery, {
    host: localHost(),
    timeout: patience,
    signal: stop.signal,
    onWaiting: (text) => {
      waiting.push(text)
      stop.abort(new Error('stopped by hand'))
    },
  })
  await expect(end).rejects.toThrow('stopped by hand')
  expect(waiting).toEqual([`cluster-info of https://${on.server.endpoint}: the answer is HTTP 503`])
})
