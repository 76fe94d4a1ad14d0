/** The disk of one host: what is its own, on top of the image and the layers. A fresh one is a fresh machine. */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { addressesOf, controllerAddresses, hostsFile } from './addresses.ts'
import { placeExtractedKadm } from './host-layer.ts'
import { placeImageStore } from './image-store.ts'
import { mustRun } from './run-program.ts'
import { balancerName, sandboxDirectory, type SandboxState } from './state.ts'

/** The folder of one host. */
export function hostDirectory(sandbox: string, host: string): string {
  return path.join(sandboxDirectory(sandbox), host)
}

// The kernel knobs that a kubelet sets. They are the whole machine's, so a host has files of its own in their place: nothing reaches the
// machine.
const knobs = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
]

/** Makes the disk of a host that is off. */
export async function makeDisk(state: SandboxState, host: string): Promise<void> {
  const directory = hostDirectory(state.name, host)
  const etc = path.join(directory, 'upper/etc')
  for (const folder of ['work', 'root', 'upper/etc/ssh']) await mkdir(path.join(directory, folder), { recursive: true, mode: 0o755 })
  await Promise.all([
    makeVar(state, directory),
    makeHostKey(state, host),
    ...knobs.map((knob) => copyKnob(knob, path.join(directory, 'knobs', knob))),
    writeFile(path.join(etc, 'hostname'), `${host}\n`),
    writeFile(path.join(etc, 'hosts'), hostsFile(state.subnet, state.hosts, balancerName)),
    writeFile(path.join(etc, 'resolv.conf'), `nameserver ${controllerAddresses(state.subnet).address}\noptions timeout:1 attempts:1\n`),
    writeFile(path.join(etc, 'machine-id'), `${randomUUID().replaceAll('-', '')}\n`),
    writeFile(path.join(directory, 'product_uuid'), `${randomUUID()}\n`),
  ])
}

/** Its ssh key, and beside the disk a known_hosts of its own: hosts are renewed side by side. */
async function makeHostKey(state: SandboxState, host: string): Promise<void> {
  const directory = hostDirectory(state.name, host)
  const key = path.join(directory, 'upper/etc/ssh/ssh_host_ed25519_key')
  await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', host, '-f', key])
  const { address, address6 } = addressesOf(state, host)
  const [type, publicKey] = (await readFile(`${key}.pub`, 'utf8')).split(' ')
  await writeFile(path.join(directory, 'known_hosts'), `${host},${address},${address6} ${type} ${publicKey}\n`, { mode: 0o600 })
}

async function makeVar(state: SandboxState, directory: string): Promise<void> {
  await mustRun(['cp', '-a', '--reflink=auto', path.join(state.image, 'var'), path.join(directory, 'var')])
  if (state.imageStore !== undefined) await placeImageStore(state.imageStore, path.join(directory, 'var/lib'))
  if (state.kadm !== undefined) await placeExtractedKadm(state.kadm, path.join(directory, 'var'))
}

async function copyKnob(knob: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true })
  await writeFile(to, await readFile(`/proc/sys/${knob}`).catch(() => '0\n'))
}
