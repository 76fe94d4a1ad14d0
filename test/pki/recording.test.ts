import { expect, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { recordingHost } from '../../src/host/recording-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, runCerts, runKubeconfigs } from './kadm-pki.ts'

test.for([
  ['on a fresh host', []],
  ['with an existing CA (E28)', ['ca']],
] as const)('a recording goes through both phases %s, changes nothing and shows no key', async ([, existing]) => {
  const root = await temporaryDirectory()
  const config = configIn(root)
  await runCerts(config, { only: (name) => existing.some((one) => one === name) })
  const before = await filesIn(root)
  const host = recordingHost(localHost())

  const certs = await runCerts(config, { host })
  const kubeconfigs = await runKubeconfigs(config, { host })

  expect(await filesIn(root)).toEqual(before)
  expect(certs.lines.filter((line) => line.startsWith('Generating'))).toHaveLength(11 - existing.length)
  expect(kubeconfigs.lines.filter((line) => line.startsWith('Writing'))).toHaveLength(5)
  expect(host.file(`${root}/pki/apiserver.crt`)?.content).toMatch(/^-----BEGIN CERTIFICATE-----/)
  expect(host.file(`${root}/admin.conf`)).toMatchObject({ mode: 0o600, secret: true })
  expect(JSON.stringify(host.plan())).not.toMatch(/PRIVATE KEY|client-key-data/)
})
