/**
 * Joins into clusters of either tool: a worker and a control plane at the same moment, and the cluster is whole. Not here: a control plane
 * by kubeadm 1.36 in a 1.36 cluster of kadm. That has the etcd of kadm's own minor, 3.7, as with kubeadm 1.37, and the etcd 3.6 of kubeadm
 * 1.36 cannot join it (`kubernetes-one-minor-older.test.ts` has its worker).
 */
import { beforeAll, test } from 'vitest'
import { printedJoin } from '../../src/sandbox/printed-join.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { putInitConfig, renewHosts, sharedSandbox, type Tool } from '../support/cluster.ts'
import { newer, older } from '../support/upgrade-scene.ts'
import { expectWholeCluster } from '../support/whole-cluster.ts'
import { isLongRun, longRunOnly } from '../support/long-run.ts'

const hosts = ['h1', 'h2', 'h3'] as const
const labHost = '--ignore-preflight-errors=SystemVerification'
const slow = { timeout: 240_000 }

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 3, loadBalancer: true, ...(isLongRun ? { furtherVersions: [older] } : {}) })
}, 600_000)

test.for<{ readonly maker: Tool; readonly joiner: Tool; readonly version: string; readonly inShort?: true }>([
  { maker: 'kubeadm', joiner: 'kadm', version: newer, inShort: true },
  { maker: 'kadm', joiner: 'kadm', version: newer },
  { maker: 'kadm', joiner: 'kubeadm', version: newer },
  { maker: 'kubeadm', joiner: 'kadm', version: older },
  { maker: 'kadm', joiner: 'kadm', version: older },
])('$maker began it, $joiner joins, $version', { timeout: 300_000 }, async ({ maker, joiner, version, inShort = false }, context) => {
  if (!isLongRun && !inShort) context.skip(longRunOnly)
  const words = await begun(maker, version)
  await Promise.all([joined(joiner, 'h2', words.controlPlane), joined(joiner, 'h3', words.worker)])
  await expectWholeCluster(sandbox, 'h2', { nodes: hosts, voters: ['h1', 'h2'] })
})

interface JoinWords {
  readonly worker: readonly string[]
  readonly controlPlane: readonly string[]
}

async function begun(maker: Tool, version: string): Promise<JoinWords> {
  await renewHosts(sandbox, hosts)
  if (version === older) await Promise.all(hosts.map((host) => sandbox.version(host, older)))
  const file = await putInitConfig(sandbox, 'h1', {
    kubernetesVersion: version,
    controlPlaneEndpoint: `${sandbox.loadBalancer?.address}:6443`,
  })
  const { worker = [], controlPlane = [] } = printedJoin(await sandbox.run('h1', [maker, 'init', '--config', file, '--upload-certs'], slow))
  return { worker, controlPlane }
}

function joined(tool: Tool, host: string, words: readonly string[]): Promise<string> {
  return sandbox.run(host, [tool, ...words, labHost], slow)
}
