import { expect, test } from 'vitest'
import { loadUpgradeConfig, type LoadUpgradeOptions } from '../../src/config/load/load-upgrade.ts'
import type { UpgradeConfigs } from '../../src/config/upgrade-config.ts'
import { fixtureHost } from './fixture-host.ts'

const file = '/root/upgrade.yaml'

async function load<Action extends keyof UpgradeConfigs>(
  action: Action,
  given: Partial<LoadUpgradeOptions<Action>>,
  text?: string,
): Promise<UpgradeConfigs[Action]> {
  const host = fixtureHost(text === undefined ? {} : { [file]: `apiVersion: kubeadm.k8s.io/v1beta4\nkind: UpgradeConfiguration\n${text}` })
  const { config } = await loadUpgradeConfig({
    action,
    file: text === undefined ? undefined : file,
    flags: {},
    version: undefined,
    host,
    ...given,
  })
  return config
}

test('without a file: the defaults of kubeadm, and the flags', async () => {
  expect(await load('apply', { version: 'v1.37.2' })).toMatchObject({
    kubernetesVersion: 'v1.37.2',
    certificateRenewal: true,
    etcdUpgrade: true,
    dryRun: false,
    forceUpgrade: false,
    allowRCUpgrades: false,
    skipPhases: [],
    ignorePreflightErrors: [],
    imagePullPolicy: 'IfNotPresent',
    imagePullSerial: true,
    timeouts: { upgradeManifests: 300_000 },
  })
  const flags = {
    'certificate-renewal': false,
    force: true,
    'allow-release-candidate-upgrades': true,
    patches: 'mine',
    'skip-phases': ['addon'],
    'ignore-preflight-errors': ['CreateJob', 'Swap'],
  }
  expect(await load('apply', { flags })).toMatchObject({
    certificateRenewal: false,
    forceUpgrade: true,
    allowRCUpgrades: true,
    patches: { directory: 'mine' },
    skipPhases: ['addon'],
    ignorePreflightErrors: ['createjob', 'swap'],
  })
  expect(await load('node', { flags: { 'dry-run': true, 'etcd-upgrade': false } })).toMatchObject({
    dryRun: true,
    etcdUpgrade: false,
    certificateRenewal: true,
  })
  expect(await load('plan', { flags: { 'print-config': true } })).toMatchObject({ printConfig: true, etcdUpgrade: true })
  expect(await load('diff', {})).toMatchObject({ contextLines: 3 })
  expect(await load('diff', { flags: { 'context-lines': 0 } })).toMatchObject({ contextLines: 0 })
})

test('a file: its section counts, the argument and flags that may stand beside it win', async () => {
  const text = `apply: {kubernetesVersion: v1.37.0, dryRun: true, etcdUpgrade: false, forceUpgrade: true, skipPhases: [addon], ignorePreflightErrors: [Swap], imagePullPolicy: Never}
node: {certificateRenewal: false, patches: {directory: /root/patches}}
diff: {contextLines: 7}
timeouts: {upgradeManifests: 9s}
`
  expect(await load('apply', {}, text)).toMatchObject({
    kubernetesVersion: 'v1.37.0',
    dryRun: true,
    etcdUpgrade: false,
    forceUpgrade: true,
    skipPhases: ['addon'],
    imagePullPolicy: 'Never',
    timeouts: { upgradeManifests: 9000 },
  })
  const flags = { 'dry-run': false, 'skip-phases': ['preflight'], 'ignore-preflight-errors': ['CreateJob'] }
  expect(await load('apply', { flags, version: 'v1.37.2' }, text)).toMatchObject({
    kubernetesVersion: 'v1.37.2',
    dryRun: false,
    skipPhases: ['preflight'],
    ignorePreflightErrors: ['createjob', 'swap'],
  })
  expect(await load('apply', { flags: { 'skip-phases': [] } }, text)).toMatchObject({ skipPhases: ['addon'] })
  expect(await load('node', {}, text)).toMatchObject({ certificateRenewal: false, patches: { directory: '/root/patches' }, dryRun: false })
  expect((await load('plan', {}, text)).kubernetesVersion).toBeUndefined()
  expect(await load('diff', {}, text)).toMatchObject({ contextLines: 7 })
})

test('what cannot work is refused, all of it at once', async () => {
  await expect(load('apply', { flags: { force: true, 'etcd-upgrade': false } }, 'apply: {}\n')).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('--etcd-upgrade, --force') as string,
  })
  const text = 'apply: {patches: {directory: mine}, imagePullPolicy: never}\nnode: {imagePullPolicy: ""}\n'
  await expect(load('node', {}, text)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    details: [expect.stringContaining('apply.patches.directory'), expect.stringContaining('apply.imagePullPolicy')] as string[],
  })
  await expect(
    load('node', { flags: { 'ignore-preflight-errors': ['all'] } }, 'node: {ignorePreflightErrors: [Swap]}\n'),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await expect(
    loadUpgradeConfig({ action: 'plan', file: '/none.yaml', flags: {}, version: undefined, host: fixtureHost() }),
  ).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' })
})
