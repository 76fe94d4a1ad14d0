import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Host } from '../../src/host/host.ts'
import { localHost } from '../../src/host/local-host.ts'
import { parsePrivateKey, parsePublicKey, spkiDer } from '../../src/pki/keys.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, runCerts, runKubeconfigs, type FileState } from './kadm-pki.ts'

/** A host that dies once its n-th write has reached the disk. Single writes are atomic, so there is nothing between one and the next. */
function dyingHost(n: number): Host & { readonly died: () => boolean } {
  const real = localHost()
  let left = n
  return {
    ...real,
    died: () => left <= 0,
    writeFile: async (file, content, options) => {
      await real.writeFile(file, content, options)
      left -= 1
      if (left === 0) throw new Error('killed')
    },
  }
}

test(
  'a run that is killed between any two of its writes is finished by the next one, which keeps every key that was made',
  { timeout: 60_000 },
  async () => {
    let points = 0
    for (;;) {
      const root = await temporaryDirectory()
      const config = configIn(root)
      const host = dyingHost(points + 1)
      const first = await runCerts(config, { host })
        .then(() => runKubeconfigs(config, { host }))
        .then(
          () => 'finished',
          (error: unknown) => String(error),
        )
      if (!host.died()) break
      expect(first).toBe('Error: killed')
      points += 1
      const left = await filesIn(root)

      const certs = await runCerts(config)
      const kubeconfigs = await runKubeconfigs(config)

      expect([...certs.warnings, ...kubeconfigs.warnings]).toEqual([])
      const files = await filesIn(root)
      for (const [name, { content }] of left)
        if (name.endsWith('.key')) expect([points, name, files.get(name)?.content]).toEqual([points, name, content])
      expectWhole(files)
    }
    expect(points).toBe(3 * 10 + 2 + 5) // three writes a pair, two for sa, one a kubeconfig
  },
)

/** Every certificate has its key and every key its other half. */
function expectWhole(files: ReadonlyMap<string, FileState>): void {
  expect(files.size).toBe(2 * 11 + 5)
  for (const [name, { content, mode }] of files) {
    if (!name.endsWith('.key')) continue
    const key = parsePrivateKey(content)
    if (key === undefined) throw new Error(`${name} is no key`)
    expect(mode).toBe(0o600)
    if (name === 'pki/sa.key')
      expect(parsePublicKey(files.get('pki/sa.pub')?.content ?? '')?.equals(parsePublicKey(content) ?? key)).toBe(true)
    else
      expect(
        new X509Certificate(files.get(name.replace(/key$/, 'crt'))?.content ?? '').publicKey.export({ type: 'spki', format: 'der' }),
      ).toEqual(spkiDer(key))
  }
}
