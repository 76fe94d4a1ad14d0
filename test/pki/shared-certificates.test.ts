import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parseYaml } from '../../src/config/yaml.ts'
import type { ExternalEtcd } from '../../src/config/model.ts'
import { localHost } from '../../src/host/local-host.ts'
import { certificateKey } from '../../src/pki/certificate-key.ts'
import { openSharedCertificates, sealSharedCertificates, sharedCertificatePaths } from '../../src/pki/shared-certificates.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, putFiles, runCerts, runKubeconfigs, type FileState } from './kadm-pki.ts'
import { runKubeadm } from './kubeadm-pki.ts'

const shared = ['ca.crt', 'ca.key', 'etcd/ca.crt', 'etcd/ca.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'sa.key', 'sa.pub']

test('what kubeadm seals, kadm opens; and kadm seals the same entries', async (context) => {
  const root = await temporaryDirectory()
  const key = certificateKey()
  const config = configIn(root, { init: { certificateKey: key } })
  await runCerts(config)
  await runKubeconfigs(config)
  const made = await filesIn(root)
  // A dry run reads admin.conf from its own folder.
  const { stdout } = await runKubeadm(context, config, ['upload-certs --upload-certs --dry-run'], made, {
    KUBEADM_INIT_DRYRUN_DIR: '/etc/kubernetes',
  })
  const printed =
    stdout.split(/^\[dryrun\].*$/m).find((text) => /^kind: Secret$/m.test(text) && /^ {2}name: kubeadm-certs$/m.test(text)) ?? ''
  const { data } = parseYaml(printed) as { readonly data: Readonly<Record<string, string>> }

  const other = await temporaryDirectory()
  await openSharedCertificates({ config: configIn(other), host: localHost(), key, data })
  const opened = await filesIn(other)

  expect([...opened.keys()].toSorted()).toEqual(shared.map((name) => `pki/${name}`))
  for (const [name, { mode, content }] of opened)
    expect([name, mode, content]).toEqual([name, name.endsWith('.key') ? 0o600 : 0o644, made.get(name)?.content])
  const sealed = await sealSharedCertificates({ config, host: localHost(), key })
  expect(Object.keys(sealed).toSorted()).toEqual(Object.keys(data).toSorted())
  for (const [name, value] of Object.entries(sealed))
    expect([name, value.length, value === data[name]]).toEqual([name, data[name]?.length, false]) // a nonce of its own each time
})

test('what kadm seals, kadm opens elsewhere; with external etcd its client pair goes along, and files that are not there do not', async () => {
  const root = await temporaryDirectory()
  const key = certificateKey()
  await runCerts(configIn(root), { only: (name) => name !== 'sa' })
  const certificates = await filesIn(path.join(root, 'pki'))
  const etcd = (folder: string): ExternalEtcd => ({
    kind: 'external',
    endpoints: [],
    httpEndpoints: [],
    caFile: `${folder}/e/ca.pem`,
    certFile: `${folder}/e/client.pem`,
    keyFile: `${folder}/e/client-key.pem`,
  })
  const text = (name: string): FileState => certificates.get(name) ?? { mode: 0, content: '' }
  await putFiles(
    path.join(root, 'e'),
    new Map([
      ['ca.pem', text('etcd/ca.crt')],
      ['client.pem', text('apiserver-etcd-client.crt')],
      ['client-key.pem', text('apiserver-etcd-client.key')],
    ]),
  )
  const config = configIn(root, { cluster: { etcd: etcd(root) } })

  const data = await sealSharedCertificates({ config, host: localHost(), key })
  expect(data).toMatchObject({ 'sa.key': '', 'sa.pub': '' })
  const other = await temporaryDirectory()
  await openSharedCertificates({
    config: configIn(other, { cluster: { etcd: etcd(other) } }),
    host: localHost(),
    key: key.toUpperCase(),
    data,
  })

  const opened = await filesIn(other)
  expect([...opened.keys()].toSorted()).toEqual([
    'e/ca.pem',
    'e/client-key.pem',
    'e/client.pem',
    'pki/ca.crt',
    'pki/ca.key',
    'pki/front-proxy-ca.crt',
    'pki/front-proxy-ca.key',
  ])
  expect(opened.get('e/client-key.pem')).toEqual({ mode: 0o600, content: text('apiserver-etcd-client.key').content })
})

test.for<[string, (data: Record<string, string>) => void, RegExp]>([
  ['a changed byte', (data) => (data['ca.key'] = flipped(data['ca.key'] ?? '')), /does not open "ca\.key"/],
  ['an entry cut short', (data) => (data['sa.pub'] = Buffer.from('short').toString('base64')), /"sa\.pub" .* is too short/],
  ['a missing entry', (data) => delete data['front-proxy-ca.key'], /has no "front-proxy-ca\.key" for ".*front-proxy-ca\.key"/],
])('with %s nothing is written', async ([, spoil, expected]) => {
  const root = await temporaryDirectory()
  const config = configIn(root)
  const key = certificateKey()
  await runCerts(config)
  const data = { ...(await sealSharedCertificates({ config, host: localHost(), key })) }
  spoil(data)
  const other = await temporaryDirectory()

  await expect(openSharedCertificates({ config: configIn(other), host: localHost(), key, data })).rejects.toThrow(expected)
  expect(await filesIn(other)).toEqual(new Map())
})

test('a key of another cluster opens nothing, and one of the wrong form is refused without being shown', async () => {
  const root = await temporaryDirectory()
  const config = configIn(root)
  await runCerts(config)
  const data = await sealSharedCertificates({ config, host: localHost(), key: certificateKey() })
  await expect(openSharedCertificates({ config, host: localHost(), key: certificateKey(), data })).rejects.toThrow(
    /the certificate key does not open/,
  )
  const odd = randomBytes(31).toString('hex')
  const refusal: unknown = await sealSharedCertificates({ config, host: localHost(), key: odd }).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'TOKEN_INVALID' })
  expect(String(refusal)).not.toContain(odd)
  expect(sharedCertificatePaths(config.cluster).size).toBe(8)
})

function flipped(sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64')
  bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20)
  return bytes.toString('base64')
}
