import path from 'node:path'
import { addressesOf } from './addresses.ts'
import { removeCgroup } from './cgroups.ts'
import { hostDirectory, makeDisk } from './host-disk.ts'
import { cutPower, switchOn, waitForHost } from './host-power.ts'
import { plugIn, unplug } from './namespaces.ts'
import { removeFolder } from './remove-folder.ts'
import type { SandboxState } from './state.ts'

/** Another machine in the place of the host: fresh disk, network and control groups. Resolves when it is up, in about a second. */
export async function renewHost(state: SandboxState, host: string): Promise<void> {
  await cutPower(state, host)
  await Promise.all([
    removeFolder(hostDirectory(state.name, host)),
    unplug(state.name, host),
    ...state.cgroups.map(({ folder }) => removeCgroup(path.join(folder, host))),
  ])
  const own = addressesOf(state, host)
  await Promise.all([makeDisk(state, host), plugIn(state.name, host, own, state.subnet)])
  await switchOn(state, host)
  await waitForHost(state, host)
}
