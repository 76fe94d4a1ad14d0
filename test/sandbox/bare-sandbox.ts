/** A sandbox of bare hosts (containerd, no Kubernetes) for the tests of the sandbox itself: up in some 2 s from the cache's image. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { ensureHostImage } from '../../src/sandbox/host-image.ts'
import { runProgram } from '../../src/sandbox/run-program.ts'
import { raiseSandbox } from '../../src/sandbox/sandbox-up.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'

/** Why these tests cannot run here; `undefined` when they can. In CI nothing is a reason. */
export const unable: string | undefined =
  process.env['CI'] === 'true'
    ? undefined
    : process.getuid?.() !== 0
      ? 'hosts need root'
      : existsSync('/usr/bin/nsenter')
        ? undefined
        : 'nsenter is missing'

export async function bareSandbox(name: string, hosts: number, options: { readonly loadBalancer?: boolean } = {}): Promise<Sandbox> {
  const { root: image } = await ensureHostImage({ say: () => {} })
  return raiseSandbox({ name, hosts, say: () => {}, ...options }, { image })
}

/** What a sandbox of this name leaves on the machine: namespaces, control groups, mounts, processes, files. */
export async function traces(name: string): Promise<readonly string[]> {
  const namespaces = (await readdir('/run/netns').catch(() => [])).filter((entry) => entry.startsWith(`kadm-${name}-`))
  const { stdout: groups } = await runProgram(['find', '/sys/fs/cgroup', '-path', `*/kadm-sandbox/${name}*`, '-type', 'd'])
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(`/kadm-sandbox/${name}/`) || line.includes(`/kadm-${name}-`))
  const processes: string[] = []
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(`/kadm-sandbox/${name}/`)) processes.push(`${pid} ${command.replaceAll('\0', ' ')}`)
  }
  const files = existsSync(`/var/lib/kadm-sandbox/${name}`) ? [`/var/lib/kadm-sandbox/${name}`] : []
  return [...namespaces, ...groups.split('\n').filter(Boolean), ...mounts, ...processes, ...files]
}
