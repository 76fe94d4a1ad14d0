import { expect, test } from 'vitest'
import { noAltNames } from '../../src/pki/alt-names.ts'
import { certificateSpecs } from '../../src/pki/certificate-specs.ts'
import { parsePrivateKey } from '../../src/pki/keys.ts'
import { kubeconfigSpecs } from '../../src/pki/kubeconfig/kubeconfig-specs.ts'
import { pemText } from '../../src/pki/pem.ts'
import { certificateRequest } from '../../src/pki/x509.ts'
import { initConfig } from '../support/init-config.ts'
import { runJailed } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'

test('requests are those of kubeadm, byte for byte', async (context) => {
  const certSANs = ['*.some.example', '10.1.2.3', 'fd00::3']
  const config = initConfig({ cluster: { apiServer: { extraArgs: [], extraVolumes: [], extraEnvs: [], certSANs } } })
  const documents = [
    {
      kind: 'InitConfiguration',
      localAPIEndpoint: config.init.localAPIEndpoint,
      nodeRegistration: { name: 'node1', criSocket: config.init.nodeRegistration.criSocket },
    },
    { kind: 'ClusterConfiguration', kubernetesVersion: 'v1.37.2', apiServer: { certSANs } },
  ].map((document) => JSON.stringify({ apiVersion: 'kubeadm.k8s.io/v1beta4', ...document }))
  const command = [
    'certs',
    'generate-csr',
    '--cert-dir',
    '/etc/kubernetes/pki',
    '--kubeconfig-dir',
    '/etc/kubernetes',
    '--config',
    '/tmp/jail/config.yaml',
  ]
  const { exitCode, tree } = await runJailed([[realBinary(context, 'kubeadm'), ...command]], {
    files: { '/tmp/jail/config.yaml': documents.join('\n---\n') },
  })
  expect(exitCode).toBe(0)

  // The key of a kubeconfig stands in the file itself.
  const keyAt = (path: string): string => {
    const text = String(tree.get(`${path}.key`)?.content ?? tree.get(path)?.content)
    const embedded = /client-key-data: (\S+)/.exec(text)?.[1]
    return embedded === undefined ? text : Buffer.from(embedded, 'base64').toString('utf8')
  }
  const wanted = [
    ...certificateSpecs
      .filter(({ ca }) => ca !== undefined)
      .map((spec) => ({ path: `/etc/kubernetes/pki/${spec.baseName}`, subject: spec.subject(config), names: spec.altNames(config) })),
    ...kubeconfigSpecs.map((spec) => ({ path: `/etc/kubernetes/${spec.file}`, subject: spec.subject(config), names: noAltNames })),
  ]
  const requests = [...tree.keys()].filter((path) => path.endsWith('.csr'))
  expect(requests.toSorted()).toEqual(wanted.map(({ path }) => `${path}.csr`).toSorted())
  for (const { path, subject, names } of wanted) {
    const key = parsePrivateKey(keyAt(path))
    if (key === undefined) throw new Error(`no key for ${path}`)
    expect(pemText('CERTIFICATE REQUEST', certificateRequest(subject, names, key))).toBe(String(tree.get(`${path}.csr`)?.content))
  }
})
