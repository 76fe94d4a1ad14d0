/** v1beta3 where kadm does otherwise than kubeadm 1.36; where it does the same is compared in migrate.test.ts. */
import { expect, test } from 'vitest'
import { loadInitConfig } from '../../src/config/load/load-init.ts'
import { parseYamlDocuments } from '../../src/config/yaml.ts'
import { fixtureHost } from './fixture-host.ts'
import { kadmConfig } from './kadm-config.ts'

const cluster = (rest = '', version = 'v1.37.0'): string =>
  `apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\nkubernetesVersion: ${version}\n${rest}`

test.each([
  ['PublicKeysECDSA: true', { encryptionAlgorithm: 'ECDSA-P256' }],
  ['PublicKeysECDSA: false', { encryptionAlgorithm: 'RSA-2048' }],
  [
    'PublicKeysECDSA: true, RootlessControlPlane: true',
    { encryptionAlgorithm: 'ECDSA-P256', featureGates: { RootlessControlPlane: true } },
  ],
  ['NodeLocalCRISocket: true', { encryptionAlgorithm: 'RSA-2048' }],
])('a gate that is no more becomes what it stood for: %s', async (gates, expected) => {
  const { exitCode, stdout } = await kadmConfig('migrate', cluster(`featureGates: {${gates}}\n`))
  expect(exitCode).toBe(0)
  const [, written] = parseYamlDocuments(stdout)
  expect(written).toMatchObject(expected)
  // The result is one that kadm itself takes.
  expect(await kadmConfig('validate', stdout)).toMatchObject({ exitCode: 0 })
})

test('a gate that never was, and a version that nobody here deploys, are refused', async () => {
  expect(await kadmConfig('migrate', cluster('featureGates: {Foo: true}\n'))).toMatchObject({ exitCode: 1, paths: ['featureGates'] })
  expect(await kadmConfig('migrate', cluster('', 'v1.35.2'))).toMatchObject({ exitCode: 1, paths: ['kubernetesVersion'] })
})

test('who does not convert it says who does', async () => {
  const refused = {
    code: 'CONFIG_INVALID',
    remedy: expect.arrayContaining(['kadm config migrate --old-config "/x/config.yaml" --new-config new.yaml']) as unknown,
  }
  const file = '/x/config.yaml'
  await expect(
    loadInitConfig({ file, flags: {}, host: fixtureHost({ [file]: cluster() }), needs: { criSocket: false } }),
  ).rejects.toMatchObject(refused)
  expect(await kadmConfig('validate', cluster())).toMatchObject({ exitCode: 1 })
  expect(await kadmConfig('validate', cluster(), { allowDeprecated: true })).toMatchObject({ exitCode: 0 })
})

test('kinds that it never had are unknown', async () => {
  expect(await kadmConfig('migrate', 'apiVersion: kubeadm.k8s.io/v1beta3\nkind: ResetConfiguration\n')).toMatchObject({
    exitCode: 1,
    error: expect.stringContaining('"ResetConfiguration" of kubeadm.k8s.io/v1beta3') as string,
  })
})
