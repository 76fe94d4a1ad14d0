/**
 * `kadm upgrade plan` and `diff` beside the real kubeadm 1.37.2, on one and the same cluster of 1.36.3 that kubeadm 1.36.3 made; and what a
 * rehearsal finds there.
 */
import { randomInt } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { authority, leaf } from '../discovery/identity.ts'
import { kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { rehearsalScene } from '../support/rehearsal-scene.ts'
import { isLongRun } from '../support/long-run.ts'
import { newer, older } from '../support/upgrade-scene.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 1, furtherVersions: [older] })
  await renewHosts(sandbox, ['h1'])
  await sandbox.version('h1', older)
  const file = await putInitConfig(sandbox, 'h1', { kubernetesVersion: older })
  await sandbox.run('h1', ['kubeadm', 'init', '--config', file], { timeout: 120_000 })
  // The kubeadm that is compared with; the kubelet that runs is still the older one.
  await sandbox.version('h1', newer)
  await sandbox.network()
  await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s'], { timeout: 70_000 })
}, 300_000)

interface Both {
  readonly kubeadm: ProgramResult
  readonly kadm: ProgramResult
}

/** One after the other: both make the same Job. */
async function both(...words: readonly string[]): Promise<Both> {
  const kubeadm = await sandbox.exec('h1', ['kubeadm', 'upgrade', ...words], { timeout: 100_000 })
  return { kubeadm, kadm: await sandbox.exec('h1', ['kadm', 'upgrade', ...words], { timeout: 100_000 }) }
}

function checks({ stderr }: ProgramResult): readonly string[] {
  return [...new Set([...stderr.matchAll(/\[(ERROR|WARNING) ([A-Za-z-]+)\]/g)].map(([, kind, name]) => `${kind} ${name}`))].toSorted()
}

/** Lines taken away and put in, by the file that they are in. */
function changedLines(text: string): Record<string, readonly string[]> {
  const parts = text.split(/^--- (?=\/)/m).slice(1)
  return Object.fromEntries(
    parts.map((part) => [part.split('\n')[0] ?? '', part.split('\n').filter((line) => /^[-+]/.test(line) && !line.startsWith('+++'))]),
  )
}

async function replaceInConfigMap(name: string, from: string, to: string): Promise<void> {
  const text = await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'configmap', name, '-o', 'json'])
  const [quotedFrom, quotedTo] = [from, to].map((part) => JSON.stringify(part).slice(1, -1))
  expect(text).toContain(quotedFrom)
  await kubectl(sandbox, 'h1', ['replace', '-f', '-'], { input: text.replace(quotedFrom ?? '', quotedTo ?? '') })
}

describe('a cluster whose node takes Pods', () => {
  test('plan with a version: the same object, byte by byte', async () => {
    const { kubeadm, kadm } = await both('plan', newer, '-o', 'json')
    expect([kadm.exitCode, kadm.stdout]).toEqual([kubeadm.exitCode, kubeadm.stdout])
    expect(JSON.parse(kadm.stdout)).toMatchObject({
      kind: 'UpgradePlan',
      availableUpgrades: [{ description: 'version in the v1.36 series' }],
    })
    const jobs = await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'jobs', '-o', 'json'])
    const specs = (JSON.parse(jobs) as { items: { spec: { template: { spec: object } } }[] }).items.map(({ spec }) => spec.template.spec)
    // One of each; they go by themselves, some minute after they are done.
    expect(specs.length).toBeGreaterThanOrEqual(2)
    expect(specs).toEqual(specs.map(() => specs[0]))
  })

  test('a rehearsal finds what will block and what will hurt', { timeout: 60_000 }, async () => {
    await kubectl(sandbox, 'h1', ['apply', '-f', '-'], { input: rehearsalScene })
    await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready', 'pod', '-l', 'scene=rehearsal', '--timeout=30s'])
    const rehearse = (...words: readonly string[]): Promise<ProgramResult> =>
      sandbox.exec('h1', ['kadm', 'upgrade', 'plan', newer, '--rehearse', '--ignore-preflight-errors=SystemVerification', ...words])
    const { exitCode, stdout } = await rehearse('-o', 'json')
    const { kind, target, findings } = JSON.parse(stdout) as {
      kind: string
      target: string
      findings: { code: string; severity: string; what: string; remedy: string }[]
    }
    expect([exitCode, kind, target]).toEqual([4, 'UpgradeRehearsal', newer])
    const told = findings.filter(({ code }) => code !== 'PREFLIGHT').map(({ severity, code, what }) => `${severity} ${code} ${what}`)
    expect(told).toEqual([
      'blocks EVICTION_REFUSED PodDisruptionBudget default/cart',
      'blocks BARE_POD Pod default/bare',
      'blocks WEBHOOK_WITHOUT_ENDPOINTS webhook strict.example.com of ValidatingWebhookConfiguration nobody',
      'hurts SINGLE_REPLICA Deployment default/cart',
      'hurts WEBHOOK_WITHOUT_ENDPOINTS webhook lax.example.com of ValidatingWebhookConfiguration nobody',
    ])
    expect(findings.every(({ remedy }) => remedy !== '')).toBe(true)
    await kubectl(sandbox, 'h1', ['delete', '--grace-period=0', '--force', '-f', '-'], { input: rehearsalScene })
    const clean = await rehearse()
    // The warning about cgroups v1 of a host in the lab is all that is left, where it is there.
    expect(clean.stdout).not.toContain('BLOCKS')
    expect([0, 3]).toContain(clean.exitCode)
    const skew = await sandbox.exec('h1', [
      'kadm',
      'upgrade',
      'plan',
      'v1.38.0',
      '--rehearse',
      '--ignore-preflight-errors=SystemVerification',
    ])
    expect([skew.exitCode, skew.stdout]).toEqual([
      4,
      expect.stringMatching(
        /BLOCKS v1\.36\.3 to v1\.38\.0: .*\[VERSION_SKEW\](.|\n)*HURTS {2}registry\.k8s\.io\/kube-apiserver:v1\.38\.0: .*\[IMAGE_MISSING\]/,
      ),
    ])
  })
})

// Where no node takes Pods there is no Job to wait for.
describe('a cluster whose node is cordoned', () => {
  beforeAll(async () => {
    await kubectl(sandbox, 'h1', ['cordon', 'h1'])
  })

  const always = [
    [''],
    [`v1.36.${randomInt(4, 40)}`, '--etcd-upgrade=false'],
    ['v1.36.3'],
    ['v1.38.0-alpha.1', '--allow-experimental-upgrades'],
    ['v1.37.0-rc.1', '--allow-release-candidate-upgrades'],
  ]
  const more = [['v1.36.0'], ['1.37.1'], ['v1.38.0'], ['v1.37.0-rc.1'], ['v1.37.0-rc.1', '--allow-experimental-upgrades']]

  test.each([...always, ...(isLongRun ? more : [])].map((words) => [words.join(' '), words] as const))(
    'plan %s: the same object',
    async (_, words) => {
      const format = ['json', 'yaml', 'kyaml'][randomInt(3)] ?? ''
      const { kubeadm, kadm } = await both('plan', ...words.filter((word) => word !== ''), '-o', format)
      expect([kadm.exitCode, kadm.stdout], format).toEqual([kubeadm.exitCode, kubeadm.stdout])
    },
  )

  test('plan asks a release server what there is: the same object', async () => {
    const environment = await serveReleases(sandbox, {
      stable: 'v1.37.5',
      'stable-1.36': 'v1.36.9',
      latest: 'v1.38.0-alpha.2',
      'stable-1.37': 'v1.37.6',
      'latest-1.36': 'v1.36.10-rc.1',
    })
    const plan = ['upgrade', 'plan', '-o', 'json', '--allow-experimental-upgrades', '--allow-release-candidate-upgrades']
    const kubeadm = await sandbox.exec('h1', ['kubeadm', ...plan], { environment })
    const kadm = await sandbox.exec('h1', ['kadm', ...plan], { environment })
    expect([kadm.exitCode, kadm.stdout], kadm.stderr).toEqual([kubeadm.exitCode, kubeadm.stdout])
    const { availableUpgrades } = JSON.parse(kadm.stdout) as { availableUpgrades: { components: { newVersion: string }[] }[] }
    const versions = availableUpgrades.map(
      ({ components }) => components.find(({ newVersion }) => newVersion.startsWith('v1.'))?.newVersion,
    )
    expect(versions).toEqual(['v1.36.9', 'v1.37.5', 'v1.36.10-rc.1', 'v1.37.6'])
  })

  test('plan as text: the same tables', async () => {
    const { kubeadm, kadm } = await both('plan', newer)
    const tables = ({ stdout }: ProgramResult): readonly string[] =>
      stdout.split('\n').filter((line) => /^(?:COMPONENT|kube|CoreDNS|etcd|API GROUP|___|\[upgrade\/versions\] (?!kub|kad))/.test(line))
    expect(tables(kadm)).toEqual(tables(kubeadm))
    expect(tables(kadm).length).toBeGreaterThan(12)
    expect(kadm.stdout).toContain(`\tkadm upgrade apply ${newer}\n`)
  })

  test('diff: the same lines, with more around them', async () => {
    const value = String(randomInt(100, 900))
    await replaceInConfigMap('kubeadm-config', 'scheduler: {}', `scheduler:\n  extraArgs:\n  - name: kube-api-qps\n    value: "${value}"`)
    const { kubeadm, kadm } = await both('diff', newer)
    expect([kadm.exitCode, changedLines(kadm.stdout)]).toEqual([kubeadm.exitCode, changedLines(kubeadm.stdout)])
    expect(changedLines(kadm.stdout)['/etc/kubernetes/manifests/kube-scheduler.yaml']).toContain(`+    - --kube-api-qps=${value}`)
    expect(kadm.stdout.split('\n').length).toBeGreaterThan(kubeadm.stdout.split('\n').length)
    const context = String(randomInt(0, 9))
    const given = await both('diff', '-c', context)
    const hunks = ({ stdout }: ProgramResult): readonly string[] =>
      stdout
        .split('\n')
        .filter((line) => line.startsWith('@@'))
        .toSorted()
    expect(hunks(given.kadm), context).toEqual(hunks(given.kubeadm))
    expect(Object.keys(changedLines(given.kadm.stdout))).toEqual(['/etc/kubernetes/manifests/kube-scheduler.yaml'])
  })

  test('apply: what the skew policy forbids, and what --force passes over', { timeout: 120_000 }, async () => {
    const forced = ['v1.38.0', 'v1.35.4', 'v1.37.3'].map((version) => [version, '--force'])
    for (const words of [['v1.38.0'], ['v1.35.4'], ['v1.37.3'], ...(isLongRun ? forced : forced.slice(2))]) {
      const { kubeadm, kadm } = await both('apply', ...words, '--yes', '--dry-run', '--ignore-preflight-errors=SystemVerification')
      expect([words, kadm.exitCode], kadm.stderr + kubeadm.stderr).toEqual([words, kubeadm.exitCode])
      if (kubeadm.exitCode === 0) expect(kadm.stderr).toContain('(passed over, by --force)')
      else expect(kadm.stderr).toMatch(/\[(?:VERSION_SKEW|CONFIG_INVALID)\]/)
      // Fatal ones are not offered to be passed over.
      expect([words, kadm.stderr.includes('--force')]).toEqual([words, kubeadm.stderr.includes('--force') || kubeadm.exitCode === 0])
    }
  })

  test('refusals of both', { timeout: 60_000 }, async () => {
    for (const words of [
      ['plan', newer, '--kubeconfig', '/none.conf'],
      ['plan', newer, '-o', 'foo'],
      ['diff', 'foo'],
      ['diff', '--kubeconfig', '/none.conf'],
      ['plan', '--foo'],
      ['plan', newer, '--config', '/none.yaml'],
      ['node', '--kubeconfig', '/none.conf'],
    ]) {
      const { kubeadm, kadm } = await both(...words)
      expect([kadm.exitCode, words], kadm.stderr).toEqual([kubeadm.exitCode, words])
      expect(kadm.exitCode).toBe(1)
      expect(kadm.stderr).not.toContain('[BUG]')
    }
    await replaceInConfigMap('coredns', '    loop\n', '    loop\n    mystery {\n       deep\n    }\n')
    const plugin = await both('plan', newer)
    expect([checks(plugin.kadm), plugin.kadm.exitCode]).toEqual([checks(plugin.kubeadm), plugin.kubeadm.exitCode])
    expect(checks(plugin.kadm)).toEqual(['ERROR CoreDNSUnsupportedPlugins'])
    expect(plugin.kadm.stderr).toContain('plugin "mystery"')
    const ignored = await both('plan', newer, '--ignore-preflight-errors=corednsunsupportedplugins', '-o', 'json')
    // kubeadm explains the plugins on stdout, ahead of the JSON; that no Job was made is a warning with a name only in kadm.
    expect(ignored.kadm.stdout).toBe(ignored.kubeadm.stdout.replace(/^[^{]+/, ''))
    expect(checks(ignored.kadm)).toEqual(['WARNING CoreDNSUnsupportedPlugins', 'WARNING CreateJob'])
    expect(checks(ignored.kubeadm)).toEqual(['WARNING CoreDNSUnsupportedPlugins'])
    await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'delete', 'configmap', 'coredns'])
    const none = await both('plan', newer)
    expect([checks(none.kadm), none.kadm.exitCode]).toEqual([checks(none.kubeadm), none.kubeadm.exitCode])
    expect(checks(none.kadm)).toEqual(['ERROR CoreDNSMigration', 'ERROR CoreDNSUnsupportedPlugins'])
    await sandbox.run('h1', ['mv', '/etc/kubernetes/manifests/kube-scheduler.yaml', '/root'])
    const manifest = await both('diff')
    expect([manifest.kadm.exitCode, manifest.kubeadm.exitCode]).toEqual([1, 1])
    expect(manifest.kadm.stderr).toContain('kube-scheduler.yaml" does not exist')
    const plan = await both('plan', newer, '--ignore-preflight-errors=CoreDNSMigration,CoreDNSUnsupportedPlugins')
    for (const result of [plan.kadm, plan.kubeadm])
      expect(checks(result).filter((name) => name.startsWith('ERROR'))).toEqual(['ERROR StaticPodManifest'])
  })

  test('a version that is none is refused, where kubeadm plans with its own', async () => {
    const { kubeadm, kadm } = await both('plan', 'foo', '--ignore-preflight-errors=all')
    expect([kubeadm.exitCode, kadm.exitCode]).toEqual([0, 1])
    expect(kadm.stderr).toContain('"foo" is not a version [USAGE]')
  })
})

/** On h1, for whoever has this environment. */
async function serveReleases(on: Sandbox, releases: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const folder = '/root/releases'
  const ca = authority('releases')
  const { cert, key } = leaf(ca, { commonName: 'dl.k8s.io', dnsNames: ['dl.k8s.io'], addresses: [] })
  for (const [label, version] of Object.entries(releases)) await on.put('h1', `${folder}/release/${label}.txt`, version)
  for (const [name, text] of Object.entries({ 'ca.crt': ca.pem, 'server.crt': cert, 'server.key': key }))
    await on.put('h1', `${folder}/${name}`, text, 0o600)
  await on.run('h1', ['sh', '-c', 'echo 127.0.0.1 dl.k8s.io >>/etc/hosts'])
  const server = ['openssl', 's_server', '-quiet', '-WWW', '-accept', '443', '-cert', 'server.crt', '-key', 'server.key']
  await on.run('h1', ['systemd-run', '--quiet', `--working-directory=${folder}`, ...server])
  return { SSL_CERT_FILE: `${folder}/ca.crt` }
}
