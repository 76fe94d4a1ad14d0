/**
 * What a host has over the plain image, as read-only layers of its root: one with the programs of a Kubernetes version, one with what all
 * hosts of the sandbox share. Programs are hard links to the cache: as a lower layer of an overlay they cannot be written to through a
 * host.
 */
import { cp, link, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { KadmExecutable } from './kadm-executable.ts'

const kadmFromSource = `#!/bin/sh
export NODE_COMPILE_CACHE=/opt/kadm-compiled
node=$(ls -d /opt/kadm/node_modules/node-linux-*/bin/node) && exec "$node" /opt/kadm/bin/kadm.js "$@"
`

/** The layer that all hosts share: key, addresses, kadm. */
export async function makeCommonLayer(
  layer: string,
  options: { readonly publicKey: string; readonly kadm: KadmExecutable | 'source' | undefined },
): Promise<void> {
  const put = (file: string, content: string, mode = 0o644) => putFile(path.join(layer, file), content, mode)
  await mkdir(path.join(layer, 'root/.ssh'), { recursive: true, mode: 0o700 })
  await put('root/.ssh/authorized_keys', options.publicKey, 0o600)
  await put('etc/sysctl.d/99-kubernetes-ipv6.conf', 'net.ipv6.conf.all.forwarding = 1\n') // the image has the one for IPv4
  await put('etc/gai.conf', 'precedence ::ffff:0:0/96 100\n') // names of hosts mean their IPv4 address first, as they do for Go's resolver
  const { kadm } = options
  if (kadm === 'source') {
    await put('usr/bin/kadm', kadmFromSource, 0o755)
    // Node wants it, and the image has it not: the file that this very process uses.
    const library = /\/\S*libatomic\.so\S*/.exec(await readFile('/proc/self/maps', 'utf8'))?.[0]
    if (library !== undefined) await linkOrCopy(library, path.join(layer, 'usr/lib/libatomic.so.1'))
  }
  if (kadm !== undefined && kadm !== 'source') await linkOrCopy(kadm.file, path.join(layer, 'usr/bin/kadm'))
}

/** The layer of one Kubernetes version: its programs. The kubelet's unit is in the image, enabled. */
export async function makeVersionLayer(layer: string, bin: string): Promise<void> {
  const folder = path.join(layer, 'usr/bin')
  await mkdir(folder, { recursive: true })
  for (const program of versionPrograms) await linkOrCopy(path.join(bin, program), path.join(folder, program))
}

export const versionPrograms = ['kubeadm', 'kubelet', 'kubectl'] as const

/** The unpacked folder of the kadm executable in a host's /var/cache, so that its first start is as quick as all later ones. */
export async function placeExtractedKadm(kadm: KadmExecutable, hostVar: string): Promise<void> {
  await linkTree(kadm.extracted, path.join(hostVar, 'cache/kadm', kadm.hash))
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    await (entry.isDirectory() ? linkTree(source, target) : linkOrCopy(source, target))
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true })
  // Another file system or a file of another owner: a copy does as well, only slower.
  await link(from, to).catch(() => cp(from, to))
}

async function putFile(file: string, content: string, mode: number): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content, { mode })
}
