/** Which certificate of a CA bundle a node is signed for with. openssl runs on this machine. */
import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { signForNode } from '../../src/fleet/apply/sign-for-node.ts'
import { localHost } from '../../src/host/local-host.ts'
import { selfSignedCa } from '../../src/pki/issue.ts'
import { newPrivateKey, privateKeyPem } from '../../src/pki/keys.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { answering, configMapsOf } from './cluster-of-file.ts'
import { fileOf } from './planned.ts'

test('of a bundle it is the certificate that the key of the control plane belongs to, wherever it stands', async () => {
  const folder = await temporaryDirectory()
  const host = localHost()
  const cluster = await keeping(folder)
  const [old, own, next] = [await ca('old'), await ca('own'), await ca('next')]
  await writeFile(path.join(folder, 'ca.key'), own.key, { mode: 0o600 })
  const words = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path.join(folder, 'key')]
  const { stdout: request } = await host.run(['openssl', 'req', '-new', ...words, '-subj', '/O=system:nodes/CN=system:node:h2'])
  const { signal } = new AbortController()
  const signed = (caPem: string) => signForNode(request, { controlPlanes: [host], cluster, caPem, nodeName: 'h2', signal, say: () => {} })
  for (const bundle of [own.pem, `${old.pem}${own.pem}`, `${own.pem}${next.pem}`, `${old.pem}${next.pem}${own.pem}`])
    expect(new X509Certificate(await signed(bundle)).issuer).toBe('CN=own')
  await expect(signed(`${old.pem}${next.pem}`)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' })
})

/** A cluster whose folder of certificates is this one. */
async function keeping(certificatesDir: string): Promise<Cluster> {
  const file = fileOf({ h1: 'control-plane' }, {}, { kubeadm: { clusterConfiguration: { certificatesDir } } })
  return answering(await configMapsOf(file)) as unknown as Cluster
}

async function ca(commonName: string): Promise<{ readonly key: string; readonly pem: string }> {
  const key = await newPrivateKey('RSA-2048')
  const [notBefore, notAfter] = [new Date(0), new Date('2100-01-01')]
  return { key: privateKeyPem(key), pem: selfSignedCa({ commonName, key, notBefore, notAfter }) }
}
