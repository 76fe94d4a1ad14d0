/**
 * A real etcd and kube-apiserver on loopback, with certificates by openssl: up in some seconds, shared by the tests of one file.
 * There is no kubelet and no controller unless a test starts one.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, type TestContext } from 'vitest'
import { connectCluster, type ConnectOptions } from '../../src/cluster/api-client.ts'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { realBinary } from './real-binary.ts'

export interface ControlPlane {
  readonly server: string
  readonly etcd: string
  /** Folder with `ca.crt`, `etcd.crt`, `<user>.crt`, `<user>.key`, `<user>.conf`, `<component>.log`. */
  readonly dir: string
  readonly ca: string
  /** `admin` is in group kubeadm:cluster-admins, `super-admin` in system:masters. */
  connect(user: 'admin' | 'super-admin' | 'anonymous', options?: Partial<ConnectOptions>): Cluster
  /** Ends the API server hard and starts it again on the same port; resolves as soon as it is started, not when it serves. */
  restartApiServer(): Promise<void>
  /** Starts one more component, ended with the rest. */
  start(context: TestContext, component: string, flags: readonly string[]): ChildProcess
}

const run = promisify(execFile)

/** Gives each test the one control plane of its file, made at the first call. `waitReady: false` gives it before the API serves. */
export function sharedControlPlane({ waitReady = true } = {}): (context: TestContext) => Promise<ControlPlane> {
  let running: Promise<ControlPlane> | undefined
  const undo: (() => void | Promise<void>)[] = []
  afterAll(async () => {
    await running?.catch(() => undefined)
    for (const step of undo.reverse()) await step()
  })
  return (context) => {
    const binaries = { etcd: realBinary(context, 'etcd'), apiserver: realBinary(context, 'kube-apiserver') }
    running ??= startControlPlane(binaries, undo, waitReady)
    return running
  }
}

async function startControlPlane(
  { etcd, apiserver }: { readonly etcd: string; readonly apiserver: string },
  undo: (() => void | Promise<void>)[],
  waitReady: boolean,
): Promise<ControlPlane> {
  const dir = await mkdtemp(path.join(tmpdir(), 'kadm-plane-'))
  undo.push(() => rm(dir, { recursive: true, force: true }))
  const [clientPort, peerPort, apiPort] = await freePorts(3)
  await makeCertificates(dir)
  const pki = (name: string) => path.join(dir, name)
  const etcdUrl = `https://127.0.0.1:${clientPort}`
  const server = `https://127.0.0.1:${apiPort}`
  const start = (program: string, flags: readonly string[]) => startProgram(program, flags, dir, undo)

  start(etcd, [
    `--data-dir=${pki('etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
    '--unsafe-no-fsync',
    '--log-level=error',
    '--client-cert-auth',
    `--cert-file=${pki('server.crt')}`,
    `--key-file=${pki('server.key')}`,
    `--trusted-ca-file=${pki('ca.crt')}`,
  ])
  const apiFlags = [
    '--bind-address=127.0.0.1',
    `--secure-port=${apiPort}`,
    '--endpoint-reconciler-type=none',
    `--etcd-servers=${etcdUrl}`,
    `--etcd-cafile=${pki('ca.crt')}`,
    `--etcd-certfile=${pki('super-admin.crt')}`,
    `--etcd-keyfile=${pki('super-admin.key')}`,
    '--authorization-mode=Node,RBAC',
    `--client-ca-file=${pki('ca.crt')}`,
    '--enable-bootstrap-token-auth=true',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--tls-cert-file=${pki('server.crt')}`,
    `--tls-private-key-file=${pki('server.key')}`,
    `--service-account-key-file=${pki('server.crt')}`,
    `--service-account-signing-key-file=${pki('server.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
  ]
  let api = start(apiserver, apiFlags)

  const ca = readFileSync(pki('ca.crt'), 'utf8')
  const plane: ControlPlane = {
    server,
    etcd: etcdUrl,
    dir,
    ca,
    connect(user, options = {}) {
      const own =
        user === 'anonymous' ? {} : { clientCertificate: readFileSync(pki(`${user}.crt`)), clientKey: readFileSync(pki(`${user}.key`)) }
      const cluster = connectCluster({ server, ca, ...own, ...options })
      undo.push(() => cluster.close())
      return cluster
    },
    async restartApiServer() {
      const ended = new Promise((resolve) => api.once('exit', resolve))
      api.kill('SIGKILL')
      await ended
      api = start(apiserver, apiFlags)
    },
    start: (context, component, flags) => start(realBinary(context, component), flags),
  }
  for (const user of ['admin', 'super-admin']) await writeFile(pki(`${user}.conf`), await kubeconfig(dir, server, user))
  if (waitReady) await becomeReady(plane, () => api.exitCode)
  return plane
}

async function becomeReady(plane: ControlPlane, exitCode: () => number | null): Promise<void> {
  const cluster = plane.connect('super-admin')
  for (const end = Date.now() + 60_000; ; await sleep(50)) {
    const answer = await cluster.raw('/readyz').catch((error: unknown) => ({ status: 0, body: String(error) }))
    if (answer.status === 200) return
    if (Date.now() < end && exitCode() === null) continue
    const log = await readFile(path.join(plane.dir, 'kube-apiserver.log'), 'utf8')
    throw new Error(`kube-apiserver does not come up: ${answer.body}\n${log.slice(-3000)}`)
  }
}

function startProgram(program: string, flags: readonly string[], dir: string, undo: (() => void | Promise<void>)[]): ChildProcess {
  const log = openSync(path.join(dir, `${path.basename(program)}.log`), 'a')
  const child = spawn(program, flags, { stdio: ['ignore', log, log] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  undo.push(() => {
    child.kill('SIGKILL')
    return ended
  })
  return child
}

/** `ca`, `server` (127.0.0.1), `admin` and `super-admin`, each with .crt and .key. */
export async function makeCertificates(dir: string, { hasRoot = false } = {}): Promise<void> {
  await mkdir(dir, { recursive: true })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const openssl = (...args: readonly string[]) => run('openssl', ['req', '-x509', ...key, ...args], { cwd: dir })
  if (hasRoot) await openssl('-subj', '/CN=root', '-keyout', 'root.key', '-out', 'root.crt')
  await openssl(
    ...(hasRoot ? ['-CA', 'root.crt', '-CAkey', 'root.key', '-addext', 'basicConstraints=critical,CA:TRUE'] : []),
    '-subj',
    '/CN=kubernetes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-addext',
    'keyUsage=critical,keyCertSign,digitalSignature',
  )
  const leaf = (name: string, subject: string, ...more: readonly string[]) =>
    openssl(
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-subj',
      subject,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-addext',
      'basicConstraints=critical,CA:FALSE',
      '-addext',
      'extendedKeyUsage=serverAuth,clientAuth',
      ...more,
    )
  await Promise.all([
    leaf('server', '/CN=kube-apiserver', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:kubernetes'),
    leaf('admin', '/O=kubeadm:cluster-admins/CN=kubernetes-admin'),
    leaf('super-admin', '/O=system:masters/CN=kubernetes-super-admin'),
  ])
}

async function kubeconfig(dir: string, server: string, user: string): Promise<string> {
  const data = async (file: string) => (await readFile(path.join(dir, file))).toString('base64')
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'kubernetes', cluster: { server, 'certificate-authority-data': await data('ca.crt') } }],
    users: [{ name: user, user: { 'client-certificate-data': await data(`${user}.crt`), 'client-key-data': await data(`${user}.key`) } }],
    contexts: [{ name: 'test', context: { cluster: 'kubernetes', user } }],
  })
}

/**
 * Nobody listens there, and no connection gets one of them as its own end: those are from 32768 up (ip_local_port_range), and would take it
 * between this look and the start.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = 11_000 + Math.floor(Math.random() * 19_000)
    if (await isFree(port)) found.add(port)
  }
  return [...found]
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
