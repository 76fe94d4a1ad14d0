import { expect, test } from 'vitest'
import { configFlags } from '../../src/config/flags.ts'
import { kinds, type KindName } from '../../src/config/kinds.ts'
import { configReference, configSchema } from '../../src/config/reference.ts'
import { compareVersions, etcdTag, parseVersion } from '../../src/config/versions.ts'
import { runJailed } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'

test('every field has its words in the reference and in the schema', () => {
  const reference = configReference()
  for (const kind of Object.keys(kinds)) expect(reference).toContain(`## ${kind}\n`)
  expect(reference).toContain('| `networking.serviceSubnet` | string | `10.96.0.0/12` | `--service-cidr` | Addresses for Services;')
  expect(reference).toContain('| `bootstrapTokens[].ttl` | duration | `24h0m0s` |')
  expect(reference.split('\n').filter((line) => line.startsWith('| `') && /\|\s*\|$/.test(line))).toEqual([])
  expect(configSchema()).toMatchObject({
    $defs: { ClusterConfiguration: { properties: { kind: { const: 'ClusterConfiguration' }, clusterName: { type: ['string', 'null'] } } } },
  })
})

test('each flag of kubeadm init that sets configuration has a field', async (context) => {
  const help = (await runJailed([[realBinary(context, 'kubeadm'), 'init', '--help']])).stdout
  const own = (['InitConfiguration', 'ClusterConfiguration'] satisfies readonly KindName[]).flatMap((kind) =>
    configFlags(kind).map(({ flag }) => flag),
  )
  const others = [
    'config',
    'help',
    'rootfs',
    'skip-certificate-key-print',
    'skip-token-print',
    'token',
    'token-ttl',
    'upload-certs',
    'v',
    'vmodule',
  ]
  const given = [...help.matchAll(/^ +(?:-\w, )?--([a-z-]+)/gm)].map((match) => match[1] ?? '')
  expect([...own, ...others].toSorted()).toEqual(given.toSorted())
})

test('versions are read and ordered as semver.org says', () => {
  const ordered = [
    'v1.36.0-alpha.1',
    'v1.36.0-alpha.2',
    'v1.36.0-alpha.10',
    'v1.36.0-beta.0',
    'v1.36.0-rc.1',
    'v1.36.0',
    '1.36.3',
    'v1.37.2+build',
    'v2.0.0',
  ]
  expect(ordered.toReversed().toSorted(compareVersions)).toEqual(ordered)
  expect(parseVersion('v1.37.2-rc.0+abc')).toEqual({ major: 1, minor: 37, patch: 2, preRelease: 'rc.0' })
  expect(['1.37', 'v1.37.02', 'x', ''].map(parseVersion)).toEqual([undefined, undefined, undefined, undefined])
})

test('the etcd image is the one that kubeadm lists', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const listed = await runJailed(
    ['v1.36.0', 'v1.37.2', 'v1.40.0'].map((version) => [kubeadm, 'config', 'images', 'list', '--kubernetes-version', version]),
  )
  const tags = [...listed.stdout.matchAll(/etcd:(.*)/g)].map((match) => match[1])
  expect(tags).toEqual(['v1.36.0', 'v1.37.2', 'v1.40.0'].map(etcdTag))
})
