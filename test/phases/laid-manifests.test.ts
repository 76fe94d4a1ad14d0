import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { paths } from '../../src/config/paths.ts'
import { initPhases, initPhasesOn } from '../../src/phases/init/init-phases.ts'
import { joinPhases, joinPhasesOn } from '../../src/phases/join/join-phases.ts'
import type { Phase } from '../../src/phases/phase.ts'
import { selectSteps } from '../../src/phases/phase-tree.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test.each([
  { name: 'no folder', files: undefined, waits: false },
  {
    name: 'those of a run that was cut off, and what no kubelet reads',
    files: ['etcd.yaml', 'kube-apiserver.yaml', '.kube-vip.yaml'],
    waits: false,
  },
  { name: "the user's", files: ['etcd.yaml', 'kube-vip.yaml'], waits: true },
])('the kubelet waits for all kubeconfigs only where the user has laid static Pods: $name', async ({ files, waits }) => {
  const root = await temporaryDirectory()
  const folder = path.join(root, paths.manifests)
  if (files !== undefined) await mkdir(folder, { recursive: true })
  for (const file of files ?? []) await writeFile(path.join(folder, file), '')
  const host = rootedHost(root)
  const needs = <Run>(phases: readonly Phase<Run>[], name: string): readonly string[] | undefined =>
    selectSteps(phases).find((step) => step.name === name)?.needs
  const [init, join] = [await initPhasesOn(host), await joinPhasesOn(host)]
  expect(needs(init, 'kubelet-start/service')?.includes('kubeconfig/super-admin')).toBe(waits)
  expect(needs(join, 'kubelet-start')?.includes('control-plane-prepare/kubeconfig')).toBe(waits)
  if (!waits) expect([init, join]).toEqual([initPhases, joinPhases])
})
