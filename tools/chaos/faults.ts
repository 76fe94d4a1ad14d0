/** What goes wrong with a host, and how it is made good again. */
import type { Sandbox } from '../../src/sandbox/sandbox.ts'

export interface Fault {
  readonly strike: (sandbox: Sandbox, draw: Victim) => Promise<unknown>
  readonly mend: (sandbox: Sandbox, host: string) => Promise<unknown>
}

export interface Victim {
  readonly host: string
  /** Pages of a full disk that are still free: a write that begins and does not end is worse than one that does not begin. */
  readonly pagesLeft: number
}

/** The kill of kadm itself is not here: nothing has to be mended after it. */
export const faults: Readonly<Record<'power' | 'link' | 'disk', Fault>> = {
  power: { strike: (sandbox, { host }) => sandbox.kill(host), mend: (sandbox, host) => sandbox.start(host) },
  link: { strike: (sandbox, { host }) => sandbox.cut(host), mend: (sandbox, host) => sandbox.heal(host) },
  disk: { strike: fill, mend: (sandbox, host) => sandbox.run(host, ['rm', '-f', filler]) },
}

const disk = '/run/chaos-disk'
const filler = `${disk}/filler`
const onDisk = ['/etc/kubernetes', '/var/lib/kubelet', '/var/lib/etcd', '/var/lib/kadm']

/** etcd lays out 64 MB for its log, and as much again for the next one. */
const megabytes = 320

/**
 * A small disk of its own for all that kadm writes, so that it can be full without filling this machine's. It lies in memory, and is gone
 * with the power.
 */
export async function giveDisk(sandbox: Sandbox, host: string): Promise<void> {
  const script = `set -e; disk=$1; mkdir "$disk"; mount -t tmpfs -o size="$2"m,mode=755 disk "$disk"; shift 2
for folder; do mkdir -p "$disk$folder" "$folder"; cp -a "$folder/." "$disk$folder"; mount --bind "$disk$folder" "$folder"; done`
  await sandbox.run(host, ['sh', '-c', script, 'disk', disk, String(megabytes), ...onDisk])
}

async function fill(sandbox: Sandbox, { host, pagesLeft }: Victim): Promise<void> {
  await sandbox.run(host, ['sh', '-c', 'cat /dev/zero >"$1" 2>/dev/null; truncate -s "-$2" "$1"', 'fill', filler, String(pagesLeft * 4096)])
}
