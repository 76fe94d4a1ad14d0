/**
 * Renewal on running control planes: the configuration is the cluster's, each component takes what is new, and whoever goes by a balancer
 * notices nothing.
 */
import { spawn } from 'node:child_process'
import { beforeAll, describe, expect, test } from 'vitest'
import { controllerArgv } from '../../src/sandbox/execute.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { readState } from '../../src/sandbox/state.ts'
import { joinWords, kubectl, putInitConfig, sharedSandbox } from '../support/cluster.ts'
import { isLongRun } from '../support/long-run.ts'
import { testSandboxName } from '../support/test-sandboxes.ts'

const hosts = isLongRun ? ['h1', 'h2', 'h3'] : ['h1']

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: hosts.length, loadBalancer: isLongRun })
  const config = { encryptionAlgorithm: 'ECDSA-P256', cluster: 'certificateValidityPeriod: 1000h\n' }
  const endpoint = sandbox.loadBalancer === undefined ? {} : { controlPlaneEndpoint: `${sandbox.loadBalancer.address}:6443` }
  const file = await putInitConfig(sandbox, 'h1', { ...config, ...endpoint })
  await sandbox.run('h1', ['kadm', 'init', '--config', file], { timeout: 180_000 })
  for (const host of hosts.slice(1)) await joinControlPlane(host)
}, 300_000)

test('check-expiration says what kubeadm says of a running cluster', { timeout: 60_000 }, async () => {
  const [ours, theirs] = await Promise.all(['kadm', 'kubeadm'].map((tool) => sandbox.run('h1', [tool, 'certs', 'check-expiration'])))
  expect(ours).toBe(theirs?.replace("'kubeadm init", "'kadm init"))
  expect(ours).toMatch(/^apiserver .* 41d /m) // 1000 h
})

test("renew all --restart: every port serves what is new, by the cluster's configuration", { timeout: 120_000 }, async () => {
  const before = await ports('h1')
  expect(before.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['etcd client', 'etcd peer', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet']),
  )
  const clients = await Promise.all([...hosts.map(addressOf), ...balancers()].map(startClient))
  try {
    for (const host of hosts) {
      const said = await sandbox.run(host, ['kadm', 'certs', 'renew', 'all', '--restart', '--strict'], { timeout: 120_000 })
      expect(said.match(/^\[restart\] (\S+) (is restarted|serves)/gm)).toEqual([
        '[restart] etcd serves',
        '[restart] kube-apiserver serves',
        '[restart] kube-controller-manager is restarted',
        '[restart] kube-scheduler is restarted',
      ])
    }
  } finally {
    await expectNoFailures(clients)
  }
  for (const host of hosts) {
    const after = (await ports(host)).filter(({ node }) => node === host)
    for (const { name, address, serialNumber } of after.filter((port) => port.name !== 'kubelet')) {
      expect(serialNumber, `${name} at ${address}`).toBeDefined()
      expect(before.map((port) => port.serialNumber)).not.toContain(serialNumber)
    }
    const text = await sandbox.run(host, ['openssl', 'x509', '-in', '/etc/kubernetes/pki/apiserver.crt', '-noout', '-text'])
    expect(text).toContain('NIST CURVE: P-256')
    // With the new admin.conf, and with kubeadm, which finds nothing amiss. Only the first control plane has a super-admin.conf.
    expect(await kubectl(sandbox, host, ['get', '--raw', '/readyz'])).toBe('ok')
    expect(await sandbox.run(host, ['kubeadm', 'certs', 'check-expiration'])).not.toMatch(/MISSING! (?!super-admin)|invalid/)
  }
  // The API servers reach kubelets with their new certificates. Each cuts its connections with the old one when it sees the new, and may
  // write to one that is cut.
  const cut: string[] = []
  const logs = async (): Promise<string> => {
    const { stdout, stderr } = await sandbox.exec('h1', [
      'kubectl',
      '--kubeconfig=/etc/kubernetes/admin.conf',
      '-n',
      'kube-system',
      'logs',
      'kube-apiserver-h1',
      '--tail=1',
    ])
    if (stdout !== '' || cut.length === hosts.length) return stdout
    cut.push(stderr)
    return logs()
  }
  expect(await logs(), cut.join('')).not.toBe('')
  for (const failure of cut) expect(failure).toContain('use of closed network connection')
})

describe('one certificate', () => {
  test('restarts its own component only', { timeout: 120_000 }, async () => {
    const said = await sandbox.run('h1', ['kadm', 'certs', 'renew', 'scheduler.conf', '--restart'], { timeout: 60_000 })
    expect(said.match(/^\[restart\] .*/gm)).toEqual([expect.stringContaining('kube-scheduler is restarted')])
  })

  test('of the controller-manager that leads: its Lease is free, not to be waited for until it runs out', { timeout: 90_000 }, async () => {
    const leader = (await leadingControllerManager()).holderIdentity.split('_')[0] ?? ''
    const begun = Date.now()
    await sandbox.run(leader, ['kadm', 'certs', 'renew', 'controller-manager.conf', '--restart'], { timeout: 60_000 })
    const taken = async (): Promise<number> => Date.parse((await leadingControllerManager()).acquireTime)
    const restarted = async (): Promise<number> => Date.parse(await startOfContainer(`kube-controller-manager-${leader}`))
    await expect.poll(taken, { timeout: 30_000, interval: 200 }).toBeGreaterThan(begun)
    await expect.poll(restarted, { timeout: 10_000, interval: 200 }).toBeGreaterThanOrEqual(begun - 1000)
    // The kubelet may have made it wait; another one that leads has not.
    expect((await taken()) - (await restarted())).toBeLessThan(8000)
  })

  test(
    'that replaces one that is about to end: who shows it at each request is restarted, others read it anew, and nobody notices',
    { timeout: 120_000 },
    async () => {
      const config =
        'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\ncertificateValidityPeriod: 5m\nkubernetesVersion: v1.37.2\n'
      await sandbox.put('h1', '/root/short.yaml', config)
      const renewTwice = async (name: string): Promise<readonly string[] | null> => {
        await sandbox.run('h1', ['kadm', 'certs', 'renew', name, '--config', '/root/short.yaml'])
        return (await sandbox.run('h1', ['kadm', 'certs', 'renew', name, '--restart'], { timeout: 100_000 })).match(/^\[restart\] .*/gm)
      }
      const clients = await Promise.all([addressOf('h1'), ...balancers()].map(startClient))
      const served = await renewTwice('apiserver').finally(() => expectNoFailures(clients, { asked: 3 }))
      expect(served).toEqual([expect.stringContaining('kube-apiserver serves with the new certificates: it reads them anew')])
      const restarted = await renewTwice('apiserver-kubelet-client')
      expect(restarted).toEqual([expect.stringContaining('kube-apiserver is restarted and serves with the new certificates after ')])
      expect(await kubectl(sandbox, 'h1', ['get', '--raw', '/readyz'])).toBe('ok')
    },
  )

  test('of a file that no component holds restarts nothing', { timeout: 60_000 }, async () => {
    expect(await sandbox.run('h1', ['kadm', 'certs', 'renew', 'admin.conf', '--restart'])).not.toContain('[restart]')
  })
})

test('the printed timer is one that systemd takes', { timeout: 60_000 }, async () => {
  await sandbox.run('h1', ['sh', '-c', 'kadm certs renew --print-timer | sh'])
  expect(await sandbox.run('h1', ['systemctl', 'is-active', 'kadm-certs-renew.timer'])).toBe('active\n')
  const next = await sandbox.run('h1', ['systemctl', 'show', '-p', 'NextElapseUSecRealtime', '-p', 'Unit', 'kadm-certs-renew.timer'])
  expect(next).toMatch(/NextElapseUSecRealtime=\w+/)
  expect((await sandbox.exec('h1', ['systemd-analyze', 'verify', '/etc/systemd/system/kadm-certs-renew.service'])).stderr).not.toContain(
    'kadm-certs-renew',
  )
  await sandbox.run('h1', ['systemctl', 'disable', '--now', 'kadm-certs-renew.timer'])
})

interface Lease {
  /** `<host name>_<random>` */
  readonly holderIdentity: string
  readonly acquireTime: string
}

async function leadingControllerManager(): Promise<Lease> {
  const lease = ['-n', 'kube-system', 'get', 'lease', 'kube-controller-manager']
  return JSON.parse(await kubectl(sandbox, 'h1', [...lease, '-o', 'jsonpath={.spec}'])) as Lease
}

function startOfContainer(pod: string): Promise<string> {
  const start = 'jsonpath={.status.containerStatuses[0].state.running.startedAt}'
  return kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'pod', pod, '-o', start])
}

interface Port {
  readonly node: string
  readonly name: string
  readonly address: string
  readonly serialNumber?: string
}

/** What all nodes serve, as one host sees it. */
async function ports(host: string): Promise<readonly Port[]> {
  const text = await sandbox.run(host, ['kadm', 'certs', 'check-expiration', '--all-nodes', '-o', 'json'])
  const { servedCertificates } = JSON.parse(text) as { readonly servedCertificates: readonly Port[] }
  return servedCertificates
}

async function joinControlPlane(host: string): Promise<void> {
  const uploaded = await sandbox.run('h1', ['kubeadm', 'init', 'phase', 'upload-certs', '--upload-certs'])
  const key = uploaded.trim().split('\n').at(-1) ?? ''
  const words = await joinWords(sandbox, 'h1')
  const flags = ['--control-plane', '--certificate-key', key, '--ignore-preflight-errors=SystemVerification']
  await sandbox.run(host, ['kadm', ...words, ...flags], { timeout: 180_000 })
}

function addressOf(name: string): string {
  return sandbox.hosts.find((host) => host.name === name)?.address ?? ''
}

function balancers(): readonly string[] {
  return sandbox.loadBalancer === undefined ? [] : [sandbox.loadBalancer.address]
}

/** @param asked at least so many times: two renewals that restart nothing take half a second */
async function expectNoFailures(clients: readonly Client[], { asked: least = 10 } = {}): Promise<void> {
  const ended = await Promise.all(clients.map(({ stop }) => stop()))
  console.log(`asked ${ended.map(({ asked }) => asked).join(', ')} times`)
  expect(ended.map(({ failures }) => failures)).toEqual(clients.map(() => []))
  for (const { asked } of ended) expect(asked).toBeGreaterThanOrEqual(least)
}

interface Client {
  readonly stop: () => Promise<{ readonly asked: number; readonly failures: readonly string[] }>
}

/** Asks the API at this address every 100 ms on a connection of its own, and verifies who answers. */
async function startClient(address: string): Promise<Client> {
  const state = await readState(testSandboxName)
  if (state === undefined) throw new Error('there is no sandbox')
  const ca = await sandbox.run('h1', ['cat', '/etc/kubernetes/pki/ca.crt'])
  const [program = '', ...words] = controllerArgv(state)
  const child = spawn(program, [...words, process.execPath, '-e', clientScript, `https://${address}:6443/version`, ca], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  const ended = new Promise((resolve) => child.on('close', resolve))
  return {
    stop: async () => {
      child.stdin.end()
      await ended
      return JSON.parse(text) as Awaited<ReturnType<Client['stop']>>
    },
  }
}

const clientScript = `
const [url, ca] = process.argv.slice(1)
const { get } = require('node:https')
let asked = 0, open = 0, failures = []
const ask = () => { asked++; open++
  const at = new Date().toISOString()
  const done = (problem) => { open--; if (problem) failures.push(at + ' ' + problem) }
  const call = get(url, { ca, agent: false, timeout: 20000 }, (answer) => { answer.resume(); answer.once('end', () => done(answer.statusCode === 200 ? undefined : 'status ' + answer.statusCode)); answer.once('error', (error) => done(error.message)) })
  call.once('timeout', () => call.destroy(new Error('timeout'))).once('error', (error) => done(error.message)) }
const timer = setInterval(ask, 100)
process.stdin.resume().once('end', () => { clearInterval(timer); setInterval(() => open === 0 && (console.log(JSON.stringify({ asked, failures })), process.exit(0)), 50) })
`
