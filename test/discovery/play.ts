/** Plays one scene for kadm. */
import { discover } from '../../src/discovery/discover.ts'
import type { DiscoveredCluster } from '../../src/discovery/discovered-cluster.ts'
import { KadmError } from '../../src/errors.ts'
import { localHost } from '../../src/host/local-host.ts'
import { configMap, hostileServer, type HostileServer } from './hostile-server.ts'
import { newWorld, type Play, type Scene, type World } from './scenes.ts'

export interface Stage {
  /** `host:port` as a join is told it. */
  readonly endpoint: string
  readonly server: HostileServer
  readonly world: World
  readonly play: Play
  readonly token: string
  readonly pins: readonly string[]
}

/** The server of a scene, and what a join would be told. */
export async function stage({ make }: Pick<Scene, 'make'>, address: '127.0.0.1' | '::1' = '127.0.0.1'): Promise<Stage> {
  const held: { world?: World; play?: Play } = {}
  const server = await hostileServer(async (port) => {
    const own = newWorld(port)
    const play = await make(own)
    Object.assign(held, { world: own, play })
    return { identity: play.identity ?? (() => own.server), answer: play.answer ?? configMap(await own.signed(own.kubeconfig)) }
  }, address)
  if (held.world === undefined || held.play === undefined) throw new Error('there is no scene')
  return {
    endpoint: held.play.host === undefined ? server.endpoint : `${held.play.host}:${server.port}`,
    server,
    world: held.world,
    play: held.play,
    token: held.play.token ?? held.world.token,
    pins: held.play.pins ?? [held.world.pin],
  }
}

export interface Outcome {
  readonly found?: DiscoveredCluster
  readonly error?: unknown
  readonly lines: readonly string[]
  /** Milliseconds. */
  readonly took: number
}

export async function kadmDiscovers({ endpoint, play, token, pins }: Stage, timeout: number): Promise<Outcome> {
  const lines: string[] = []
  const note = (text: string): void => void lines.push(text)
  const start = performance.now()
  const outcome = await discover(
    {
      kind: 'token',
      token,
      apiServerEndpoint: endpoint,
      caCertHashes: pins,
      unsafeSkipCAVerification: play.skip === true,
      tlsBootstrapToken: token,
    },
    { host: localHost(), timeout, say: note, warn: note, onWaiting: note, unsafeAllowUnpinnedCa: play.allowUnpinned === true },
  ).then(
    (found) => ({ found }),
    (error: unknown) => ({ error }),
  )
  return { ...outcome, lines, took: performance.now() - start }
}

/** All that a person would be shown. */
export function shown({ error, lines }: Outcome): string {
  const failure = error instanceof KadmError ? [error.message, ...error.remedy, ...error.details] : [String(error)]
  return [...lines, ...(error === undefined ? [] : failure)].join('\n')
}
