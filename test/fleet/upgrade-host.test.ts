/** What the upgrade of one host is asked with. */
import { expect, test } from 'vitest'
import { paths } from '../../src/config/paths.ts'
import { requestOf } from '../../src/fleet/apply/run-action.ts'
import { upgradeFlags, upgradeHost } from '../../src/fleet/apply/upgrade-host.ts'
import type { Host } from '../../src/host/host.ts'
import { openJournal } from '../../src/host/journal/journal.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { fileOf } from './planned.ts'
import { reachedHost } from './reached-host.ts'

test.each([
  { name: 'h1', ran: [], patches: '/init' },
  { name: 'h2', ran: [], patches: '/join' },
  // The machine that made the cluster is gone, and another is the first now.
  { name: 'h1', ran: ['join', 'mark'], patches: '/join' },
  { name: 'h2', ran: ['init', 'upgrade apply'], patches: '/init' },
  { name: 'h2', ran: ['init', 'reset', 'join'], patches: '/join' },
])('the patches of an upgrade are those that the host came with: $name after $ran', async ({ name, ran, patches }) => {
  const flags = await flagsOf(name, ran, {
    initConfiguration: { patches: { directory: '/init' } },
    joinConfiguration: { patches: { directory: '/join' } },
  })
  expect(flags).toEqual({ patches })
})

test('the errors that init or join take for warnings are warnings of every upgrade; who came without patches has none', async () => {
  const documents = {
    initConfiguration: { nodeRegistration: { ignorePreflightErrors: ['Swap'] }, patches: { directory: '/init' } },
    joinConfiguration: { nodeRegistration: { ignorePreflightErrors: ['Mem'] } },
  }
  const ignored = { 'ignore-preflight-errors': ['Swap', 'Mem'] }
  expect(await flagsOf('h1', ['init'], documents)).toEqual({ ...ignored, patches: '/init' })
  expect(await flagsOf('h2', ['join'], documents)).toEqual(ignored)
})

test.each([
  // Where its admin.conf leads is no matter.
  { node: 'worker', wasStopped: false, unfinished: undefined, asked: 'asked by way of h1' },
  { node: 'control-plane', wasStopped: false, unfinished: 'upgrade node', asked: 'asked by way of h1' },
  { node: 'control-plane', wasStopped: true, unfinished: undefined, asked: 'asked by way of h1' },
  // No other may answer before this one has gone back.
  { node: 'control-plane', wasStopped: true, unfinished: 'upgrade node', asked: 'asked at port 2' },
] as const)('which API is asked: $node, unfinished: $unfinished, stopped: $wasStopped', async ({ node, wasStopped, unfinished, asked }) => {
  const dir = await temporaryDirectory()
  const real = rootedHost(dir)
  // Nobody is locked out, and nothing is changed: it ends where the cluster is asked.
  const stop = new AbortController()
  const host: Host = {
    ...real,
    facts: async () => ({ ...(await real.facts()), uid: 1000 }),
    dial: async (address) => {
      stop.abort(new Error(`asked at port ${'port' in address && address.port}`))
      throw stop.signal.reason
    },
  }
  const kubeconfig = (port: number): string => `
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: "https://127.0.0.1:${port}"}}]
users: [{name: a, user: {token: secret}}]`
  await host.writeFile(paths.adminConf, kubeconfig(1), { mode: 0o600 })
  await host.writeFile(paths.controllerManagerConf, kubeconfig(2), { mode: 0o600 })
  const file = fileOf({ h1: 'control-plane', h2: node })
  const none = (): never => expect.unreachable()
  const reach = async (): Promise<never> => Promise.reject(new Error('asked by way of h1'))
  const access = { cluster: none, reach, wasStopped, sponsor: none, apiAnswers: none, failed: none, close: none }
  const on = { name: 'h2', host, state: reachedHost({ node, ...(unfinished !== undefined && { unfinished }) }) }
  const request = requestOf('upgrade', { run: { report: () => {} }, on, signal: stop.signal })
  const outcome = upgradeHost({ file, first: { ...on, name: 'h1' }, access }, on, request)
  await expect(outcome).rejects.toMatchObject({ message: asked })
})

/** h1 is the first. @param ran commands in the journal of the host */
async function flagsOf(name: string, ran: readonly string[], kubeadm: object): Promise<unknown> {
  const host = rootedHost(await temporaryDirectory())
  if (ran.length > 0) {
    const journal = await openJournal(host)
    for (const command of ran) {
      await journal.append({ kind: 'run-started', run: command, command, fingerprint: 'f', version: '0.1.0' })
      await journal.append({ kind: 'run-finished', run: command, outcome: 'done' })
    }
  }
  const file = fileOf({ h1: 'control-plane', h2: 'worker' }, {}, { kubeadm })
  return upgradeFlags({ file, first: { name: 'h1' } }, { name, host })
}
