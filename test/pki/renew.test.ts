/**
 * Renewal that is killed, or whose disk fails, at any of its steps: what is on disk then is a pair that fits, or becomes one by the next
 * run.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import path from 'node:path'
import { expect, test } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import type { Host } from '../../src/host/host.ts'
import { localHost } from '../../src/host/local-host.ts'
import { managedCertificates } from '../../src/pki/managed-certificates.ts'
import { renewCertificates, type RenewalOutcome } from '../../src/pki/renew.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, runCerts, type FileState } from './kadm-pki.ts'

const two = ['apiserver', 'etcd-server']
const inFiles = managedCertificates.filter(({ place }) => place.kind === 'pair')

test(
  'killed after any of its steps: the next run, of whatever certificate, leaves pairs that fit and nothing else',
  { timeout: 60_000 },
  async () => {
    let points = 0
    let misfits = 0
    for (;;) {
      const config = configIn(await temporaryDirectory())
      await runCerts(config)
      const before = await filesIn(config.cluster.certificatesDir)
      const dying = failingHost(points + 1, 'after')
      const killed = await renew(config, dying, two).then(
        () => false,
        () => true,
      )
      if (!killed) break
      points += 1
      misfits += misfitsOf(await filesIn(config.cluster.certificatesDir)).length

      const { warnings } = await renew(config, localHost(), ['front-proxy-client'])

      const files = await filesIn(config.cluster.certificatesDir)
      expect([points, misfitsOf(files)]).toEqual([points, []])
      expect([...files.keys()].toSorted()).toEqual([...before.keys()].toSorted())
      expect(warnings.every((line) => line.includes('had been cut off'))).toBe(true)
    }
    expect(points).toBe(two.length * 4) // the pair in waiting, its key, its certificate, the end of the waiting
    expect(misfits).toBe(two.length) // the kill between key and certificate is there to be mended
  },
)

test(
  'a disk that fails at any step: the error says so, the pair at hand is whole, and the next run succeeds',
  { timeout: 60_000 },
  async () => {
    for (let point = 1; point <= 4; point++) {
      const config = configIn(await temporaryDirectory())
      await runCerts(config)
      const before = await filesIn(config.cluster.certificatesDir)
      const error: unknown = await renew(config, failingHost(point, 'before'), ['apiserver']).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'FILE_FAILED' })
      const files = await filesIn(config.cluster.certificatesDir)
      // All that is new is written before the last step, which only tidies up.
      const whole = point === 4 ? withoutPending(files) : files
      expect([point, misfitsOf(whole)]).toEqual([point, []])
      if (point < 4) expect(contents(files)).toEqual(contents(before))
      else expect(files.get('apiserver.crt')).not.toEqual(before.get('apiserver.crt'))

      await renew(config, localHost(), ['apiserver'])
      expect([...(await filesIn(config.cluster.certificatesDir)).keys()].toSorted()).toEqual([...before.keys()].toSorted())
    }
  },
)

test('a disk that fails for good between key and certificate: the next run mends the pair', { timeout: 60_000 }, async () => {
  const config = configIn(await temporaryDirectory())
  await runCerts(config)
  const error: unknown = await renew(config, failingHost(3, 'from then on'), ['apiserver']).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'FILE_FAILED', message: expect.stringContaining('the old key could not be put back') })
  expect(misfitsOf(await filesIn(config.cluster.certificatesDir))).toEqual(['apiserver.crt'])
  const { warnings } = await renew(config, localHost(), ['etcd-peer'])
  expect(warnings).toEqual(['a renewal of apiserver had been cut off: it is finished now'])
  expect(misfitsOf(await filesIn(config.cluster.certificatesDir))).toEqual([])
})

test('all that is wrong is told at once, and nothing is touched', async () => {
  const config = configIn(await temporaryDirectory())
  await runCerts(config)
  const host = localHost()
  const directory = config.cluster.certificatesDir
  await host.writeFile(path.join(directory, 'apiserver.crt'), 'no certificate', { mode: 0o644 })
  await host.writeFile(path.join(directory, 'etcd/ca.key'), (await host.readText(path.join(directory, 'sa.key'))) ?? '', { mode: 0o600 })
  const before = await filesIn(directory)
  const error: unknown = await renew(config, host).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(KadmError)
  expect(error).toMatchObject({
    code: 'CERTIFICATE_INVALID',
    message: expect.stringContaining('apiserver.crt'),
    details: [expect.stringContaining('etcd/ca.key')],
  })
  expect(contents(await filesIn(directory))).toEqual(contents(before))
})

test('an interruption ends it between two certificates', async () => {
  const config = configIn(await temporaryDirectory())
  await runCerts(config)
  const stop = new AbortController()
  const host = localHost()
  const stopping: Host = {
    ...host,
    removeFile: async (file) => {
      await host.removeFile(file)
      stop.abort(new Error('stopped'))
    },
  }
  await expect(renew(config, stopping, undefined, stop.signal)).rejects.toThrow('stopped')
  const files = await filesIn(config.cluster.certificatesDir)
  expect(misfitsOf(files)).toEqual([])
  expect([...files.keys()].filter((name) => name.includes('kadm'))).toEqual([])
})

async function renew(
  config: ReturnType<typeof configIn>,
  host: Host,
  names: readonly string[] = inFiles.map(({ name }) => name),
  signal: AbortSignal = new AbortController().signal,
) {
  const outcomes: RenewalOutcome[] = []
  const warnings: string[] = []
  await renewCertificates(
    inFiles.filter(({ name }) => names.includes(name)),
    { config, host, start: new Date(), signal, onOutcome: (outcome) => outcomes.push(outcome), warn: (line) => warnings.push(line) },
  )
  return { outcomes, warnings }
}

/** A host whose n-th change is made and is its last one, fails, or fails as all after it do. */
function failingHost(n: number, how: 'after' | 'before' | 'from then on'): Host {
  const real = localHost()
  let count = 0
  const change =
    <Args extends readonly unknown[]>(make: (...args: Args) => Promise<void>) =>
    async (...args: Args): Promise<void> => {
      count += 1
      const fails = how === 'from then on' || how === 'after' ? count > n || (how === 'from then on' && count === n) : count === n
      if (fails) throw new KadmError('FILE_FAILED', 'no space left on device', { remedy: ['df'] })
      await make(...args)
      if (how === 'after' && count === n) throw new Error('killed')
    }
  return { ...real, writeFile: change(real.writeFile), removeFile: change(real.removeFile) }
}

/** Certificates whose key is another's. */
function misfitsOf(files: ReadonlyMap<string, FileState>): readonly string[] {
  return [...files].flatMap(([name, { content }]) => {
    const key = files.get(name.replace(/\.crt$/, '.key'))
    return !name.endsWith('.crt') || key === undefined || new X509Certificate(content).checkPrivateKey(createPrivateKey(key.content))
      ? []
      : [name]
  })
}

function withoutPending(files: ReadonlyMap<string, FileState>): ReadonlyMap<string, FileState> {
  return new Map([...files].filter(([name]) => !name.includes('kadm')))
}

function contents(files: ReadonlyMap<string, FileState>): readonly (readonly [string, string])[] {
  return [...files].map(([name, { content }]) => [name, content] as const).toSorted(([a], [b]) => (a < b ? -1 : 1))
}
