/**
 * Many hosts at once, each an sshd of its own on this machine: what a plan of them may cost. `npm run bench -- scale` measures it with a
 * hundred.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readlink } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { measuredPlan } from '../support/measured-plan.ts'
import { type SshTargets, sshTargets } from '../support/ssh-targets.ts'

const count = 12

let targets: SshTargets

beforeAll(async () => {
  targets = await sshTargets(count)
})

afterAll(() => targets.close())

test('a plan of a dozen hosts: each is looked at, in few ways there and back and little memory', { timeout: 60_000 }, async () => {
  const { exitCode, stdout, stderr, usage } = await measuredPlan(targets)
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toContain(`${count} actions on ${count} of ${count} hosts`)
  expect(usage.memory).toBeLessThan(200e6)
  expect(usage.connections.map(({ to }) => to).toSorted()).toEqual(targets.hosts.map(({ address }) => address).toSorted())
  const controlPlanes = new Set(targets.hosts.slice(0, 3).map(({ address }) => address))
  for (const { to, roundTrips, bytesReceived } of usage.connections) {
    const most = controlPlanes.has(to) ? { roundTrips: 80, bytesReceived: 200_000 } : { roundTrips: 40, bytesReceived: 60_000 }
    expect([to, roundTrips < most.roundTrips, bytesReceived < most.bytesReceived]).toEqual([to, true, true])
  }
})

test('behind a bastion all share one connection to it, and are told apart by their keys', { timeout: 60_000 }, async () => {
  const [bastion] = targets.hosts
  const plan = await measuredPlan(targets, {
    bastion: { address: bastion?.address, user: 'root', identityFile: targets.identity, hostKey: bastion?.hostKey },
  })
  expect([plan.exitCode, plan.stderr]).toEqual([0, ''])
  expect(plan.stdout).toContain(`${count} actions on ${count} of ${count} hosts`)
  expect(plan.usage.connections.map(({ to }) => to)).toEqual([bastion?.address])
})

test('hosts that cannot be trusted or reached are named, each with its reason; the others are looked at', { timeout: 60_000 }, async () => {
  const [good, other, ...rest] = targets.hosts
  const hosts = [good, { ...other, hostKey: good?.hostKey }, { ...rest[0], port: 2 }]
  const plan = await measuredPlan({ ...targets, hosts: hosts as SshTargets['hosts'] })
  expect(plan.exitCode).toBe(1)
  expect(plan.stderr).toContain(`h2 cannot be reached: the host "${other?.address}" shows the key ${other?.hostKey}`)
  expect(plan.stderr).toMatch(/h3 cannot be reached: .*ECONNREFUSED/)
  expect(plan.stderr).not.toContain('h1 cannot')
})

test('the hosts of this test are gone when whoever made them is killed', { timeout: 30_000 }, async () => {
  const child = spawn(process.execPath, [new URL('../support/ssh-targets-program.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [namespace] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  expect(await namespaces()).toContain(namespace.trim())
  child.kill('SIGKILL')
  await expect.poll(namespaces, { timeout: 5000 }).not.toContain(namespace.trim())
})

/** Networks that any process of this machine is in. */
async function namespaces(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return Promise.all(pids.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => '')))
}
