/** What an apply of many hosts shows and keeps, and what it is to keep to itself; and that looking and asking change nothing. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { sharedSandbox } from '../support/cluster.ts'
import { fleetOperator, type FleetOperator } from '../support/fleet-operator.ts'
import { changesBetween, snapshotFiles } from '../support/host-files.ts'
import { folderOfFile } from '../support/temporary.ts'

const folder = folderOfFile('fleet-secrets')
const hosts = ['h1', 'h2'] as const
const roles = { h1: 'control-plane', h2: 'control-plane' } as const

let sandbox: Sandbox
let operator: FleetOperator

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 3 })
  operator = fleetOperator(sandbox, folder)
}, 300_000)

const endpoint = (): { readonly controlPlaneEndpoint: string } => ({
  controlPlaneEndpoint: `${sandbox.hosts.find(({ name }) => name === 'h1')?.address}:6443`,
})

test('a plan, and an apply that is not confirmed, change nothing and do not show a token of the file', { timeout: 60_000 }, async () => {
  const bootstrapTokens = [{ token: 'abcdef.0123456789abcdef' }]
  const file = await operator.write(roles, { ...endpoint(), init: { bootstrapTokens } })
  expect(await readFile(file, 'utf8')).toContain('0123456789abcdef')
  const look = () =>
    Promise.all(
      hosts.map((host) => snapshotFiles(sandbox, host, ['/etc', '/var/lib', '/root'], ['/var/lib/systemd', '/var/lib/containerd'])),
    )
  const before = await look()
  for (const output of ['text', 'json']) {
    const { exitCode, stdout, stderr } = await operator.kadm(['plan', '-f', file, '-o', output])
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('h1')])
    expect(stdout + stderr).not.toContain('0123456789abcdef')
  }
  const unasked = await operator.kadm(['apply', '-f', file])
  expect([unasked.exitCode, unasked.stderr]).toEqual([1, expect.stringContaining('[NOT_CONFIRMED]')])
  const after = await look()
  expect(after.map((files, index) => changesBetween(before[index] ?? new Map(), files))).toEqual([[], []])
})

test('no key of the cluster and no token is in any log, journal, event or trace', { timeout: 180_000 }, async () => {
  const file = await operator.write(roles, endpoint())
  const trace = path.join(folder, 'trace.json')
  const applied = await operator.kadm(['apply', '-f', file, '--yes', '--tokens', '--events', '--trace', trace])
  expect(applied.exitCode, applied.stderr).toBe(0)
  const logged = new Map([
    ['events', applied.stdout],
    ['standard error', applied.stderr],
    ['trace', await readFile(trace, 'utf8')],
    ["the operator's journal", await readFile(path.join(folder, '.local/state/kadm/shop/journal.jsonl'), 'utf8')],
    ['kadm log', (await operator.kadm(['log', '-f', file, '-o', 'json'])).stdout],
  ])
  for (const host of hosts) {
    logged.set(`the journal of ${host}`, await sandbox.run(host, ['cat', '/var/lib/kadm/journal.jsonl']))
    logged.set(`the log of ${host}`, await sandbox.run(host, ['journalctl', '--no-pager', '-o', 'cat']))
  }
  const secrets = await keysOf('h1')
  expect(secrets).toHaveLength(8)
  for (const [name, text] of logged) {
    // `kadm log` is of journals that say nothing else.
    expect(text, name).toMatch(name === 'standard error' ? /^/ : /h1|kubelet|kadm/)
    for (const secret of secrets) expect(text.includes(secret), name).toBe(false)
    expect(text.match(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g) ?? [], name).toEqual([])
  }
})

/** 60 characters out of the middle of each key, which no other text has. */
async function keysOf(host: string): Promise<readonly string[]> {
  const pki = '/etc/kubernetes/pki'
  const files = ['ca', 'etcd/ca', 'front-proxy-ca', 'sa', 'apiserver', 'apiserver-etcd-client'].map((name) => `${pki}/${name}.key`)
  const pems = await Promise.all(files.map((file) => sandbox.run(host, ['cat', file])))
  const confs = await Promise.all(['admin', 'super-admin'].map((name) => sandbox.run(host, ['cat', `/etc/kubernetes/${name}.conf`])))
  const embedded = confs.map((text) => Buffer.from(/client-key-data: (\S+)/.exec(text)?.[1] ?? '', 'base64').toString('latin1'))
  return [...pems, ...embedded].map((pem) => {
    const line = pem.split('\n')[3] ?? ''
    expect(line).toMatch(/^[A-Za-z0-9+/]{64}$/)
    return line
  })
}
