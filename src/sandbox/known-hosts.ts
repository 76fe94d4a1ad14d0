import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { hostAddresses } from './addresses.ts'
import { hostDirectory } from './host-disk.ts'
import { sandboxDirectory, type SandboxState } from './state.ts'

/** The host keys, so that ssh to the hosts verifies whom it talks to. */
export async function writeKnownHosts(state: SandboxState): Promise<void> {
  const lines = await Promise.all(
    state.hosts.map(async (host, index) => {
      const { address, address6 } = hostAddresses(state.subnet, index + 1)
      return `${host},${address},${address6} ${await hostKey(state.name, host)}\n`
    }),
  )
  await writeFile(path.join(sandboxDirectory(state.name), 'known_hosts'), lines.join(''), { mode: 0o600 })
}

async function hostKey(sandbox: string, host: string): Promise<string> {
  const line = await readFile(path.join(hostDirectory(sandbox, host), 'upper/etc/ssh/ssh_host_ed25519_key.pub'), 'utf8')
  return line.split(' ').slice(0, 2).join(' ')
}
