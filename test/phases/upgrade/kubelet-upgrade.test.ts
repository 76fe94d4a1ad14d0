/** A kubelet that cannot be put in the place of the old one; whole upgrades are in test/e2e. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Cluster, KubernetesObject } from '../../../src/cluster/cluster.ts'
import { KadmError } from '../../../src/errors.ts'
import type { Argv, Host } from '../../../src/host/host.ts'
import { localHost } from '../../../src/host/local-host.ts'
import { upgradeKubelet } from '../../../src/phases/upgrade/kubelet-upgrade.ts'
import { postUpgrade } from '../../../src/phases/upgrade/post-upgrade.ts'
import type { UpgradeRun } from '../../../src/phases/upgrade/upgrade-run.ts'
import { dropRemovedFlags } from '../../../src/manifests/kubelet-files.ts'
import { initConfig } from '../../support/init-config.ts'
import { rootedHost } from '../../support/rooted-host.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const context = { signal: new AbortController().signal, say: () => {}, warn: () => {}, waiting: () => {}, result: () => {} }

test('a disk that is full: the node takes its Pods back, the kubelet of before runs on', async () => {
  const folder = await temporaryDirectory()
  const kubelets = { kubelet: 'v1.36.3', 'kubelet-v1.37.2': 'v1.37.2' }
  for (const [name, version] of Object.entries(kubelets)) await program(path.join(folder, name), version)
  const asked: Argv[] = []
  const written: string[] = []
  const real = localHost()
  const host: Host = {
    ...real,
    facts: async () => ({ ...(await real.facts()), environment: { PATH: folder } }),
    readText: async (file) =>
      file === '/var/lib/kubelet/kubeadm-flags.env' ? flags('--a=b --pod-infra-container-image=p:3.10 --c=d') : undefined,
    writeFile: async (file, text) => void written.push(file, String(text)),
    run: async (argv) => {
      asked.push(argv)
      throw new KadmError('COMMAND_FAILED', 'no space left on device', { remedy: ['df'] })
    },
  }
  const { cluster, cordons } = oneNode()
  const upgrade = { host, cluster, config: initConfig(), target: { file: undefined, version: 'v1.37.2' }, drainTimeout: 1000 }
  await expect(upgradeKubelet(upgrade, context)).rejects.toThrow('no space left on device')
  expect(cordons).toEqual([true, null])
  // A kubelet that does not know a flag is not laid beside it.
  expect(written).toEqual(['/var/lib/kubelet/kubeadm-flags.env', flags('--a=b --c=d')])
  // Also known to busybox.
  expect(asked).toEqual([['ln', '-f', `${folder}/kubelet`, `${folder}/kubelet-v1.36.3`]])
})

test.each([
  ['--pod-infra-container-image=r.test/pause:3.10.1', ''],
  ['--pod-infra-container-image=r.test/pause:3.10.1 --a=b', '--a=b'],
  ['--a=b --pod-infra-container-image=r.test/pause:3.10.1', '--a=b'],
])('of the flags "%s" those of today stay', async (before, after) => {
  const host = rootedHost(await temporaryDirectory())
  const say = (): void => {}
  await dropRemovedFlags({ host, say })
  const file = '/var/lib/kubelet/kubeadm-flags.env'
  expect(await host.readText(file)).toBeUndefined()
  await host.writeFile(file, flags(before), { mode: 0o640 })
  const run = { host } as unknown as UpgradeRun
  await postUpgrade([]).run?.(run, { say, warn: say, waiting: say, result: say, signal: new AbortController().signal })
  expect(await host.readText(file)).toBe(flags(after))
  expect((await host.stat(file))?.mode).toBe(0o640)
})

function flags(words: string): string {
  return `KUBELET_KUBEADM_ARGS="${words}"\n`
}

async function program(file: string, version: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, `#!/bin/sh\necho Kubernetes ${version}\n`)
  await chmod(file, 0o755)
}

test.each([
  { beside: 'v1.37.2', is: 'taken' },
  { beside: 'v1.36.3', is: 'too new' },
  // A worker, or an image that does not tell its version.
  { beside: undefined, is: 'too new' },
])('a kubelet v1.37.2 of a host with an API server $beside, while another one answers with v1.36.3: $is', async ({ beside, is }) => {
  const folder = await temporaryDirectory()
  await program(path.join(folder, 'kubelet'), 'v1.37.2')
  const real = localHost()
  const pod = `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: kube-apiserver, image: "r.test/kube-apiserver:${beside}"}]}}`
  const host: Host = {
    ...real,
    facts: async () => ({ ...(await real.facts()), environment: { PATH: folder } }),
    readText: async (file) => (file === '/etc/kubernetes/manifests/kube-apiserver.yaml' && beside !== undefined ? pod : undefined),
  }
  const { cluster } = oneNode('v1.36.3')
  const stops: Cluster = { ...cluster, patch: async () => Promise.reject(new Error('taken')) }
  const upgrade = { host, cluster: stops, config: initConfig(), target: { file: undefined, version: 'v1.37.2' }, drainTimeout: 1000 }
  await expect(upgradeKubelet(upgrade, context)).rejects.toThrow(is === 'taken' ? /^taken$/ : /is newer than the API server \(v1\.36\.3\)/)
})

/** A cluster of a Node without Pods, and what its `unschedulable` was set to. */
function oneNode(server = 'v1.37.2'): { readonly cluster: Cluster; readonly cordons: readonly unknown[] } {
  const cordons: unknown[] = []
  const cluster = {
    server: 'https://192.0.2.1:6443',
    get: async (): Promise<KubernetesObject> => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node1', ...(cordons.length > 0 && { annotations: { 'kadm/cordoned': 'true' } }) },
      status: { nodeInfo: { kubeletVersion: 'v1.36.3' } },
    }),
    list: async () => [],
    raw: async () => ({ status: 200, body: JSON.stringify({ gitVersion: server }) }),
    patch: async (_ref: unknown, { spec }: { readonly spec: { readonly unschedulable: unknown } }) => void cordons.push(spec.unschedulable),
  }
  return { cluster: cluster as unknown as Cluster, cordons }
}
