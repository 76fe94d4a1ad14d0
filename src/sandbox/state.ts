/** What is written down of a sandbox: enough for `down` to find everything of it after a kill at any moment. */
import { mkdir, readdir, readFile, rename, statfs, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { KadmError } from '../errors.ts'
import { type CgroupHierarchy, isHierarchy } from './cgroups.ts'
import type { KadmExecutable } from './kadm-executable.ts'

export interface SandboxState {
  readonly name: string
  /** N of 192.168.N.0/24. */
  readonly subnet: number
  readonly hosts: readonly string[]
  readonly loadBalancer: boolean
  /** Root folder of the hosts' image. */
  readonly image: string
  /** Absent: hosts without Kubernetes. */
  readonly kubernetesVersion?: string
  /** Whose images are on the hosts too. */
  readonly furtherVersions?: readonly string[]
  /** The folder with all images in it, as containerd keeps them. */
  readonly imageStore?: string
  readonly kadm?: KadmExecutable
  readonly cgroups: readonly CgroupHierarchy[]
  /** The project folder that hosts see at /opt/kadm and run their kadm from; absent: they have an executable. */
  readonly source?: string
  /** ISO 8601. */
  readonly createdAt: string
}

export const defaultSandboxName = 'kadm'
/** What the hosts call the load balancer. */
export const balancerName = 'lb'

/** Where the folders of all sandboxes lie: `$KADM_SANDBOX_DIR`, else /var/lib/kadm-sandbox. */
export function sandboxesDirectory(): string {
  return path.resolve(process.env['KADM_SANDBOX_DIR'] ?? '/var/lib/kadm-sandbox')
}

/** The folder of one sandbox. Throws USAGE for a name that cannot be one. */
export function sandboxDirectory(name: string): string {
  if (!/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/.test(name)) {
    throw new KadmError('USAGE', `"${name}" cannot be the name of a sandbox`, {
      remedy: ['use 1 to 22 lower-case letters, digits and "-", with a letter first, such as "kadm" or "try-2"'],
    })
  }
  return path.join(sandboxesDirectory(), name)
}

/** What Node has compiled of kadm's sources, for all hosts: else the first start on each takes half a second more. */
export function compiledFolder(name: string): string {
  return path.join(sandboxDirectory(name), 'compiled')
}

/**
 * Makes the folder of a new sandbox, which also claims its name. Throws SANDBOX_EXISTS, or SANDBOX_MISSING_PIECE when the place cannot hold
 * hosts.
 */
export async function claimSandboxDirectory(name: string): Promise<string> {
  const directory = sandboxDirectory(name)
  await mkdir(path.dirname(directory), { recursive: true, mode: 0o700 })
  await refuseOverlay(path.dirname(directory))
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (cause) {
    throw sandboxExists(name, cause)
  }
  return directory
}

export function sandboxExists(name: string, cause?: unknown): KadmError {
  return new KadmError('SANDBOX_EXISTS', `sandbox "${name}" is up already, or was left behind by a run that was killed`, {
    remedy: [`kadm sandbox down --name ${name}`],
    cause,
  })
}

export async function writeState(state: SandboxState): Promise<void> {
  const file = path.join(sandboxDirectory(state.name), 'state.json')
  await writeFile(`${file}.part`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.part`, file)
}

/** `undefined` when the sandbox has none: it does not exist, or its making was killed in the first milliseconds. */
export async function readState(name: string): Promise<SandboxState | undefined> {
  try {
    return parseState(JSON.parse(await readFile(path.join(sandboxDirectory(name), 'state.json'), 'utf8')))
  } catch {
    return undefined
  }
}

export async function sandboxNames(): Promise<readonly string[]> {
  const names = await readdir(sandboxesDirectory()).catch(() => [])
  return names.filter((name) => /^[a-z][a-z0-9-]*$/.test(name)).toSorted()
}

function parseState(value: unknown): SandboxState | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const state = value as Partial<Record<keyof SandboxState, unknown>>
  const whole =
    typeof state.name === 'string' &&
    typeof state.subnet === 'number' &&
    Array.isArray(state.hosts) &&
    state.hosts.every((host) => typeof host === 'string') &&
    typeof state.image === 'string' &&
    Array.isArray(state.cgroups) &&
    state.cgroups.every(isHierarchy)
  return whole ? (value as SandboxState) : undefined
}

async function refuseOverlay(directory: string): Promise<void> {
  const overlayMagic = 0x794c7630 // OVERLAYFS_SUPER_MAGIC in linux/magic.h
  if ((await statfs(directory)).type !== overlayMagic) return
  throw new KadmError('SANDBOX_MISSING_PIECE', `${directory} lies on an overlay file system, and the disk of a host cannot`, {
    remedy: ['export KADM_SANDBOX_DIR=/path/on/a/disk'],
  })
}
