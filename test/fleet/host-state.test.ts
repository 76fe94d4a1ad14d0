/** What a look at a host finds, of files in a folder. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { paths } from '../../src/config/paths.ts'
import { observeHost } from '../../src/fleet/look/host-state.ts'
import type { Host } from '../../src/host/host.ts'
import { staticPodPath } from '../../src/manifests/write-static-pod.ts'
import { openRunSession } from '../../src/phases/run-session.ts'
import { caHashes } from '../../src/pki/ca-hash.ts'
import { writePair } from '../../src/pki/certificate-files.ts'
import { selfSignedCa } from '../../src/pki/issue.ts'
import { kubeconfigText } from '../../src/pki/kubeconfig/kubeconfig-file.ts'
import { newPrivateKey } from '../../src/pki/keys.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('the CA of a node is the one of its kubelet.conf, wherever its certificates lie; what is no node has none', async () => {
  const root = await temporaryDirectory()
  const [own, old] = [await ca(), await ca()]
  const hash = async (): Promise<string> => (await observeHost(rootedHost(root), 'v1.37.2')).caHash
  await put(root, paths.kubeletConf, await kubeletConf(own))
  expect(await hash()).toBe('')
  await put(root, paths.kubeletConfig, '{}')
  expect(await hash()).toBe(caHashes(own)[0])
  // Left by another cluster.
  await put(root, `${paths.defaultCertificates}/ca.crt`, old)
  expect(await hash()).toBe(caHashes(own)[0])
  await put(root, paths.kubeletConf, await kubeletConf(undefined))
  expect(await hash()).toBe(caHashes(old)[0])
  await put(root, paths.kubeletConf, await kubeletConf(`${old}${own}`))
  expect(await hash()).toBe(`${caHashes(old)[0]} ${caHashes(own)[0]}`)
})

test('an init that was cut off between the two files of its CA is one that can be gone on with', async () => {
  const root = await temporaryDirectory()
  const host = { ...rootedHost(root), lock: async () => async () => {} }
  const session = await openRunSession(host, { command: 'init', fingerprint: 'one', version: '1' })
  const pair = { certificate: `${paths.defaultCertificates}/ca.crt`, key: `${paths.defaultCertificates}/ca.key` }
  let writes = 0
  const cutOff = {
    writeFile: async (...words: Parameters<Host['writeFile']>) => {
      if (++writes === 3) throw new Error('power cut')
      await session.host.writeFile(...words)
    },
  }
  const made = writePair(cutOff, { paths: pair, key: await newPrivateKey('ECDSA-P256'), certificate: await ca() })
  await expect(made).rejects.toThrow('power cut')
  expect(await observeHost(host, 'v1.37.2')).toMatchObject({ unfinished: 'init', caHash: '', node: 'none' })
})

test('addresses that others can reach: not those of containers, also where a reset has left their devices', async () => {
  const devices = ['lo', 'eth0', 'tunl0', 'vxlan.calico', 'weave', 'antrea-gw0', 'ovn-k8s-mp0', 'cni0', 'cni-podman0', 'docker0', 'wg0']
  const addresses = devices.map((device, index) => ({
    device,
    address: `192.0.2.${index}`,
    family: 4 as const,
    prefixLength: 24,
    loopback: device === 'lo',
  }))
  const host = rootedHost(await temporaryDirectory())
  const state = await observeHost({ ...host, facts: async () => ({ ...(await host.facts()), addresses }) }, 'v1.37.2')
  expect(state.addresses).toEqual(['192.0.2.1', '192.0.2.10'])
})

test('a control plane is one without its admin.conf too, and says that it has none', async () => {
  const root = await temporaryDirectory()
  await put(root, paths.kubeletConf, await kubeletConf(undefined))
  await put(root, paths.kubeletConfig, '{}')
  const found = async () => {
    const { node, lacksAdminConf } = await observeHost(rootedHost(root), 'v1.37.2')
    return { node, lacksAdminConf }
  }
  expect(await found()).toEqual({ node: 'worker', lacksAdminConf: undefined })
  await put(root, staticPodPath('kube-apiserver'), '')
  expect(await found()).toEqual({ node: 'control-plane', lacksAdminConf: true })
  await put(root, paths.adminConf, '')
  expect(await found()).toEqual({ node: 'control-plane', lacksAdminConf: undefined })
})

test.each([
  { image: 'registry.example:5000/kube-apiserver:v1.37.2', version: 'v1.37.2' },
  { image: `kube-apiserver:v1.37.2@sha256:${'0'.repeat(64)}`, version: 'v1.37.2' },
  { image: '"registry.example/kube-apiserver:v1.37.2"', version: 'v1.37.2' },
  { image: 'kube-apiserver:v1.37.2-acme.1', version: 'v1.37.2' },
  { image: 'kube-apiserver:v1.37.2-rc.0', version: 'v1.37.2-rc.0' },
  { image: 'kube-apiserver:v1.37.2-rc.0.3_0a1b', version: 'v1.37.2-rc.0.3+0a1b' },
  { image: 'kube-apiserver:v1.37.2-acme.1', wanted: 'v1.37.2-acme.2', version: 'v1.37.2-acme.1' },
  { image: `kube-apiserver@sha256:${'0'.repeat(64)}`, version: '' },
  { image: 'kube-apiserver:stable', version: '' },
  { image: '[', version: '' },
])('the version of an API server that runs the image $image', async ({ image, wanted = 'v1.37.2', version }) => {
  const root = await temporaryDirectory()
  const container = `  - {image: sidecar:v1, name: sidecar}\n  - image: ${image}\n    name: kube-apiserver\n`
  await put(
    root,
    staticPodPath('kube-apiserver'),
    `apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver}\nspec:\n  containers:\n${container}`,
  )
  const { controlPlane, apiImage } = await observeHost(rootedHost(root), wanted)
  expect([controlPlane, apiImage]).toEqual([version, version === '' && image !== '[' ? image : undefined])
})

test('port and address of an API server are those that it is started with', async () => {
  const root = await temporaryDirectory()
  const command = '[kube-apiserver, --advertise-address=192.0.2.1, --secure-port=8443]'
  const container = `  - {name: kube-apiserver, image: kube-apiserver:v1.37.2, command: ${command}}\n`
  const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver}\nspec:\n  containers:\n${container}`
  await put(root, staticPodPath('kube-apiserver'), pod)
  expect(await observeHost(rootedHost(root), 'v1.37.2')).toMatchObject({ apiPort: 8443, apiAddress: '192.0.2.1', controlPlane: 'v1.37.2' })
})

async function put(root: string, file: string, text: string): Promise<void> {
  await mkdir(path.join(root, path.dirname(file)), { recursive: true })
  await writeFile(path.join(root, file), text)
}

async function ca(): Promise<string> {
  const key = await newPrivateKey('ECDSA-P256')
  return selfSignedCa({ commonName: 'kubernetes', key, notBefore: new Date(0), notAfter: new Date('2100-01-01') })
}

async function kubeletConf(certificateAuthority: string | undefined): Promise<string> {
  return kubeconfigText({
    clusterName: 'kubernetes',
    server: 'https://192.0.2.1:6443',
    ...(certificateAuthority !== undefined && { certificateAuthority }),
    userName: 'system:node:h1',
    user: { token: 'x' },
  })
}
