/** Three control planes with ECDSA keys, two of them joined at the same moment; then one host is lost, and a new machine takes its name. */
import { beforeAll, expect, test } from 'vitest'
import { printedJoin } from '../../src/sandbox/printed-join.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, putInitConfig, renewHosts, sharedSandbox } from '../support/cluster.ts'
import { etcdVoters, expectWholeCluster } from '../support/whole-cluster.ts'
import { isLongRun, skipInShortRun } from '../support/long-run.ts'

const hosts = ['h1', 'h2', 'h3'] as const
const slow = { timeout: 240_000 }
let sandbox: Sandbox

beforeAll(async () => {
  if (isLongRun) sandbox = await sharedSandbox({ hosts: 3 })
}, 600_000)

test('joined at once, lost, refused, replaced', { timeout: 600_000 }, async (context) => {
  skipInShortRun(context)
  await renewHosts(sandbox, hosts)
  const file = await putInitConfig(sandbox, 'h1', {
    controlPlaneEndpoint: 'h1:6443',
  })
  const { controlPlane = [] } = printedJoin(await sandbox.run('h1', ['kadm', 'init', '--config', file, '--upload-certs'], slow))
  const words = ['kadm', ...controlPlane, '--ignore-preflight-errors=SystemVerification'] as const
  await Promise.all([sandbox.run('h2', words, slow), sandbox.run('h3', words, slow)])
  await expectWholeCluster(sandbox, 'h1', { nodes: hosts, voters: hosts })
  expect(await sandbox.run('h3', ['openssl', 'pkey', '-noout', '-text', '-in', '/etc/kubernetes/pki/apiserver.key'])).toContain(
    'prime256v1',
  )

  const uid = (): Promise<string> => kubectl(sandbox, 'h1', ['get', 'node', 'h3', '-o', 'jsonpath={.metadata.uid}'])
  const before = await uid()
  await sandbox.kill('h3')
  await kubectl(sandbox, 'h1', ['wait', '--for=condition=Ready=Unknown', 'node/h3', '--timeout=120s'], slow)
  await renewHosts(sandbox, ['h3'])

  const refused = await sandbox.exec('h3', words, slow)
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('etcd has a member "h3" at https://')])
  expect(refused.stderr).toContain('try: if its host is lost: run the same command with --replace')
  expect(await sandbox.run('h3', ['sh', '-c', 'ls /etc/kubernetes/manifests /etc/kubernetes/kubelet.conf 2>/dev/null || true'])).toBe('')
  expect(await uid()).toBe(before)

  const replaced = await sandbox.run('h3', [...words, '--replace'], slow)
  expect(replaced).toMatch(/Removed the dead etcd member "h3"/)
  expect(replaced).toContain('Removed the Node "h3" of the lost host')
  expect(await uid()).not.toBe(before)
  await expectWholeCluster(sandbox, 'h3', { nodes: hosts, voters: hosts })
  expect(await etcdVoters(sandbox, 'h3')).toEqual(hosts)
})
