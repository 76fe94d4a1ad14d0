/** The way to the API that an apply goes, and what it leaves in the cluster when it is stopped: nothing. */
import { generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { kinds } from '../../src/cluster/kinds.ts'
import { clusterAccess, firstThatAnswers, type ApiAtStart } from '../../src/fleet/apply/cluster-access.ts'
import { takeLease, type ClusterLease } from '../../src/fleet/apply/cluster-lease.ts'
import type { Host } from '../../src/host/host.ts'
import { localHost } from '../../src/host/local-host.ts'
import { selfSignedCa } from '../../src/pki/issue.ts'
import { sharedControlPlane } from '../support/control-plane.ts'

const controlPlane = sharedControlPlane()
const leaseRef = { ...kinds.lease, namespace: 'kube-system', name: 'kadm' }

let admin: Cluster
/** A host with the API. */
let host: Host

beforeEach(async (context) => {
  const plane = await controlPlane(context)
  admin = plane.connect('super-admin')
  const conf = await readFile(path.join(plane.dir, 'super-admin.conf'), 'utf8')
  host = { ...localHost(), readText: async () => conf }
})

test('who is to leave is not asked, though its API alone answers', async () => {
  const refuses: Host = { ...host, dial: () => Promise.reject(new Error('refused')) }
  const stop = new AbortController()
  const access = (others: readonly Host[], leaving: readonly Host[]) =>
    clusterAccess({ host: refuses, others, coming: [], leaving, api: 'there', tokens: false, signal: stop.signal })
  const staying = access([host], [])
  expect(await (await staying.cluster()).list(kinds.node)).toEqual([])
  await staying.close(undefined)
  setTimeout(() => stop.abort(new Error('nobody has answered')), 1000)
  await expect(access([], [host]).cluster()).rejects.toThrow('nobody has answered')
})

test('an API that only its own host vouches for is none of the cluster; the CA of a rotation is one of several', async () => {
  const signal = new AbortController().signal
  const conf = String(await host.readText('/etc/kubernetes/admin.conf'))
  const data = /(?<="certificate-authority-data":")[^"]+/
  const own = Buffer.from(data.exec(conf)?.[0] ?? '', 'base64').toString()
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const foreign = selfSignedCa({ commonName: 'kubernetes', key, notBefore: new Date(0), notAfter: new Date(Date.now() + 1e9) })
  const silent = (authority: string): Host => ({
    ...host,
    readText: async () => conf.replace(data, Buffer.from(authority).toString('base64')),
    dial: () => Promise.reject(new Error('refused')),
  })
  // As if the second host served an API of its own.
  await expect(firstThatAnswers([silent(foreign), host], { timeout: 500, signal })).rejects.toThrow('refused')
  const { cluster, host: entry } = await firstThatAnswers([silent(`${foreign}${own}`), host], { timeout: 5000, signal })
  expect(entry).toBe(host)
  await cluster.close()
})

test('a stop takes the bootstrap token away, and the Lease', async () => {
  const { stop, access, lease } = await atWork(host)
  expect([await tokens(), await admin.get(leaseRef)]).toEqual([1, expect.anything()])
  stop.abort(new Error('Ctrl-C'))
  await access.close(lease)
  expect([await tokens(), await admin.get(leaseRef)]).toEqual([0, undefined])
})

test('a Lease that somebody else has taken is left alone; the token goes', async () => {
  const { stop, access, lease } = await atWork(host)
  const taken = await admin.get(leaseRef)
  if (taken === undefined) throw new Error('there is no Lease')
  const { annotations, ...metadata } = taken.metadata
  await admin.replace({ ...taken, metadata: { ...metadata, annotations: { ...annotations, 'kadm.dev/process': 'of bob' } } })
  stop.abort(new Error('RUN_IN_PROGRESS'))
  await access.close(lease)
  expect([await tokens(), await admin.get(leaseRef)]).toEqual([0, expect.anything()])
  await admin.delete(leaseRef)
})

test('where the API of the first control plane is down at the end, that of one which has come in is asked', async () => {
  let isDown = false
  const first: Host = { ...host, dial: async (...to) => (isDown ? Promise.reject(new Error('no power')) : host.dial(...to)) }
  const { access, lease } = await atWork(first, [host])
  isDown = true
  await access.close(lease)
  expect([await tokens(), await admin.get(leaseRef)]).toEqual([0, undefined])
})

test('after a stop an API that is silent is not waited for longer than some seconds', async () => {
  let isSilent = false
  const silent: Host = { ...host, dial: async (...to) => (isSilent ? new Promise(() => {}) : host.dial(...to)) }
  const { stop, access, lease } = await atWork(silent)
  isSilent = true
  stop.abort(new Error('Ctrl-C'))
  const start = performance.now()
  await access.close(lease)
  expect(performance.now() - start).toBeLessThan(8000)
})

test('an API that a cut-off upgrade has stopped is waited for until somebody says that it answers, but not by who brings it back', async () => {
  const { signal } = new AbortController()
  const access = (api: ApiAtStart) => clusterAccess({ host, others: [], coming: [], leaving: [], api, tokens: false, signal })
  const still = Symbol('still waiting')
  const stopped = access('stopped')
  const waiting = stopped.cluster()
  expect(await Promise.race([waiting, sleep(1000, still)])).toBe(still)
  const reached = await stopped.reach()
  expect(await waiting).toBe(reached)
  expect(await reached.list(kinds.node)).toEqual([])
  await stopped.close(undefined)
  // It is not there before the init has made it.
  const coming = access('coming')
  expect(await Promise.race([coming.reach(), sleep(1000, still)])).toBe(still)
  coming.apiAnswers()
  await coming.close(undefined)
})

test('a node joins where the cluster says that it is reached, wherever admin.conf leads', async () => {
  const data = {
    ClusterConfiguration:
      'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.2\ncontrolPlaneEndpoint: lb:8443\n',
  }
  const stored = { ...kinds.configMap, metadata: { namespace: 'kube-system', name: 'kubeadm-config' }, data }
  await admin.create(stored)
  onTestFinished(() => admin.delete({ ...kinds.configMap, namespace: 'kube-system', name: 'kubeadm-config' }))
  const server = async (api: ApiAtStart): Promise<string> => {
    const { signal } = new AbortController()
    const access = clusterAccess({ host, others: [], coming: [], leaving: [], api, tokens: false, signal })
    access.apiAnswers()
    const sponsor = await access.sponsor('h2')
    await access.close(undefined)
    return sponsor.server
  }
  expect(await server('there')).toBe('https://lb:8443')
  // Made by this very apply: nothing is kept yet.
  expect(await server('coming')).toBe(admin.server)
})

/** With a token for a node that joins, and the Lease. */
async function atWork(
  on: Host,
  coming: readonly Host[] = [],
): Promise<{
  readonly stop: AbortController
  readonly access: ReturnType<typeof clusterAccess>
  readonly lease: ClusterLease
}> {
  const stop = new AbortController()
  const access = clusterAccess({ host: on, others: [], coming, leaving: [], api: 'there', tokens: true, signal: stop.signal })
  await access.sponsor('h2')
  const holder = { own: 'of ann', isGone: async () => true }
  const { signal } = stop
  const lease = await takeLease(await access.cluster(), { owner: 'ann', holder, wait: 0, signal, say: () => {}, lost: () => {} })
  return { stop, access, lease }
}

async function tokens(): Promise<number> {
  const found = await admin.list({ ...kinds.secret, namespace: 'kube-system' }, { fieldSelector: 'type=bootstrap.kubernetes.io/token' })
  return found.length
}
