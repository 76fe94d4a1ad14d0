/** A host's power: on, cut, and whether it has come up. */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { KadmError } from '../errors.ts'
import { makeMemberCgroups, thawAll } from './cgroups.ts'
import { hostDirectory } from './host-disk.ts'
import { namespaceName } from './namespaces.ts'
import { becomesTrue, isRunning, killProcess, parseProcessStat, type ProcessIdentity, processesWithArgument } from './processes.ts'
import { compiledFolder, sandboxDirectory, type SandboxState } from './state.ts'

/** Boots a host that has its disk and its cable. Returns at once: `waitForHost` tells when it is up. */
export async function switchOn(state: SandboxState, host: string): Promise<void> {
  const directory = hostDirectory(state.name, host)
  await rm(path.join(directory, 'leader'), { force: true })
  const script = path.join(sandboxDirectory(state.name), 'host-power.sh')
  await startScript(script, directory, {
    ...(await memberEnvironment(state, host)),
    SANDBOX_HOSTNAME: host,
    SANDBOX_HIERARCHIES: state.cgroups
      .map(({ options }) => options)
      .filter((options) => options !== 'v2')
      .join(' '),
    ...(state.source === undefined ? {} : { SANDBOX_SOURCE: state.source, SANDBOX_COMPILED: compiledFolder(state.name) }),
  })
}

/** What the scripts of a host and of the balancer need to know. */
export async function memberEnvironment(state: SandboxState, member: string): Promise<Readonly<Record<string, string>>> {
  const directory = sandboxDirectory(state.name)
  const layers = [
    path.join(directory, 'layer-common'),
    ...(state.kubernetesVersion === undefined ? [] : [path.join(directory, `layer-${state.kubernetesVersion}`)]),
  ]
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    SANDBOX_NETNS: namespaceName(state.name, member),
    SANDBOX_CGROUPS: (await makeMemberCgroups(state.cgroups, member)).join(' '),
    SANDBOX_LOWER: [...layers, state.image].join(':'),
  }
}

/** Starts a script of ours in a session of its own; what it prints goes to the file `console` in its folder. */
export async function startScript(script: string, directory: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const output = openSync(path.join(directory, 'console'), 'a', 0o600)
  const child = spawn('sh', [script, directory], { detached: true, stdio: ['ignore', output, output], env: environment, cwd: '/' })
  closeSync(output)
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  child.unref()
}

/** The host's PID 1 as the machine sees it; `undefined` when the host is off. */
export async function hostLeader(sandbox: string, host: string): Promise<ProcessIdentity | undefined> {
  const leader = parseProcessStat(await readFile(path.join(hostDirectory(sandbox, host), 'leader'), 'utf8').catch(() => ''))
  return leader !== undefined && (await isRunning(leader)) ? leader : undefined
}

/**
 * Resolves when sshd listens and containerd has its socket. Throws SANDBOX_FAILED with the end of the host's console after 60 s. `before`:
 * the PID 1 of an earlier boot, which does not count.
 */
export async function waitForHost(state: SandboxState, host: string, signal?: AbortSignal, before?: ProcessIdentity): Promise<void> {
  const up = async () => {
    const leader = await hostLeader(state.name, host)
    return (
      leader !== undefined &&
      leader.pid !== before?.pid &&
      (await listens(leader.pid, 22)) &&
      existsSync(`/proc/${leader.pid}/root/run/containerd/containerd.sock`)
    )
  }
  if (await becomesTrue(up, 60_000, signal)) return
  const console = await readFile(path.join(hostDirectory(state.name, host), 'console'), 'utf8').catch(() => '')
  throw new KadmError('SANDBOX_FAILED', `host "${host}" of sandbox "${state.name}" did not come up within 60 s`, {
    remedy: [`kadm sandbox down --name ${state.name}`],
    details: console.trim().split('\n').slice(-20),
  })
}

/** Power cut: every process of the host dies at once, and its power stays off. Resolves when the last one is gone. */
export async function cutPower(state: SandboxState, host: string): Promise<void> {
  const directory = hostDirectory(state.name, host)
  const supplies = await processesWithArgument(directory)
  const leader = await hostLeader(state.name, host)
  // The supply first, or it could take the end for a restart. Its `unshare` kills the host when it dies; PID 1 is named too, to be quick.
  for (const pid of supplies) killProcess(pid)
  if (leader !== undefined) killProcess(leader.pid)
  const off = async () => {
    // Each time: a runc that is not dead yet may hold a container once more.
    await thawAll(state.cgroups, host)
    return (leader === undefined || !(await isRunning(leader))) && (await processesWithArgument(directory)).length === 0
  }
  if (await becomesTrue(off, 30_000)) return
  throw new KadmError('SANDBOX_FAILED', `host "${host}" has processes that do not die`, {
    remedy: [`kadm sandbox down --name ${state.name}`],
  })
}

/** Does anything listen on this TCP port in the network of the process? /proc/net/tcp: local address, remote address, state 0A. */
async function listens(pid: number, port: number): Promise<boolean> {
  const wanted = new RegExp(`^ *\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F]+:0000 0A `, 'm')
  return wanted.test(await readFile(`/proc/${pid}/net/tcp`, 'utf8').catch(() => ''))
}
