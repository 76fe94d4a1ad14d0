import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { saveSnapshot } from '../../src/cluster/etcd-snapshot.ts'
import { KadmError } from '../../src/errors.ts'
import { localHost } from '../../src/host/local-host.ts'
import { recordingHost } from '../../src/host/recording-host.ts'
import { sharedControlPlane, type ControlPlane } from '../support/control-plane.ts'
import { realBinary } from '../support/real-binary.ts'

const run = promisify(execFile)
const controlPlane = sharedControlPlane()

test('a snapshot is one that etcdutl takes for whole, with all up to the revision that is told', async (context) => {
  const etcdutl = realBinary(context, 'etcdutl')
  const { host, options } = await play(await controlPlane(context))
  const snapshot = await saveSnapshot(host, options)
  const { stdout } = await run(etcdutl, ['snapshot', 'status', options.file, '--write-out=json'])
  const { revision } = JSON.parse(stdout) as { readonly revision: number }
  expect(revision).toBeGreaterThanOrEqual(Number(snapshot?.revision))
  expect(Number(snapshot?.revision)).toBeGreaterThan(1)
  expect(snapshot?.size).toBe((await readFile(options.file)).length)
  expect((await stat(options.file)).mode & 0o777).toBe(0o600)
  // Restoring compares the checksum at the end of the file.
  await run(etcdutl, ['snapshot', 'restore', options.file, `--data-dir=${options.file}.restored`])
})

test('a full disk is told, and nothing is left', async (context) => {
  const { host, options } = await play(await controlPlane(context))
  const full = new KadmError('FILE_FAILED', 'no space left on device', { remedy: ['df -h'] })
  const failing: typeof host = {
    ...host,
    appendFile: async (file, _, mode) => {
      await host.appendFile(file, 'a part of it', mode)
      throw full
    },
  }
  await expect(saveSnapshot(failing, options)).rejects.toBe(full)
  expect(await host.stat(options.file)).toBeUndefined()
})

test('a recording asks nothing', async (context) => {
  const { host, options } = await play(await controlPlane(context))
  const recording = recordingHost(host)
  expect(await saveSnapshot(recording, options)).toBeUndefined()
  expect(recording.plan()).toEqual([{ kind: 'wait', for: expect.stringContaining('a snapshot of etcd at') }])
})

async function play({ etcd: server, dir, ca }: ControlPlane) {
  const folder = await mkdtemp(path.join(tmpdir(), 'kadm-snapshot-'))
  const host = localHost()
  onTestFinished(async () => {
    await host.close()
    await rm(folder, { recursive: true, force: true })
  })
  const read = (file: string): string => readFileSync(path.join(dir, file), 'utf8')
  const credentials = { ca, clientCertificate: read('super-admin.crt'), clientKey: read('super-admin.key') }
  return { host, options: { server, credentials, file: path.join(folder, 'snapshot.db'), signal: new AbortController().signal } }
}
