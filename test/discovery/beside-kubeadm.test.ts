/** The real kubeadm before the same servers: where it refuses, kadm refuses; where kadm alone refuses, the scene says so. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runJailed } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'
import { goodScenes, neverScenes, refusedScenes } from './scenes.ts'
import { isLongRun } from '../support/long-run.ts'

const scenes = { ...goodScenes, ...refusedScenes, ...neverScenes }
const comparable = Object.entries(scenes).filter(([, { kubeadm }]) => kubeadm !== undefined)
// kubeadm takes seconds for each: in the short run, where they differ and some of the others.
const isShort = !isLongRun
const differing = comparable.filter(([, { kadm, kubeadm }]) => (kadm[0] === 'accepted') !== (kubeadm === 'accepted'))
const some = comparable.filter((each) => !differing.includes(each) && (!isShort || Math.random() < 0.3))
const shared = [...differing, ...some]

test(`${shared.length} servers, to kubeadm and to kadm`, { timeout: 120_000 }, async (context) => {
  const program = fileURLToPath(new URL('beside-program.ts', import.meta.url))
  const names = shared.map(([name]) => name)
  const { stdout, stderr } = await runJailed([[process.execPath, program, realBinary(context, 'kubeadm'), ...names]])
  expect(stdout, stderr).toMatch(/^\{/)
  const seen = JSON.parse(stdout) as Record<string, { kubeadm: string; kadm: string; says: string }>
  for (const [name, { kadm, kubeadm }] of shared) {
    expect(seen[name], `${name}: ${seen[name]?.says}`).toMatchObject({ kubeadm, kadm: kadm[0] })
  }
})
