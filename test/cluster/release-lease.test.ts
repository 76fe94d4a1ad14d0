/** Two kube-controller-managers, real ones: one leads and is killed, the other waits for its Lease. */
import type { ChildProcess } from 'node:child_process'
import { hostname } from 'node:os'
import path from 'node:path'
import { expect, test, type TestContext } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.ts'
import { kinds } from '../../src/cluster/kinds.ts'
import { textAt } from '../../src/cluster/object-fields.ts'
import { releaseLease } from '../../src/cluster/release-lease.ts'
import { retryUntil } from '../../src/cluster/wait.ts'
import { sharedControlPlane, type ControlPlane } from '../support/control-plane.ts'

const controlPlane = sharedControlPlane()
const name = 'kube-controller-manager'
const lease = { ...kinds.lease, namespace: 'kube-system', name }

test(
  'a killed holder: its successor leads within seconds; a Lease of another machine is left alone',
  { timeout: 60_000 },
  async (context) => {
    const plane = await controlPlane(context)
    const cluster = plane.connect('super-admin')
    expect(await releaseLease(cluster, { name, hostname: hostname() })).toBe(false) // there is none yet
    const first = controllerManager(context, plane)
    const holder = await leaderOtherThan('', cluster)
    await ended(first)

    const started = performance.now()
    expect(await releaseLease(cluster, { name, hostname: `${hostname()}x` })).toBe(false)
    expect(await releaseLease(cluster, { name, hostname: hostname().slice(0, -1) })).toBe(false)
    expect(await holderOf(cluster)).toBe(holder)
    expect(await releaseLease(cluster, { name, hostname: hostname() })).toBe(true)
    expect(await holderOf(cluster)).toBe('')
    expect(await releaseLease(cluster, { name, hostname: hostname() })).toBe(false)

    controllerManager(context, plane)
    await leaderOtherThan(holder, cluster)
    // Less than the 15 s after which it would have been taken from the dead one.
    expect(performance.now() - started).toBeLessThan(12_000)
  },
)

function controllerManager(context: TestContext, plane: ControlPlane): ChildProcess {
  return plane.start(context, name, [
    `--kubeconfig=${path.join(plane.dir, 'super-admin.conf')}`,
    '--secure-port=0',
    '--controllers=ttl-controller',
  ])
}

async function ended(child: ChildProcess): Promise<void> {
  const end = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await end
}

async function holderOf(cluster: Cluster): Promise<string> {
  return textAt(await cluster.get(lease), 'spec.holderIdentity')
}

function leaderOtherThan(before: string, cluster: Cluster): Promise<string> {
  const look = async (): Promise<string> => {
    const holder = await holderOf(cluster)
    if (holder === '' || holder === before) throw new Error(`"${holder}" holds it`)
    return holder
  }
  return retryUntil(look, { timeout: 40_000, describe: 'somebody to lead' })
}
