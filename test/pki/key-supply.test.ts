import { execFile } from 'node:child_process'
import { setImmediate as later, setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { keySupply } from '../../src/pki/key-supply.ts'
import { newPrivateKey, spkiDer } from '../../src/pki/keys.ts'
import { countMissingKeys } from '../../src/pki/missing-keys.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, runCerts, runKubeconfigs } from './kadm-pki.ts'

const run = promisify(execFile)

test('nobody gets a key that another one has, however many are taken at once', async () => {
  const keys = keySupply('ECDSA-P256', 3)
  const taken = await Promise.all(Array.from({ length: 20 }, () => keys.take()))
  expect(new Set(taken.map((key) => spkiDer(key).toString('hex'))).size).toBe(20)
  expect(taken[0]?.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
})

test('a key is there before it is asked for', async () => {
  const keys = keySupply('RSA-4096', 1) // takes long enough that the second cannot be there at once
  await sleep(8000)
  const none = Symbol('not yet')
  const first = await Promise.race([keys.take(), later(none)])
  const second = await Promise.race([keys.take(), later(none)])
  expect([first, second].map((key) => key === none)).toEqual([false, true]) // one was planned, and one was made
})

test('files are read while all keys of an init are being made', async () => {
  const host = localHost()
  const keys = keySupply('RSA-2048', 16)
  let isDone = false
  const all = Promise.all(Array.from({ length: 16 }, () => keys.take())).then(() => (isDone = true))
  for (let i = 0; i < 10; i++) await host.readFile('/etc/hostname')
  expect(isDone).toBe(false)
  await all
})

test.for<[string, string]>([
  ['nobody takes the keys that were planned', "keySupply('RSA-2048', 3)"],
  ['a run that is over needs no more of them', "const keys = keySupply('RSA-2048', 5000); await keys.take(); keys.stop()"],
])('a process ends when %s', { timeout: 25_000 }, async ([, script]) => {
  const module = fileURLToPath(new URL('../../src/pki/key-supply.ts', import.meta.url))
  // 5000 keys would take minutes.
  const end = run(process.execPath, ['--input-type=module', '-e', `import { keySupply } from ${JSON.stringify(module)}; ${script}`], {
    timeout: 20_000,
  })
  await expect(end).resolves.toEqual({ stdout: '', stderr: '' })
})

test('the keys that an init has yet to make are counted: 16, fewer with external etcd, none when all is there', async () => {
  const root = await temporaryDirectory()
  const config = configIn(root)
  const etcd = { kind: 'external', endpoints: [], httpEndpoints: [], caFile: '', certFile: '', keyFile: '' } as const
  expect(await countMissingKeys(localHost(), config, root)).toBe(16)
  expect(await countMissingKeys(localHost(), configIn(root, { cluster: { etcd } }), root)).toBe(11)
  await runCerts(config)
  expect(await countMissingKeys(localHost(), config, root)).toBe(5)
  await runKubeconfigs(config)
  expect(await countMissingKeys(localHost(), config, root)).toBe(0)
})

test('keys are of the kind and size that their algorithm names', async () => {
  expect((await newPrivateKey('ECDSA-P384')).asymmetricKeyDetails).toEqual({ namedCurve: 'secp384r1' })
  expect((await newPrivateKey('RSA-3072')).asymmetricKeyDetails).toMatchObject({ modulusLength: 3072, publicExponent: 65_537n })
})
