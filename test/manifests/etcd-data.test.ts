/** The data of an etcd whose disk was full at its very first start. */
import { spawn } from 'node:child_process'
import { mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { ensureEtcdDataDirectory } from '../../src/manifests/write-static-pod.ts'
import { freePorts } from '../support/control-plane.ts'
import { initConfig } from '../support/init-config.ts'
import { realBinary } from '../support/real-binary.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('a database that was never made whole stops every etcd; without it one begins', async (context) => {
  const program = realBinary(context, 'etcd')
  const [clients, peers] = await freePorts(2)
  const dataDir = path.join(await temporaryDirectory(), 'etcd')
  const begins = async (): Promise<string> => {
    const url = (port: number | undefined): string => `http://127.0.0.1:${port}`
    const child = spawn(program, [
      `--data-dir=${dataDir}`,
      `--listen-client-urls=${url(clients)}`,
      `--advertise-client-urls=${url(clients)}`,
      `--listen-peer-urls=${url(peers)}`,
      `--initial-advertise-peer-urls=${url(peers)}`,
      `--initial-cluster=default=${url(peers)}`,
    ])
    let log = ''
    const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (log.includes('ready to serve client requests')) child.kill('SIGKILL')
    })
    await ended
    return log
  }
  const host = localHost()
  const ensure = (): Promise<void> =>
    ensureEtcdDataDirectory({ config: initConfig({ cluster: { etcd: { ...localEtcd, dataDir } } }), host })
  await ensure()
  expect(await begins()).toContain('ready to serve client requests')
  const database = path.join(dataDir, 'member/snap/db')

  // One that has a log is never touched, whatever is the matter with it.
  await truncate(database, 4096)
  await ensure()
  expect((await stat(database)).size).toBe(4096)

  // As ENOSPC leaves it: one of its four pages.
  await rm(path.join(dataDir, 'member/wal'), { recursive: true })
  expect(await begins()).toContain('failed to open database')
  await ensure()
  expect(await readdir(path.dirname(database))).toEqual([])
  expect(await begins()).toContain('ready to serve client requests')
})

test('an empty database, a whole one and none at all stay', async () => {
  const dataDir = path.join(await temporaryDirectory(), 'etcd')
  const database = path.join(dataDir, 'member/snap/db')
  const host = localHost()
  const config = initConfig({ cluster: { etcd: { ...localEtcd, dataDir } } })
  await ensureEtcdDataDirectory({ config, host })
  await mkdir(path.dirname(database), { recursive: true })
  for (const size of [0, 4 * 4096]) {
    await writeFile(database, Buffer.alloc(size))
    await ensureEtcdDataDirectory({ config, host })
    expect((await stat(database)).size).toBe(size)
  }
})

const localEtcd = { kind: 'local', extraArgs: [], extraEnvs: [], serverCertSANs: [], peerCertSANs: [] } as const
