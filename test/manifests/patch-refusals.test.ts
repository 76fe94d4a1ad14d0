import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { localHost } from '../../src/host/local-host.ts'
import { kubeScheduler } from '../../src/manifests/static-pods/kube-scheduler.ts'
import { applyPatches } from '../../src/manifests/patches.ts'
import { initConfig } from '../support/init-config.ts'
import { runJailed } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { patchFiles, patchesDirectory } from './beside-kubeadm.ts'

const refused = {
  'kube-scheduler+.yaml': 'a: 1',
  'etcd+other.yaml': 'a: 1',
  'kube-scheduler.yaml': 'spec: {containers: [{image: x}]}',
  'kube-scheduler0.yaml': 'spec: {containers: [{name: x, $patch: other}]}',
  'kube-scheduler1.yaml': '$patch: other',
  'kube-scheduler2.yaml': 'spec: {$retainKeys: [a], b: 1}',
  'kube-scheduler3.yaml': 'spec: {$setElementOrder/containers: [{name: a}], containers: [{name: b}]}',
  'kube-scheduler4.yaml': 'spec: {containers: [1]}',
  'kube-scheduler5.yaml': 'kind: Deployment',
  'kube-scheduler+json.yaml': '{op: add}',
  'kube-scheduler0+json.yaml': '[{op: other, path: /a}]',
  'kube-scheduler1+json.yaml': '[{op: remove, path: /spec/nothing}]',
  'kube-scheduler2+json.yaml': '[{op: add, path: /spec/containers/2, value: 1}]',
  'kube-scheduler3+json.yaml': '[{op: test, path: /kind, value: Service}]',
  'kube-scheduler4+json.yaml': '[{op: replace, path: /spec/containers/7, value: 1}]',
  'kube-scheduler5+json.yaml': '[{op: add, path: /none/a, value: 1}]',
  'kube-scheduler+merge.yaml': '[1]',
  'kube-scheduler6.yaml': 'a: [',
} as const

test.for(Object.entries(refused))('%s: %s', async ([name, content], context) => {
  const theirs = await runJailed(
    [
      [
        realBinary(context, 'kubeadm'),
        'init',
        'phase',
        'control-plane',
        'scheduler',
        '--kubernetes-version=v1.37.2',
        '--patches',
        patchesDirectory,
      ],
    ],
    {
      files: patchFiles({ [name]: content }),
    },
  )
  expect(theirs.exitCode, theirs.stderr).toBe(1)
  const directory = await temporaryDirectory()
  await writeFile(path.join(directory, name), content)
  const error = await patchScheduler(directory)
  expect(error).toMatchObject({ code: 'PATCH_INVALID', message: expect.stringContaining(name) })
})

test('what is no directory is refused', async () => {
  const directory = await temporaryDirectory()
  await mkdir(path.join(directory, 'real'))
  await symlink(path.join(directory, 'real'), path.join(directory, 'link'))
  await writeFile(path.join(directory, 'file'), '')
  await chmod(path.join(directory, 'real'), 0o700)
  for (const name of ['link', 'file', 'missing'])
    expect(await patchScheduler(path.join(directory, name))).toMatchObject({ code: 'PATCH_INVALID' })
  expect(await patchScheduler(path.join(directory, 'real'))).toBeUndefined()
})

async function patchScheduler(directory: string): Promise<KadmError | undefined> {
  const pod = kubeScheduler(initConfig(), { proxyVariables: [], caDirectories: [], externalCa: false })
  try {
    await applyPatches('kube-scheduler', pod, { directory, host: localHost(), say: () => undefined })
    return undefined
  } catch (error) {
    if (error instanceof KadmError) return error
    throw error
  }
}
