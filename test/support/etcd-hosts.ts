/**
 * Real etcd members on loopback with mutual TLS, each on a "host" of its own: a folder, two ports, and a kubelet that starts what the
 * manifest says.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished, type TestContext } from 'vitest'
import { connectEtcdCluster, type EtcdCluster } from '../../src/cluster/etcd-cluster.ts'
import type { InitialClusterMember, NewMember } from '../../src/cluster/etcd-new-member.ts'
import { freePorts, makeCertificates } from './control-plane.ts'
import { realBinary } from './real-binary.ts'

export interface EtcdHosts {
  /** Folder with `ca.crt`, `super-admin.crt`, `super-admin.key`. */
  readonly dir: string
  /** A host with nothing on it. */
  host(name: string): Promise<EtcdHost>
  /** The first member of a new cluster, answering. */
  first(name: string): Promise<EtcdHost>
  connect(...hosts: readonly EtcdHost[]): EtcdCluster
}

export interface EtcdHost {
  readonly member: NewMember
  readonly manifest: string
  /** Writes the manifest; the kubelet then starts etcd. */
  write(initialCluster: readonly InitialClusterMember[]): Promise<void>
  /** From now on, what the manifest says is started as soon as it is there. `false`: never again. */
  kubelet(on: boolean): void
  /** Ends its etcd hard; resolves when it is gone. */
  kill(): Promise<void>
  /** Holds its etcd, which takes connections and says nothing, for so many milliseconds. */
  hold(time: number): void
  /** Starts it again with the same data. */
  restart(): void
  /** As a new machine at the same address: no data, no manifest. */
  wipe(): Promise<void>
  log(): string
}

/** All is ended and removed with the test. */
export async function etcdHosts(context: TestContext): Promise<EtcdHosts> {
  const program = realBinary(context, 'etcd')
  const dir = await mkdtemp(path.join(tmpdir(), 'kadm-etcd-'))
  const undo: (() => void | Promise<void>)[] = [() => rm(dir, { recursive: true, force: true })]
  onTestFinished(async () => {
    for (const step of undo.reverse()) await step()
  })
  await makeCertificates(dir)
  const pem = (name: string) => readFileSync(path.join(dir, name), 'utf8')
  const host = (name: string): Promise<EtcdHost> => newHost({ program, dir, name, undo })
  const connect = (...hosts: readonly EtcdHost[]): EtcdCluster => {
    const etcd = connectEtcdCluster({
      endpoints: hosts.map(({ member }) => member.clientUrl),
      ca: pem('ca.crt'),
      clientCertificate: pem('super-admin.crt'),
      clientKey: pem('super-admin.key'),
    })
    undo.push(() => etcd.close())
    return etcd
  }
  return {
    dir,
    host,
    connect,
    async first(name) {
      const made = await host(name)
      made.kubelet(true)
      await made.write([{ name, peerUrl: made.member.peerUrl }])
      const etcd = connect(made)
      for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50))
        if (await etcd.at(made.member.clientUrl).isHealthy()) return made
      throw new Error(`etcd does not come up: ${made.log().slice(-2000)}`)
    },
  }
}

interface HostParts {
  readonly program: string
  readonly dir: string
  readonly name: string
  readonly undo: (() => void | Promise<void>)[]
}

async function newHost({ program, dir, name, undo }: HostParts): Promise<EtcdHost> {
  const [clientPort = 0, peerPort = 0] = await freePorts(2)
  const root = path.join(dir, `${name}-${clientPort}`)
  const manifest = path.join(root, 'manifests', 'etcd.yaml')
  const member = {
    name,
    peerUrl: `https://127.0.0.1:${peerPort}`,
    clientUrl: `https://127.0.0.1:${clientPort}`,
    dataDir: path.join(root, 'data'),
  }
  await mkdir(path.dirname(manifest), { recursive: true })
  let child: ChildProcess | undefined
  let started: string | undefined
  let on = false
  const start = (text: string): void => {
    started = text
    const log = openSync(path.join(root, 'log'), 'a')
    child = spawn(program, flagsOf(member, dir, text), { stdio: ['ignore', log, log] })
  }
  const kill = async (): Promise<void> => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null) return
    const ended = new Promise((resolve) => ending.once('exit', resolve))
    ending.kill('SIGKILL')
    await ended
  }
  const watching = setInterval(() => {
    if (!on) return
    void readFile(manifest, 'utf8').then(
      (text) => {
        // As a kubelet does: a manifest that changes starts the Pod anew.
        if (on && text !== '' && text !== started) void kill().then(() => start(text))
        started = text === '' ? started : text
      },
      () => undefined,
    )
  }, 20)
  undo.push(kill, () => clearInterval(watching))
  return {
    member,
    manifest,
    write: (initialCluster) => writeFile(manifest, initialClusterText(initialCluster)),
    kubelet: (value) => {
      on = value
    },
    kill,
    hold: (time) => {
      child?.kill('SIGSTOP')
      setTimeout(() => child?.kill('SIGCONT'), time)
    },
    restart: () => start(started ?? ''),
    async wipe() {
      const wasOn = on
      on = false // or the manifest, which is there for a moment longer, would be started again
      await kill()
      await rm(manifest, { force: true })
      await rm(member.dataDir, { recursive: true, force: true })
      started = undefined
      on = wasOn
    },
    log: () => readFileSync(path.join(root, 'log'), 'utf8'),
  }
}

export function initialClusterText(members: readonly InitialClusterMember[]): string {
  return members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')
}

function flagsOf({ name, peerUrl, clientUrl, dataDir }: NewMember, dir: string, initialCluster: string): readonly string[] {
  const pki = (file: string) => path.join(dir, file)
  return [
    `--name=${name}`,
    `--data-dir=${dataDir}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=${initialCluster}`,
    ...(initialCluster.includes(',') ? ['--initial-cluster-state=existing'] : []),
    '--unsafe-no-fsync',
    '--log-level=warn',
    '--client-cert-auth',
    '--peer-client-cert-auth',
    ...['', 'peer-'].flatMap((kind) => [
      `--${kind}cert-file=${pki('server.crt')}`,
      `--${kind}key-file=${pki('server.key')}`,
      `--${kind}trusted-ca-file=${pki('ca.crt')}`,
    ]),
  ]
}
