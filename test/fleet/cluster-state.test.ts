/** What a plan is told of a cluster that is there and does not say what it is. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { paths } from '../../src/config/paths.ts'
import { observeCluster } from '../../src/fleet/look/cluster-state.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { fileOf } from './planned.ts'

test('an admin.conf that cannot be used is told with its code and remedy, and nobody waits for an API', async () => {
  const root = await temporaryDirectory()
  await mkdir(path.join(root, '/etc/kubernetes'), { recursive: true })
  await writeFile(path.join(root, paths.adminConf), 'kind: Config')
  const said: string[] = []
  const file = fileOf({ h1: 'control-plane' })
  const wanted = { file, states: new Map() }
  const options = { signal: new AbortController().signal, patience: 60_000, say: (text: string) => said.push(text) }
  const { cluster } = await observeCluster(
    file.hosts.map((place) => ({ host: rootedHost(root), place })),
    wanted,
    options,
  )
  expect(cluster).toEqual({
    kind: 'unreachable',
    code: 'KUBECONFIG_INVALID',
    why: expect.stringContaining('has no current-context'),
    remedy: [expect.any(String)],
  })
  expect(said).toEqual([])
  expect(await observeCluster([], wanted, options)).toEqual({ cluster: { kind: 'none' }, stored: undefined })
})
