import { expect, test } from 'vitest'
import { loadJoinConfig, type LoadJoinOptions } from '../../src/config/load/load-join.ts'
import { storedClusterConfiguration, storedKubeletConfiguration } from '../../src/config/stored-config.ts'
import { loadInitConfig } from '../../src/config/load/load-init.ts'
import { clusterConfigurationDocument } from '../../src/config/v1beta4.ts'
import { dumpYaml } from '../../src/config/yaml.ts'
import { fixtureHost } from './fixture-host.ts'

const token = 'abcdef.0123456789abcdef'
const other = 'ghijkl.0123456789abcdef'
const hash = `sha256:${'a'.repeat(64)}`

function load(given: Partial<LoadJoinOptions>): ReturnType<typeof loadJoinConfig> {
  return loadJoinConfig({
    file: undefined,
    flags: {},
    endpoint: undefined,
    host: fixtureHost(),
    needs: { criSocket: false, discoveryFile: undefined },
    ...given,
  })
}

test('a worker by the words of a join command', async () => {
  const { config, warnings } = await load({ flags: { token, 'discovery-token-ca-cert-hash': [hash] }, endpoint: '10.0.0.1:6443' })
  expect(warnings).toEqual([])
  expect(config).toMatchObject({
    discovery: {
      kind: 'token',
      token,
      tlsBootstrapToken: token,
      apiServerEndpoint: '10.0.0.1:6443',
      caCertHashes: [hash],
      unsafeSkipCAVerification: false,
    },
    caCertPath: '/etc/kubernetes/pki/ca.crt',
    nodeRegistration: { taints: [] },
  })
  expect(config.controlPlane).toBeUndefined()
})

test('a token of its own for each purpose goes before --token', async () => {
  const flags = { token, 'discovery-token-unsafe-skip-ca-verification': true }
  const [first, second] = await Promise.all([
    load({ flags: { ...flags, 'discovery-token': other }, endpoint: 'a:1' }),
    load({ flags: { ...flags, 'tls-bootstrap-token': other }, endpoint: 'a:1' }),
  ])
  expect([first.config.discovery, second.config.discovery]).toMatchObject([
    { token: other, tlsBootstrapToken: token },
    { token, tlsBootstrapToken: other },
  ])
})

test('only --control-plane makes a control plane: it has the taint and an address; its flags alone are warned of', async () => {
  const words = { endpoint: 'a:1', flags: { token, 'discovery-token-unsafe-skip-ca-verification': true, 'apiserver-bind-port': 7443 } }
  const worker = await load(words)
  expect(worker.config.controlPlane).toBeUndefined()
  expect(worker.warnings).toEqual(['--apiserver-bind-port is for control planes: without --control-plane it does nothing'])
  const { config } = await load({ ...words, flags: { ...words.flags, 'control-plane': true } })
  expect(config.controlPlane?.localAPIEndpoint.bindPort).toBe(7443)
  expect(config.controlPlane?.localAPIEndpoint.advertiseAddress).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
  expect(config.nodeRegistration.taints).toEqual([{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }])
})

test('--dry-run=false goes before a file that says true', async () => {
  const file = '/x/join.yaml'
  const discovery = `{bootstrapToken: {token: ${token}, apiServerEndpoint: "a:1", unsafeSkipCAVerification: true}}`
  const text = `apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\ndryRun: true\ndiscovery: ${discovery}\n`
  const dryRuns = [{}, { 'dry-run': false }].map(
    async (flags) => (await load({ file, flags, host: fixtureHost({ [file]: text }) })).config.dryRun,
  )
  expect(await Promise.all(dryRuns)).toEqual([true, false])
})

test('without an endpoint and without a file there is no discovery; with both there is one too many', async () => {
  await expect(load({ flags: { token } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: '[api-server-endpoint] is missing',
  })
  const both = load({
    flags: { token, 'discovery-file': 'https://example.com/d.conf', 'discovery-token-ca-cert-hash': [hash] },
    endpoint: 'a:1',
  })
  await expect(both).rejects.toMatchObject({ details: ['[api-server-endpoint] and --discovery-file exclude each other'] })
})

test('what a join command lacks is told by its flags, with the command that prints one', async () => {
  await expect(load({ endpoint: '10.0.0.1:6443' })).rejects.toMatchObject({
    message: 'the command line has 2 problems',
    details: ['--token is missing', '--discovery-token-ca-cert-hash is missing'],
    remedy: ['kadm token create --print-join-command   # on a control plane'],
  })
  const flags = { 'discovery-token-unsafe-skip-ca-verification': true }
  await expect(load({ flags, endpoint: '10.0.0.1:6443' })).rejects.toMatchObject({ message: '--token is missing' })
  await expect(load({ flags: { ...flags, token: 'short' }, endpoint: '10.0.0.1:6443' })).rejects.toMatchObject({
    details: [expect.stringMatching(/^--token is not a bootstrap token/)],
    remedy: ['correct what is listed and run it again'],
  })
})

test('every problem at once', async () => {
  const flags = {
    token: 'short',
    'node-name': 'Not_A_Name',
    'control-plane': true,
    'apiserver-advertise-address': '224.0.0.1',
    'certificate-key': 'ab',
  }
  const { details } = await load({ flags, endpoint: 'nowhere' }).then(
    () => ({ details: [] }),
    (error: { details: readonly string[] }) => error,
  )
  expect(details.map((line) => line.split(/:| is /)[0]).toSorted()).toEqual([
    '--apiserver-advertise-address',
    '--certificate-key',
    '--discovery-token-ca-cert-hash',
    '--node-name',
    '--token',
    '[api-server-endpoint]',
  ])
  expect(details.join()).not.toContain('short')
})

test('the configuration that a cluster keeps, read back, is the one that was stored; unknown fields are warnings', async () => {
  const { config } = await loadInitConfig({
    flags: { 'kubernetes-version': 'v1.37.2', 'pod-network-cidr': '10.1.0.0/16' },
    host: fixtureHost(),
    needs: { criSocket: false },
  })
  const text = dumpYaml(clusterConfigurationDocument(config.cluster))
  expect(storedClusterConfiguration(text)).toEqual({ cluster: config.cluster, warnings: [] })
  expect(storedClusterConfiguration(`${text}fieldOfTomorrow: 1\n`).warnings).toEqual([expect.stringContaining('fieldOfTomorrow')])
  // A value of the wrong type is not left out: the cluster would lose it by the next upgrade.
  const unquoted = text.replace('apiServer: {}', 'apiServer: {extraArgs: [{name: profiling, value: false}]}')
  expect(unquoted).not.toBe(text)
  expect(() => storedClusterConfiguration(unquoted)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', details: [expect.stringMatching(/^apiServer\.extraArgs\.0\.value /)] }),
  )
  expect(() => storedKubeletConfiguration(`${dumpYaml(config.kubelet.document)}maxPods: "250"\n`, config.cluster)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', details: [expect.stringMatching(/^maxPods /)] }),
  )
  expect(storedKubeletConfiguration(dumpYaml(config.kubelet.document), config.cluster)).toEqual({
    kubelet: { document: config.kubelet.document, userSupplied: true },
    warnings: [],
  })
  expect(() => storedClusterConfiguration('apiVersion: v1\nkind: Pod\n')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})
