import { expect, test } from 'vitest'
import { undoPhases } from '../../src/phases/undo/undo-phases.ts'
import type { UndoRun } from '../../src/phases/undo/undo-run.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('a kubeconfig that is left is named with what removes it: no reset finds it once the CA is gone', async () => {
  const query = async (argv: readonly [string, ...string[]]) => ({ argv, exitCode: 1, stdout: '', stderr: '' })
  const host = { ...rootedHost(await temporaryDirectory()), query }
  await host.writeFile('/etc/cni/net.d/10-net.conflist', '{"name": "net", "plugins": [{"type": "bridge"}]}', { mode: 0o600 })
  const remove = async (): Promise<void> => {}
  const userKubeconfigs = [{ kind: 'kubeconfig', what: '/home/ann/.kube/config', remove }]
  const reset = { config: { cleanupTmpDir: true }, host, before: { etcd: undefined, nodeName: undefined, userKubeconfigs } }
  const warnings: string[] = []
  const context = { say: () => {}, warn: (line: string) => void warnings.push(line), waiting: () => {}, result: () => {} }
  const run = { leaving: { reset, node: undefined } } as unknown as UndoRun
  await undoPhases.find(({ name }) => name === 'left')?.run?.(run, { ...context, signal: new AbortController().signal })
  expect(warnings).toEqual([
    expect.stringMatching(/^left: .*10-net.conflist.* \(kadm reset --force --cleanup=network removes it\)$/),
    'left: /home/ann/.kube/config (rm "/home/ann/.kube/config" removes it)',
  ])
})
