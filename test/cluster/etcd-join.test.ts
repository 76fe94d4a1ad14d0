/** Against real etcd members with mutual TLS. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { EtcdCluster } from '../../src/cluster/etcd-cluster.ts'
import type { JoinEtcdOptions } from '../../src/cluster/etcd-new-member.ts'
import { localHost } from '../../src/host/local-host.ts'
import { recordingHost } from '../../src/host/recording-host.ts'
import { etcdHosts, initialClusterText, type EtcdHost, type EtcdHosts } from '../support/etcd-hosts.ts'
import { joinEtcd } from '../support/join-etcd.ts'

test('a member joins: learner, started, voter; a second run finds nothing to do', async (context) => {
  const hosts = await etcdHosts(context)
  const [first, second] = [await hosts.first('cp1'), await hosts.host('cp2')]
  const etcd = hosts.connect(first)
  second.kubelet(true)
  const lines: string[] = []

  const joined = await join(etcd, second, { say: (line) => lines.push(line) })

  expect(joined).toMatchObject({ name: 'cp2', learner: false, peerUrls: [second.member.peerUrl], clientUrls: [second.member.clientUrl] })
  expect(lines).toEqual([
    'Announced new etcd member joining to the existing etcd cluster',
    'Creating static Pod manifest for "etcd"',
    'Waiting for the new etcd member to join the cluster',
  ])
  expect(readFileSync(second.manifest, 'utf8').split(',').toSorted()).toEqual(
    [`cp1=${first.member.peerUrl}`, `cp2=${second.member.peerUrl}`].toSorted(),
  )
  expect(await hosts.connect(second).members()).toEqual(await etcd.members())

  const again = await join(etcd, second, { manifest: { path: second.manifest, write: () => Promise.reject(new Error('written again')) } })
  expect(again).toEqual(joined)
  expect(await voters(etcd)).toEqual(['cp1', 'cp2'])
})

test('three join at the same moment: one after the other, each told for whom it waits', async (context) => {
  const hosts = await etcdHosts(context)
  const first = await hosts.first('cp1')
  const others = await Promise.all(['cp2', 'cp3', 'cp4'].map((name) => hosts.host(name)))
  others.forEach((host) => host.kubelet(true))
  const lines: string[] = []

  await Promise.all(others.map((host) => join(hosts.connect(first), host, { say: (line) => lines.push(line) })))

  expect(await voters(hosts.connect(first))).toEqual(['cp1', 'cp2', 'cp3', 'cp4'])
  const waits = lines.filter((line) => line.startsWith('Waiting for etcd to settle') || line.startsWith('Waiting for the etcd member'))
  // The second waits for the first; the third for the first, and then for the second.
  expect(waits.length, waits.join('\n')).toBeGreaterThanOrEqual(3)
  // The first to see that it is not its turn says for whom it waits; how many are so fast is chance.
  expect(waits.join()).toMatch(
    /Waiting for the etcd member (at|"cp\d" at) https:\/\/127\.0\.0\.1:\d+, which is joining: etcd takes one new member/,
  )
}, 60_000)

test('killed after it was added and before its start, and killed again before it was made a voter: the next run finishes', async (context) => {
  const hosts = await etcdHosts(context)
  const [first, second] = [await hosts.first('cp1'), await hosts.host('cp2')]
  const etcd = hosts.connect(first)

  await killedAt(hosts, { first, joining: second, pause: 60_000, line: 'Creating static Pod manifest' })
  const added = (await etcd.members()).find(({ learner }) => learner)
  expect(added).toMatchObject({ name: '', peerUrls: [second.member.peerUrl] })

  // The kubelet starts nothing yet, so this run ends while it waits for the start.
  await killedAt(hosts, { first, joining: second, pause: 0, line: 'Waiting for the new etcd member', orAfter: 1000 })
  second.kubelet(true)
  await untilNamed(etcd, 'cp2')
  expect((await etcd.members()).filter(({ learner }) => learner)).toMatchObject([{ id: added?.id, name: 'cp2' }])

  const joined = await join(etcd, second, { manifest: { path: second.manifest, write: () => Promise.reject(new Error('written again')) } })
  expect(joined).toMatchObject({ id: added?.id, learner: false })
  expect(await voters(etcd)).toEqual(['cp1', 'cp2'])
})

test('when the manifest cannot be written, or the run is stopped before, the learner is taken back', async (context) => {
  const hosts = await etcdHosts(context)
  const [first, second] = [await hosts.first('cp1'), await hosts.host('cp2')]
  const etcd = hosts.connect(first)
  const before = await etcd.members()
  const refused = new Error('no space left on device')
  await expect(join(etcd, second, { manifest: { path: second.manifest, write: () => Promise.reject(refused) } })).rejects.toBe(refused)
  expect(await etcd.members()).toEqual(before)

  const stop = new AbortController()
  const write = (): Promise<never> => {
    stop.abort(new Error('stopped'))
    return Promise.reject(stop.signal.reason)
  }
  await expect(join(etcd, second, { manifest: { path: second.manifest, write }, signal: stop.signal })).rejects.toThrow('stopped')
  expect(await etcd.members()).toEqual(before)

  // A member that was to start stays: its host can still start it.
  const silent = join(etcd, second, { timeout: 3000, notStarted: (last) => new Error(`not started: ${last}`) })
  await expect(silent).rejects.toThrow(/^not started: etcd at https.* does not answer: .*ECONNREFUSED/)
  expect(await etcd.members()).toHaveLength(2)
})

test("another host's dead learner: refused after the time that its turn may take, with its id", async (context) => {
  const hosts = await etcdHosts(context)
  const [first, second] = [await hosts.first('cp1'), await hosts.host('cp2')]
  const etcd = hosts.connect(first)
  const dead = (await etcd.addLearner('https://127.0.0.1:1')).find(({ learner }) => learner)?.id ?? ''
  second.kubelet(true)

  await expect(join(etcd, second, { timeout: 1000 })).rejects.toMatchObject({
    code: 'ETCD_FAILED',
    message: expect.stringContaining(`the etcd member at https://127.0.0.1:1 (id ${dead}) has not finished its join within 1 s`),
    remedy: expect.arrayContaining([expect.stringContaining(`member remove ${dead}`)]),
  })
  expect(await etcd.members()).toHaveLength(2)

  // It waits on: as soon as somebody has removed it, the turn is ours.
  const waiting = join(etcd, second, {})
  await etcd.remove(dead)
  await waiting
  await etcd.remove(dead)
  expect(await voters(etcd)).toEqual(['cp1', 'cp2'])
})

test('a recording adds nobody, and shows the manifest', async (context) => {
  const hosts = await etcdHosts(context)
  const [first, second] = [await hosts.first('cp1'), await hosts.host('cp2')]
  const etcd = hosts.connect(first)
  const host = recordingHost(localHost())
  let written = ''
  const manifest = {
    path: second.manifest,
    write: async (members: Parameters<EtcdHost['write']>[0]) => void (written = initialClusterText(members)),
  }

  expect(await join(etcd, second, { host, manifest })).toBeUndefined()
  expect(written).toBe(`cp1=${first.member.peerUrl},cp2=${second.member.peerUrl}`)
  expect(await voters(etcd)).toEqual(['cp1'])
  expect(await etcd.members()).toHaveLength(1)
})

function join(etcd: EtcdCluster, { member, manifest, write }: EtcdHost, options: Partial<JoinEtcdOptions>) {
  return joinEtcd({ etcd, host: localHost(), member, manifest: { path: manifest, write }, timeout: 30_000, say: () => {}, ...options })
}

async function voters(etcd: EtcdCluster): Promise<readonly string[]> {
  const members = await etcd.members()
  return members.flatMap(({ name, learner }) => (learner ? [] : [name])).toSorted()
}

interface Kill {
  readonly first: EtcdHost
  readonly joining: EtcdHost
  readonly pause: number
  readonly line: string
  /** Milliseconds after the manifest was announced, when the line does not come. */
  readonly orAfter?: number
}

/** Runs a join in a process of its own and ends it hard as soon as it has said this. */
function killedAt({ dir }: EtcdHosts, { first, joining, pause, line, orAfter }: Kill): Promise<void> {
  const pem = (name: string) => readFileSync(path.join(dir, name), 'utf8')
  const connection = {
    endpoints: [first.member.clientUrl],
    ca: pem('ca.crt'),
    clientCertificate: pem('super-admin.crt'),
    clientKey: pem('super-admin.key'),
  }
  const input = JSON.stringify({ connection, member: joining.member, manifest: joining.manifest, pause })
  const program = fileURLToPath(new URL('join-etcd-program.ts', import.meta.url))
  const child = spawn(process.execPath, [program, input], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.includes(line)) child.kill('SIGKILL')
    else if (orAfter !== undefined && said.includes('Creating static Pod')) setTimeout(() => child.kill('SIGKILL'), orAfter)
  })
  return new Promise((resolve, reject) => {
    child.on('close', (_, signal) => (signal === 'SIGKILL' ? resolve() : reject(new Error(`it ended before it was killed: ${said}`))))
  })
}

async function untilNamed(etcd: EtcdCluster, name: string): Promise<void> {
  await expect.poll(async () => (await etcd.members()).map((member) => member.name), { timeout: 15_000, interval: 50 }).toContain(name)
}
