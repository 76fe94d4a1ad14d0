import { execFile } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parseYaml } from '../../src/config/yaml.ts'
import { localHost } from '../../src/host/local-host.ts'
import { readKubeconfig, userCredentials } from '../../src/pki/kubeconfig/kubeconfig-file.ts'
import { pointKubeconfigAtFile } from '../../src/pki/kubelet-client-rotation.ts'
import { realBinary } from '../support/real-binary.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, runCerts, runKubeconfigs } from './kadm-pki.ts'

const run = promisify(execFile)

test('kubelet.conf points at the certificate that the kubelet renews, and kubectl reads it so', async (context) => {
  const kubectl = realBinary(context, 'kubectl')
  const root = await temporaryDirectory()
  const config = configIn(root)
  await runCerts(config, { only: (name) => name === 'ca' })
  await runKubeconfigs(config, { only: (name) => name === 'kubelet' })
  const file = path.join(root, 'kubelet.conf')
  const before = await readKubeconfig(localHost(), file)

  await pointKubeconfigAtFile(localHost(), file, '/var/lib/kubelet/pki/kubelet-client-current.pem')
  const once = await readFile(file, 'utf8')
  await pointKubeconfigAtFile(localHost(), file, '/var/lib/kubelet/pki/kubelet-client-current.pem')

  expect(await readFile(file, 'utf8')).toBe(once)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const { stdout } = await run(kubectl, ['config', 'view', '--raw', '-o', 'json', '--kubeconfig', file])
  const seen: unknown = JSON.parse(stdout)
  expect(seen).toMatchObject({
    'current-context': 'system:node:node1@kubernetes',
    clusters: [
      {
        name: 'kubernetes',
        cluster: { server: before.server, 'certificate-authority-data': Buffer.from(before.certificateAuthority ?? '').toString('base64') },
      },
    ],
    users: [
      {
        name: 'system:node:node1',
        user: {
          'client-certificate': '/var/lib/kubelet/pki/kubelet-client-current.pem',
          'client-key': '/var/lib/kubelet/pki/kubelet-client-current.pem',
        },
      },
    ],
  })
  expect(once).not.toContain('client-key-data')
})

test('a kubeconfig goes to a folder that is made for it, in brackets where the address is IPv6 (F3, F7)', async () => {
  const root = await temporaryDirectory()
  const config = configIn(root, { init: { localAPIEndpoint: { advertiseAddress: 'fd00:0::1', bindPort: 6443 } } })
  await runCerts(config, { only: (name) => name === 'ca' })
  await runKubeconfigs(config, { directory: path.join(root, 'some/where') })
  for (const name of ['admin', 'super-admin', 'kubelet', 'controller-manager', 'scheduler']) {
    const file = path.join(root, 'some/where', `${name}.conf`)
    expect((await readKubeconfig(localHost(), file)).server).toBe('https://[fd00::1]:6443')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  }
})

test('of the shared endpoint and its own API server each component gets the one that suits it', async () => {
  const root = await temporaryDirectory()
  for (const [controlPlaneEndpoint, server] of [
    ['lb.example:8443', 'https://lb.example:8443'],
    ['lb.example', 'https://lb.example:6443'],
    ['[fd00::9]:1', 'https://[fd00::9]:1'],
  ] as const) {
    const config = configIn(root, { cluster: { controlPlaneEndpoint } })
    await runCerts(config)
    const directory = path.join(root, server.replaceAll('/', '_'))
    await runKubeconfigs(config, { directory })
    const servers = [...(await filesIn(directory))].map(([name, { content }]) => [name, /server: (.*)/.exec(content)?.[1]])
    const local = 'https://192.168.77.10:6443'
    expect(Object.fromEntries(servers)).toEqual({
      'admin.conf': server,
      'super-admin.conf': server,
      'kubelet.conf': local,
      'controller-manager.conf': local,
      'scheduler.conf': local,
    })
  }
})

test('what stands in files beside a kubeconfig is read from there', async () => {
  const root = await temporaryDirectory()
  const config = configIn(root)
  await runCerts(config, { only: (name) => name === 'ca' })
  await runKubeconfigs(config, { only: (name) => name === 'admin' })
  const admin = await readKubeconfig(localHost(), path.join(root, 'admin.conf'))
  const whole = await userCredentials(localHost(), admin)
  await writeFile(path.join(root, 'user.pem'), `${whole.clientCertificate}${whole.clientKey}`)
  const file = path.join(root, 'other.conf')
  const document = parseYaml(await readFile(path.join(root, 'admin.conf'), 'utf8')) as Record<string, unknown>
  const user = { 'client-certificate': path.join(root, 'user.pem'), 'client-key': path.join(root, 'user.pem'), token: 'abc' }
  const cluster = { server: 'https://x:1', 'certificate-authority': path.join(root, 'pki/ca.crt') }
  await writeFile(
    file,
    JSON.stringify({
      ...document,
      users: [{ name: 'kubernetes-admin', user }],
      clusters: [{ name: 'kubernetes', cluster }],
      extensions: [],
    }),
  )

  const other = await readKubeconfig(localHost(), file)
  expect(other).toMatchObject({
    server: 'https://x:1',
    clusterName: 'kubernetes',
    userName: 'kubernetes-admin',
    certificateAuthority: admin.certificateAuthority,
  })
  const pair = `${whole.clientCertificate}${whole.clientKey}`
  expect(await userCredentials(localHost(), other)).toEqual({ clientCertificate: pair, clientKey: pair, token: 'abc' })
  await expect(readKubeconfig(localHost(), path.join(root, 'none.conf'))).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID' })
})
