/** The note of a reset that was cut off: what it keeps, and when it is void. */
import { expect, test } from 'vitest'
import { observeHost } from '../../../src/fleet/look/host-state.ts'
import type { Host } from '../../../src/host/host.ts'
import { findBegunReset, noteBegun } from '../../../src/phases/reset/begun-reset.ts'
import { rootedHost } from '../../support/rooted-host.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { resetByKadm } from './jailed-reset.ts'

const kubeletConf = '/etc/kubernetes/kubelet.conf'
const mark = '/var/lib/kadm/reset-begun'

test('it holds until kubeadm has made a node of the host again', async () => {
  const host = rootedHost(await temporaryDirectory())
  await host.writeFile(kubeletConf, 'old', { mode: 0o600 })
  await note(host, 'unix:///run/a.sock')
  expect(await isBegun(host)).toBe(true)
  await host.removeFile(kubeletConf)
  expect(await isBegun(host)).toBe(true)
  await host.writeFile(kubeletConf, 'new', { mode: 0o600 })
  expect(await isBegun(host)).toBe(false)
  // The reset of the new node is another one.
  await note(host, 'unix:///run/b.sock')
  expect(await findBegunReset(host)).toMatchObject({ criSocket: 'unix:///run/b.sock' })
})

test('of a host that was no node it is void once kubeadm has made it one', async () => {
  const host = rootedHost(await temporaryDirectory())
  await note(host, 'unix:///run/a.sock')
  expect(await isBegun(host)).toBe(true)
  await host.writeFile(kubeletConf, 'new', { mode: 0o600 })
  expect(await isBegun(host)).toBe(false)
})

test('one that goes on keeps what the first has found', async () => {
  const host = rootedHost(await temporaryDirectory())
  await host.writeFile(kubeletConf, 'old', { mode: 0o600 })
  await note(host, 'unix:///run/a.sock')
  const first = await host.readText(mark)
  await host.removeFile(kubeletConf)
  await note(host, 'unix:///run/b.sock')
  expect(await host.readText(mark)).toBe(first)
})

test.each(['', 'x', 'null', '{"criSocket":1}'])('a note without its facts says that there is a reset all the same: %j', async (text) => {
  const host = rootedHost(await temporaryDirectory())
  await host.writeFile(kubeletConf, 'old', { mode: 0o600 })
  await host.writeFile(mark, text, { mode: 0o600 })
  expect(await isBegun(host)).toBe(true)
})

test('whose Pods go is known where the files of the kubelet that said it are gone', async () => {
  const criSocket = 'unix:///run/other/cri.sock'
  const { exitCode, stderr } = await resetByKadm({ files: { [mark]: JSON.stringify({ criSocket, kubeletConf: null }) } })
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining(`failed to remove containers: the container runtime at "${criSocket}"`)])
})

async function note(host: Host, criSocket: string): Promise<void> {
  await noteBegun({ host, isWhole: true, config: { criSocket } as never })
}

/** As a plan sees it. */
async function isBegun(host: Host): Promise<boolean> {
  return (await observeHost(host, 'v1.37.2')).unfinished === 'reset'
}
