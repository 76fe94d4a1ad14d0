/** Findings of a rehearsal that no cluster shows at will; the others are seen in test/e2e/upgrade-plan.test.ts. */
import { describe, expect, test } from 'vitest'
import type { Cluster, KubernetesObject } from '../../../src/cluster/cluster.ts'
import { KadmError } from '../../../src/errors.ts'
import type { FileStat, Host } from '../../../src/host/host.ts'
import { localHost } from '../../../src/host/local-host.ts'
import type { Finding, RehearsalOptions } from '../../../src/phases/upgrade/finding.ts'
import { rehearse } from '../../../src/phases/upgrade/rehearsal.ts'
import { apiFindings } from '../../../src/phases/upgrade/rehearse-cluster.ts'
import { certificateFindings, diskFindings } from '../../../src/phases/upgrade/rehearse-host.ts'
import { planStaticPods } from '../../../src/phases/upgrade/static-pod-plan.ts'
import { versionFindings } from '../../../src/phases/upgrade/rehearse-versions.ts'
import { configIn, runCerts } from '../../pki/kadm-pki.ts'
import { initConfig } from '../../support/init-config.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

function told(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, code, what, why }) => `${severity} ${code} ${what}: ${why}`)
}

describe('a node that is not Ready', () => {
  const role = { 'node-role.kubernetes.io/control-plane': '' }
  const ready = [{ type: 'Ready', status: 'True' }]

  test.each([
    ['Ready', role, ready, []],
    [
      'a control plane that is not',
      role,
      [{ type: 'Ready', status: 'False' }],
      [expect.stringMatching(/^blocks NODE_NOT_READY Node n1: /)],
    ],
    [
      'a worker that nobody hears of',
      {},
      [{ type: 'Ready', status: 'Unknown' }],
      [expect.stringMatching(/^hurts NODE_NOT_READY Node n1: /)],
    ],
    ['a new one that has told nothing yet', {}, [], [expect.stringMatching(/^hurts NODE_NOT_READY Node n1: /)]],
  ])('%s', async (_, labels, conditions, findings) => {
    const node: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1', labels },
      status: { conditions, nodeInfo: { kubeletVersion: 'v1.37.1' } },
    }
    const cluster = { list: async () => [node], raw: async () => ({ status: 200, body: '{"gitVersion": "v1.37.1"}' }) }
    expect(told(await versionFindings(options({ cluster: cluster as unknown as Cluster })))).toEqual(findings)
  })
})

describe('space on the disk', () => {
  /** Free MiB of 1000, by the folder; `etcd`: the manifest is the wanted one. The folder of etcd has 150. */
  test.each([
    ['as much as is needed', 1, {}, []],
    [
      'too little for the backup',
      1,
      { '/etc/kubernetes': 315 },
      ["blocks DISK_SPACE /etc/kubernetes: 315 MiB are free and 316 MiB are needed: a snapshot and a copy of etcd's data go there"],
    ],
    ['for the snapshot alone: of several members none is copied or put back', 3, { '/etc/kubernetes': 166, '/var/lib/etcd': 1 }, []],
    ['the same etcd: no snapshot', 1, { '/etc/kubernetes': 16, '/var/lib/etcd': 1, etcd: 1 }, []],
    [
      'the same etcd, and too little for what else is copied',
      1,
      { '/etc/kubernetes': 15, etcd: 1 },
      ['blocks DISK_SPACE /etc/kubernetes: 15 MiB are free and 16 MiB are needed: copies of what is changed go there'],
    ],
    [
      'too little beside the data',
      1,
      { '/var/lib/etcd': 149 },
      ['blocks DISK_SPACE /var/lib/etcd: 149 MiB are free and 150 MiB are needed'],
    ],
    ['a kubelet that is about to evict', 1, { '/var/lib/kubelet': 99 }, ['hurts DISK_SPACE /var/lib/kubelet: 99 MiB of 1000 MiB are free']],
  ] as const)('%s', async (_, members, few: Readonly<Record<string, number>>, findings) => {
    const etcd = await etcdManifest(options({}).config)
    const free = { '/etc/kubernetes': 316, '/var/lib/etcd': 150, '/var/lib/kubelet': 100, ...few }
    const host: Host = {
      ...localHost(),
      readText: async (file) => ('etcd' in few && file.endsWith('/etcd.yaml') ? etcd : undefined),
      stat: async (file) => (file === '/etc/kubernetes' ? ({ kind: 'directory' } as FileStat) : undefined),
      query: async (argv) => {
        const folder = argv.at(-1) as keyof typeof free
        const answers = {
          readlink: `${folder}\n`,
          du: `${150 * 1024}\t${folder}\n`,
          df: `Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 1024000 1 ${free[folder] * 1024} 1% /\n`,
        }
        return { argv, exitCode: 0, stdout: answers[argv[0] as keyof typeof answers], stderr: '' }
      },
    }
    const cluster = { list: async () => Array.from({ length: members }) } as unknown as Cluster
    expect(told(await diskFindings(options({ host, cluster })))).toEqual(findings.map((line) => expect.stringContaining(line)))
  })
})

test('certificates that end: of a leaf 30 days before, of a CA 180', async () => {
  const root = await temporaryDirectory()
  const config = configIn(root)
  const start = new Date()
  await runCerts(config, { start, only: (name) => name === 'ca' || name === 'apiserver' })
  const real = localHost()
  const after = async (days: number, hours: number): Promise<readonly string[]> => {
    const host: Host = {
      ...real,
      // Of the kubeconfigs of this machine nothing is wanted.
      readText: async (file) => (file.startsWith(root) ? real.readText(file) : undefined),
      now: () => new Date(start.getTime() + (days * 24 + hours) * 3_600_000),
    }
    return told(await certificateFindings({ host, config }))
  }
  expect(await after(335, -1)).toEqual([])
  expect(await after(335, 1)).toEqual(['hurts CERTIFICATE_ENDS certificate apiserver: it ends in 29 days'])
  const ended = 'blocks CERTIFICATE_ENDS certificate apiserver: it has ended'
  expect(await after(365, 1)).toEqual([ended])
  expect(await after(3470, -1)).toEqual([ended])
  expect(await after(3470, 1)).toEqual([ended, 'hurts CERTIFICATE_ENDS certificate ca: it ends in 179 days'])
  expect(await after(3650, 1)).toEqual([ended, 'blocks CERTIFICATE_ENDS certificate ca: it has ended'])
})

describe('what cannot be looked at', () => {
  test('metrics that are not shown', async () => {
    const cluster = { raw: async () => ({ status: 403, body: '' }) } as unknown as Cluster
    expect(told(await apiFindings(options({ cluster })))).toEqual([
      'hurts NOT_LOOKED_AT deprecated APIs: the API server does not show its metrics: status 403',
    ])
  })

  test('each part that fails is named, with the reason', async () => {
    const refusal = new KadmError('API_REFUSED', 'it does not tell', { remedy: ['look at it'] })
    const mute = failing<Cluster>(refusal, {
      // No node takes Pods: the check that makes a Job would wait a minute for it.
      list: (_, query) => (query?.fieldSelector === 'spec.unschedulable=false' ? Promise.resolve([]) : Promise.reject(refusal)),
    })
    const broken = new KadmError('HOST_UNREACHABLE', 'gone', { remedy: ['ssh'] })
    const gone = failing<Host>(broken, { containerRuntime: () => failing(broken) })
    const found = await rehearse(options({ cluster: mute, host: gone }))
    const notLookedAt = found.filter(({ code }) => code === 'NOT_LOOKED_AT')
    expect(notLookedAt.map(({ severity, what, why, remedy }) => [severity, what, why, remedy])).toEqual([
      ...['versions and nodes', 'Pods and their budgets', 'admission webhooks', 'deprecated APIs'].map((what) => [
        'hurts',
        what,
        'it does not tell',
        'look at it',
      ]),
      ...['images', 'disk space', 'certificates'].map((what) => ['hurts', what, 'gone', 'ssh']),
    ])
  })

  test('a bug is none of that', async () => {
    const broken = failing<Cluster>(new TypeError('x is not a function'))
    await expect(rehearse(options({ cluster: broken }))).rejects.toThrow('x is not a function')
  })
})

/** Whatever else it is asked, it fails with this. */
function failing<T extends object>(reason: Error, but: Partial<T> = {}): T {
  const fail = (): Promise<never> => Promise.reject(reason)
  return new Proxy<T>(but as T, { get: (_, name) => Reflect.get(but, name) ?? fail })
}

/** As an upgrade would lay it. */
async function etcdManifest(config: RehearsalOptions['config']): Promise<string | undefined> {
  const host: Host = { ...localHost(), readText: async () => undefined }
  const planned = await planStaticPods({ config, host, etcdUpgrade: true, kept: new Map(), say: () => {}, warn: () => {} })
  return planned.find(({ component }) => component === 'etcd')?.text
}

function options(some: Partial<RehearsalOptions>): RehearsalOptions {
  return {
    host: localHost(),
    cluster: failing<Cluster>(new Error('not to be asked')),
    config: initConfig(),
    ignorePreflightErrors: [],
    allowExperimentalUpgrades: false,
    allowRCUpgrades: false,
    signal: new AbortController().signal,
    ...some,
  }
}
