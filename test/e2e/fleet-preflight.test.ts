/** What a plan finds between bare hosts, with real firewalls, links and packets. Nothing is changed on any of them. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { renewHosts, sharedSandbox } from '../support/cluster.ts'
import { fleetOperator, type FleetOperator } from '../support/fleet-operator.ts'
import { isLongRun } from '../support/long-run.ts'
import { folderOfFile } from '../support/temporary.ts'

const folder = folderOfFile('fleet-preflight')
const roles = { h1: 'control-plane', h2: 'control-plane', h3: 'worker' } as const

let sandbox: Sandbox
let operator: FleetOperator

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 3 })
  operator = fleetOperator(sandbox, folder)
}, 300_000)

beforeEach(() => renewHosts(sandbox))

test('hosts that are well: nothing is told of ports, packets and twins, and nothing is left there', { timeout: 60_000 }, async () => {
  const { exitCode, stdout, stderr } = await plan()
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).not.toMatch(/does not reach|do not get|MTU|MAC|measured/)
  expect(await traces()).toEqual(['', '', ''])
})

test('a firewall that drops, one that refuses, one that only the other way meets', { timeout: 60_000 }, async () => {
  await firewall('h1', `tcp dport 6443 ip saddr ${addressOf('h3')} drop`, 'tcp dport 2379 reject with tcp reset')
  await firewall('h3', 'tcp dport 10250 reject with icmpx admin-prohibited')
  const { exitCode, stdout, stderr } = await plan()
  expect(exitCode).toBe(1)
  const h1 = addressOf('h1')
  expect(stderr).toContain(
    `h3 does not reach h1 at ${h1} port 6443 (API server): no answer within 2 s, while its sshd answers: open it on h1`,
  )
  expect(stderr).toContain(`h2 does not reach h1 at ${h1} port 2379 (etcd): the connection is refused, while its sshd answers`)
  expect(stderr).not.toMatch(/h1 does not|does not reach h2|h2 does not reach h1 at \S+ port 6443/)
  // Logs and exec only: no reason to stop.
  expect(stdout).toMatch(/WARNING: h1 does not reach h3 at \S+ port 10250 \(kubelet\)/)
  expect(stdout).toMatch(/WARNING: h2 does not reach h3 at \S+ port 10250 \(kubelet\)/)
  expect(await traces()).toEqual(['', '', ''])
})

test('what a plan listens with does not outlive the next one when it is killed', { timeout: 60_000 }, async () => {
  const file = await write(roles)
  const listens = async (): Promise<boolean> => (await sandbox.run('h3', ['ss', '-Hltn'])).includes(':10250 ')
  await operator.kadmKilledWhen(['plan', '-f', file], listens)
  expect((await traces()).join()).toContain(':10250')
  const { exitCode, stdout } = await plan()
  expect([exitCode, /does not reach/.test(stdout)]).toEqual([0, false])
  expect(await traces()).toEqual(['', '', ''])
})

test('links of different size, a path that swallows wide packets, twins', { timeout: 60_000 }, async () => {
  await sandbox.run('h3', ['ip', 'link', 'set', 'dev', 'eth0', 'mtu', '1400'])
  await firewall('h2', `ip saddr ${addressOf('h1')} icmp type echo-request meta length > 1450 drop`)
  const { exitCode, stdout } = await plan()
  expect(exitCode).toBe(0)
  expect(stdout).toContain('WARNING: hosts have links of different MTU: 1400 on h3 (eth0); 1500 on h1 (eth0), h2 (eth0)')
  expect(stdout).toContain(`WARNING: packets of 1500 bytes do not get from h1 to h2 at ${addressOf('h2')}, and nothing on the way says why`)
})

test.runIf(isLongRun)('a cluster that is there: its API server is what answers', { timeout: 180_000 }, async () => {
  expect((await apply({ h1: 'control-plane' })).exitCode).toBe(0)
  await firewall('h1', `tcp dport 6443 ip saddr ${addressOf('h3')} reject with tcp reset`)
  const { exitCode, stderr } = await plan({ h1: 'control-plane', h3: 'worker' })
  expect(exitCode).toBe(1)
  expect(stderr).toContain(
    `h3 does not reach h1 at ${addressOf('h1')} port 6443 (API server): the connection is refused, while its sshd answers`,
  )
})

async function plan(hosts: Parameters<FleetOperator['write']>[0] = roles) {
  return operator.kadm(['plan', '-f', await write(hosts)])
}

async function apply(hosts: Parameters<FleetOperator['write']>[0]) {
  return operator.kadm(['apply', '-f', await write(hosts), '--yes'])
}

function write(hosts: Parameters<FleetOperator['write']>[0]): Promise<string> {
  return operator.write(hosts, { controlPlaneEndpoint: `${addressOf('h1')}:6443` })
}

function addressOf(name: string): string {
  return sandbox.hosts.find((host) => host.name === name)?.address ?? ''
}

async function firewall(host: string, ...rules: readonly string[]): Promise<void> {
  const lines = ['table inet shut {', 'chain input {', 'type filter hook input priority 0;', ...rules, '}', '}']
  await sandbox.run(host, ['nft', '-f', '-'], { input: `${lines.join('\n')}\n` })
}

/** What a probe could leave behind: listeners, sleepers, files. */
async function traces(): Promise<readonly string[]> {
  const look =
    'ss -Hltn | grep -E ":(6443|2379|2380|10250) "; pgrep -afx "systemd-socket-activate .*|sleep 20"; find / -xdev -name ".kadm-*" -not -path "/proc/*"; true'
  return Promise.all(sandbox.hosts.map(({ name }) => sandbox.run(name, ['sh', '-c', look])))
}
