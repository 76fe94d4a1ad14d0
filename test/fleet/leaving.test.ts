/** What a control plane that is to leave would take along: the name of the API, and keys. */
import { expect, test } from 'vitest'
import { askEndpointName } from '../../src/fleet/look/endpoint-name.ts'
import { lastKeyProblems } from '../../src/fleet/look/last-keys.ts'
import type { Argv, Host } from '../../src/host/host.ts'
import { fileOf, running } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const file = fileOf({ h1: 'absent', h2: 'control-plane', h3: 'worker' })
const { signal } = new AbortController()
const remove = [{ host: 'h1', kind: 'remove', why: '' }] as const
const member = reachedHost({ node: 'control-plane' })

/** @param known addresses of the name, by host */
async function named(
  known: Readonly<Record<string, readonly string[]>>,
  endpoint = 'cluster-endpoint:6443',
  actions: typeof remove | [] = remove,
) {
  const asked: string[] = []
  const hosts = Object.keys(known).map((name) => {
    const query = async (argv: Argv) => {
      asked.push(`${name} ${argv.slice(2).join(' ')}`)
      const stdout = (known[name] ?? []).flatMap((one) => [`${one} STREAM cluster-endpoint\n`, `${one} DGRAM\n`]).join('')
      return { exitCode: stdout === '' ? 2 : 0, stdout, stderr: '' }
    }
    return [name, { query } as unknown as Host] as const
  })
  const states = new Map([
    ['h1', { ...member, addresses: ['192.168.7.1', '192.168.7.99'] }],
    ['h2', member],
  ])
  const cluster = { ...running('h1', 'h2'), controlPlaneEndpoint: endpoint }
  return { ...(await askEndpointName(file, { hosts: new Map(hosts), states }, { cluster, actions, signal })), asked }
}

test('a name that leads to who leaves alone is a problem, one that leads elsewhere too a warning', async () => {
  const [own, other] = [['192.168.7.1'], ['192.168.7.2']]
  expect(await named({ h1: own, h2: other, h3: own })).toEqual({
    problems: [expect.stringMatching(/^to leave: h1; on h3 the name "cluster-endpoint" of .* leads there alone/)],
    warnings: [],
    asked: ['h2 getent ahosts cluster-endpoint', 'h3 getent ahosts cluster-endpoint'],
  })
  const both = { problems: [], warnings: [expect.stringMatching(/^to leave: h1; on h2 .* leads there too/)] }
  expect(await named({ h2: [...own, ...other], h3: other })).toMatchObject(both)
  // A virtual address that it has now moves by itself, mostly.
  expect(await named({ h2: ['192.168.7.99'], h3: [] })).toMatchObject(both)
  expect(await named({ h2: other, h3: ['127.0.0.1'] })).toMatchObject({ problems: [], warnings: [] })
})

test('nobody is asked for an address, nor where nobody leaves', async () => {
  const nothing = { problems: [], warnings: [], asked: [] }
  expect(await named({ h2: ['192.168.7.1'] }, '192.168.7.1:6443')).toEqual(nothing)
  expect(await named({ h2: ['192.168.7.1'] }, 'cluster-endpoint:6443', [])).toEqual(nothing)
})

test('the last copy of a key of a CA does not go with the control plane that has it', async () => {
  const told = (held: Readonly<Record<string, readonly string[]>>, unfinished?: string): Promise<readonly string[]> => {
    const stat = (name: string) => async (path: string) =>
      held[name]?.some((key) => path === `/etc/kubernetes/pki/${key}`) === true ? {} : undefined
    const hosts = new Map(['h1', 'h2', 'h3'].map((name) => [name, { stat: stat(name) } as unknown as Host]))
    const states = new Map([
      ['h1', { ...member, ...(unfinished !== undefined && { unfinished }) }],
      ['h2', member],
      ['h3', reachedHost({ node: 'worker' })],
    ])
    return lastKeyProblems(file, { hosts, states }, { stored: undefined, actions: remove })
  }
  const all = ['ca.key', 'etcd/ca.key', 'front-proxy-ca.key']
  expect(await told({ h1: all, h2: all })).toEqual([])
  // An external CA.
  expect(await told({})).toEqual([])
  // A key that lies on a worker is none that control planes are given.
  expect(await told({ h1: all, h2: ['front-proxy-ca.key'], h3: all })).toEqual([
    expect.stringMatching(/^to leave: h1, .* has its \/etc\/kubernetes\/pki\/ca\.key,/),
    expect.stringContaining('/etc/kubernetes/pki/etcd/ca.key'),
  ])
  expect(await told({ h1: all }, 'init')).toEqual([])
})
