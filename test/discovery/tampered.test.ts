/** Whatever somebody changes in the bytes of good answers, what is accepted is what the cluster said. */
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { discover } from '../../src/discovery/discover.ts'
import type { DiscoveredCluster } from '../../src/discovery/discovered-cluster.ts'
import { KadmError } from '../../src/errors.ts'
import { localHost } from '../../src/host/local-host.ts'
import { parseToken } from '../../src/tokens/bootstrap-token.ts'
import { hostileServer } from './hostile-server.ts'
import { newWorld } from './scenes.ts'
import { isLongRun } from '../support/long-run.ts'

const numRuns = isLongRun ? 3000 : 200

interface Change {
  readonly kind: 'flip' | 'put' | 'insert' | 'remove' | 'swap'
  /** Where, as a part of the whole. */
  readonly at: number
  readonly to: number
  readonly byte: number
}

// Without its liking for the ends, where only the status line would be hit.
const anywhere = fc.noBias(fc.integer({ min: 0, max: 999_999 })).map((part) => part / 1_000_000)

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('flip', 'flip', 'put', 'insert', 'remove', 'swap'),
  at: anywhere,
  to: anywhere,
  byte: fc.integer({ min: 0, max: 255 }),
})
const changes = fc.oneof(
  { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant([]) },
)

test(`${numRuns} tampered discoveries, none accepted`, { timeout: 600_000 }, async () => {
  const answers: { next: readonly Buffer[]; served: Buffer[] } = { next: [], served: [] }
  const held: { world?: ReturnType<typeof newWorld> } = {}
  const server = await hostileServer((port) => {
    const world = newWorld(port)
    held.world = world
    const answer = (stream: { end(bytes: Buffer): unknown }): void => {
      const [now, ...later] = answers.next
      if (later.length > 0) answers.next = later
      answers.served.push(now ?? Buffer.alloc(0))
      stream.end(now ?? Buffer.alloc(0))
    }
    return { identity: () => world.server, answer }
  })
  onTestFinished(() => server.close())
  const { world } = held
  if (world === undefined) throw new Error('the server has not begun')
  const { id, secret } = parseToken(world.token)
  const signatureKey = `jws-kubeconfig-${id}`
  const data: Readonly<Record<string, string>> = { ...(await world.signed(world.kubeconfig)), 'jws-kubeconfig-zzzzzz': 'eyJ..x' }
  const good = rawAnswer(JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'cluster-info' }, data }))
  const expected = { server: `https://${server.endpoint}`, caPem: world.ca.pem, clusterName: 'kubernetes' }
  const tally = { accepted: 0, refused: 0 }

  const property = async (first: readonly Change[], second: readonly Change[] | 'the same', pinned: boolean): Promise<void> => {
    const sent = [first, second === 'the same' ? first : second].map((each) => each.reduce(changed, good))
    Object.assign(answers, { next: sent, served: [] })
    const found = await discover(
      {
        kind: 'token',
        token: world.token,
        apiServerEndpoint: server.endpoint,
        caCertHashes: pinned ? [world.pin] : [],
        unsafeSkipCAVerification: !pinned,
        tlsBootstrapToken: '',
      },
      { host: localHost(), timeout: 90 },
    ).catch((error: unknown): DiscoveredCluster | undefined => {
      // Anything else would be a bug that a server can set off.
      expect(error).toBeInstanceOf(KadmError)
      return undefined
    })
    tally[found === undefined ? 'refused' : 'accepted']++
    if (found === undefined) return
    expect(found).toMatchObject(expected)
    // An answer that made no sense was asked for again: then only the last ones count.
    const taken = answers.served.slice(pinned && answers.served.length === 2 ? 0 : -1).map(trusted)
    for (const each of taken) expect(each['kubeconfig']).toBe(world.kubeconfig)
    if (taken.length === answers.served.length) expect(taken[0]?.[signatureKey]).toBe(data[signatureKey])
  }
  await fc.assert(fc.asyncProperty(changes, fc.oneof(changes, fc.constant('the same' as const)), fc.boolean(), property), { numRuns })
  expect(server.received()).not.toContain(secret)
  expect(tally.accepted).toBeGreaterThan(numRuns / 100)
  expect(tally.refused).toBeGreaterThan(numRuns / 2)
})

function rawAnswer(body: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
}

/** What a lenient reader finds in an answer that was accepted. */
function trusted(answer: Buffer): Readonly<Record<string, unknown>> {
  const text = answer.toString('utf8')
  const body = text.slice(text.search(/\r?\n\r?\n/)).trim()
  // A shorter content-length may have cut off what follows.
  const end = body.lastIndexOf('}}')
  return (JSON.parse(body.slice(0, end + 2)) as { data: Record<string, unknown> }).data
}

function changed(bytes: Buffer, { kind, at, to, byte }: Change): Buffer {
  const [here, there] = [Math.floor(at * bytes.length), Math.floor(to * bytes.length)]
  const copy = Buffer.from(bytes)
  if (kind === 'flip') copy[here] = (bytes[here] ?? 0) ^ (1 << (byte % 8))
  else if (kind === 'put') copy[here] = byte
  else if (kind === 'swap') [copy[here], copy[there]] = [bytes[there] ?? 0, bytes[here] ?? 0]
  else if (kind === 'insert') return Buffer.concat([bytes.subarray(0, here), Buffer.of(byte), bytes.subarray(here)])
  else return Buffer.concat([bytes.subarray(0, here), bytes.subarray(here + 1)])
  return copy
}
