/** What a control plane that is to leave would take along: the name of the API, and keys. */
import { expect, test } from 'vitest'
import type { ClusterHost } from '../../src/config/cluster-file.ts'
import { askEndpointName } from '../../src/fleet/look/endpoint-name.ts'
import { lastKeyProblems } from '../../src/fleet/look/last-keys.ts'
import { endpointFindings, endpointNameFindings } from '../../src/fleet/plan/stable-endpoint.ts'
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

test('an address that hosts which stay have too leaves with nobody; who has the API behind it gets a warning', () => {
  const [shared, own] = ['203.0.113.5', '192.168.7.1']
  const control = (apiAddress: string) => reachedHost({ node: 'control-plane', addresses: [apiAddress], apiAddress })
  const states = new Map([
    ['h1', control(own)],
    ['h2', control('192.168.7.2')],
    ['h4', reachedHost({ node: 'worker', addresses: ['192.168.7.4'] })],
  ])
  const leaves = (host: string, hosts = behind({ h1: shared, h2: shared, h4: shared }, host)) => {
    const actions = [{ host, kind: 'remove', why: '' }] as const
    const known = new Map([['h2', [shared]]])
    const cluster = { ...running('h1', 'h2'), controlPlaneEndpoint: `${shared}:6443` }
    return [
      endpointNameFindings({ ...file, hosts }, { states, actions, endpoint: 'api.example.com:6443' }, known),
      endpointFindings({ ...file, hosts }, { states, cluster, actions }),
    ]
  }
  const nothing = { problems: [], warnings: [] }
  expect(leaves('h4')).toEqual([nothing, nothing])
  expect(leaves('h1')).toEqual([
    { problems: [], warnings: [expect.stringContaining('unless it moves to another control plane by itself')] },
    { problems: [], warnings: [expect.stringContaining('unless it moves to another control plane by itself')] },
  ])
  const refused = { problems: [expect.stringContaining('h1')], warnings: [] }
  expect(leaves('h1', behind({ h1: shared, h2: '203.0.113.6' }, 'h1'))).toEqual([refused, refused])
})

test.each(['h1.example.com', '203.0.113.5'])('of who is %s in the file its own address goes that its API server announces', (address) => {
  const [api, virtual] = ['192.168.7.1', '192.168.7.99']
  const states = new Map([
    ['h1', reachedHost({ node: 'control-plane', addresses: [api, virtual], apiAddress: api })],
    ['h2', reachedHost({ node: 'control-plane', addresses: ['192.168.7.2'] })],
  ])
  const found = (at: string, written = address) => {
    const wanted = { ...file, hosts: behind({ h1: written, h2: '192.168.7.2' }, 'h1') }
    const cluster = { ...running('h1', 'h2'), controlPlaneEndpoint: `${at}:6443` }
    const byName = endpointNameFindings(wanted, { states, actions: remove, endpoint: 'api.example.com:6443' }, new Map([['h2', [at]]]))
    const all = [byName, endpointFindings(wanted, { states, cluster, actions: remove })]
    return all.map(({ problems, warnings }) => [problems.length, warnings.length])
  }
  const [refused, warned] = [
    [1, 0],
    [0, 1],
  ]
  expect(found(api)).toEqual([refused, refused])
  expect(found(virtual)).toEqual([warned, warned])
  // Of a machine that has got another one, as the plan says, the former one may be virtual by now.
  expect(found(api, virtual)).toEqual([warned, warned])
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

/** Of the hosts of a file, with these addresses; one leaves. */
function behind(addresses: Readonly<Record<string, string>>, leaving: string): readonly ClusterHost[] {
  const roles = Object.fromEntries(Object.keys(addresses).map((name) => [name, name === leaving ? 'absent' : 'control-plane']))
  return fileOf(roles).hosts.map((host) => ({ ...host, address: addresses[host.name] ?? '' }))
}
