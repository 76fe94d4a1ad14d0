/**
 * The control groups of a sandbox: one folder in each hierarchy, beneath the caller's own on cgroup v1 (so that the caller's limits hold
 * for the hosts too) and at the top on cgroup v2 (where a group with processes of its own can have no limited children).
 */
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface CgroupHierarchy {
  /** Mount options of a v1 hierarchy (`memory`, `cpu,cpuacct`, `name=systemd`), `unified` for v2 beside v1, `v2` where there is only v2. */
  readonly options: string
  /** This sandbox's folder in it. */
  readonly folder: string
}

const wanted = new Set(['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'name=systemd'])

/** The folders that sandbox `name` will have, from the text of /proc/self/cgroup and /proc/self/mountinfo. Makes nothing. */
export function cgroupHierarchies(name: string, selfCgroup: string, mountinfo: string): readonly CgroupHierarchy[] {
  const own = new Map(selfCgroup.split('\n').map((line) => [line.split(':')[1] ?? '', line.split(':').slice(2).join(':')]))
  const found: CgroupHierarchy[] = []
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const mountPoint = before.split(' ')[4] ?? ''
    const [type, , superOptions = ''] = after.split(' ')
    if (type === 'cgroup2') found.push({ options: 'unified', folder: path.join(mountPoint, 'kadm-sandbox', name) })
    const options = superOptions.split(',').filter((option) => wanted.has(option))
    if (type !== 'cgroup' || options.length === 0) continue
    const key = options.join(',')
    found.push({ options: key, folder: path.join(mountPoint, own.get(key) ?? '/', 'kadm-sandbox', name) })
  }
  const first = [...new Map(found.map((hierarchy) => [hierarchy.options, hierarchy])).values()]
  const legacy = first.some(({ options }) => options === 'memory' || options === 'devices')
  return legacy ? first : first.filter(({ options }) => options === 'unified').map(({ folder }) => ({ options: 'v2', folder }))
}

export async function readCgroupHierarchies(name: string): Promise<readonly CgroupHierarchy[]> {
  return cgroupHierarchies(name, await readFile('/proc/self/cgroup', 'utf8'), await readFile('/proc/self/mountinfo', 'utf8'))
}

/** Makes the folders of one member (a host or the balancer) and denies it the machine's devices. Returns the folders. */
export async function makeMemberCgroups(hierarchies: readonly CgroupHierarchy[], member: string): Promise<readonly string[]> {
  return Promise.all(hierarchies.map((hierarchy) => makeMemberCgroup(hierarchy, member)))
}

/** Holds every process of the member where it is, or lets it go on. */
export async function setFrozen(hierarchies: readonly CgroupHierarchy[], member: string, frozen: boolean): Promise<void> {
  for (const { options, folder } of hierarchies) await setFolderFrozen(options, path.join(folder, member), frozen)
}

/**
 * Lets everything in the member go on, also what the member itself holds: runc does so with a container for a moment, and what is held
 * cannot die.
 */
export async function thawAll(hierarchies: readonly CgroupHierarchy[], member: string): Promise<void> {
  const thaw = async (options: string, folder: string): Promise<void> => {
    await setFolderFrozen(options, folder, false)
    for (const below of await subfolders(folder)) await thaw(options, below)
  }
  for (const { options, folder } of hierarchies)
    if (options === 'freezer' || options === 'v2') await thaw(options, path.join(folder, member))
}

export async function isFrozen(hierarchies: readonly CgroupHierarchy[], member: string): Promise<boolean> {
  for (const { options, folder } of hierarchies) {
    const file = options === 'freezer' ? 'freezer.state' : options === 'v2' ? 'cgroup.freeze' : undefined
    if (file === undefined) continue
    const state = await readFile(path.join(folder, member, file), 'utf8').catch(() => '')
    return /^(FROZEN|FREEZING|1)/.test(state)
  }
  return false
}

/** Every process in the folder and below. */
export async function cgroupProcesses(folder: string): Promise<readonly number[]> {
  const own = (await readFile(path.join(folder, 'cgroup.procs'), 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '' && line !== '0')
  const below = await Promise.all((await subfolders(folder)).map(cgroupProcesses))
  return [...own.map(Number), ...below.flat()]
}

/**
 * Removes the folder and all below; waits up to 5 s for processes that are still on their way out. Resolves with false when something is
 * left.
 */
export async function removeCgroup(folder: string): Promise<boolean> {
  for (let attempt = 0; attempt < 250; attempt++) {
    if (await removeTree(folder)) return true
    await sleep(20)
  }
  return false
}

export function isHierarchy(value: unknown): value is CgroupHierarchy {
  return typeof value === 'object' && value !== null && 'options' in value && 'folder' in value && typeof value.folder === 'string'
}

async function setFolderFrozen(options: string, folder: string, frozen: boolean): Promise<void> {
  if (options === 'freezer') await writeFile(path.join(folder, 'freezer.state'), frozen ? 'FROZEN' : 'THAWED').catch(ifMissing)
  if (options === 'v2') await writeFile(path.join(folder, 'cgroup.freeze'), frozen ? '1' : '0').catch(ifMissing)
}

async function makeMemberCgroup({ options, folder }: CgroupHierarchy, member: string): Promise<string> {
  const leaf = path.join(folder, member)
  // Twice: the end of another sandbox may take an empty folder away between its making and that of the next below it.
  await mkdir(leaf, { recursive: true }).catch(() => mkdir(leaf, { recursive: true }))
  if (options.split(',').includes('cpuset')) {
    for (const each of [path.dirname(folder), folder, leaf]) await inheritCpus(each)
  }
  if (options === 'v2') for (const each of [path.dirname(path.dirname(folder)), path.dirname(folder), folder]) await delegate(each)
  // Guard: not even root of a host opens a disk of the machine, its memory, its ports or its watchdog. (v2 would need a BPF program: see
  // docs/sandbox.md.)
  if (options === 'devices')
    for (const rule of ['b *:* rw', 'c 1:1 rw', 'c 1:4 rw', 'c 10:130 rw']) await writeFile(path.join(leaf, 'devices.deny'), rule)
  // cgroup v2 has no processes beside groups: systemd moves on from where it starts, and commands from outside need a place.
  if (options === 'v2') await mkdir(path.join(leaf, 'kadm-exec'), { recursive: true })
  return leaf
}

async function inheritCpus(folder: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if ((await readFile(path.join(folder, file), 'utf8')).trim() !== '') continue
    await writeFile(path.join(folder, file), (await readFile(path.join(path.dirname(folder), file), 'utf8')).trim())
  }
  await writeFile(path.join(folder, 'cgroup.clone_children'), '1')
}

async function delegate(folder: string): Promise<void> {
  const controllers = (await readFile(path.join(folder, 'cgroup.controllers'), 'utf8')).trim().split(/\s+/).filter(Boolean)
  for (const controller of controllers) await writeFile(path.join(folder, 'cgroup.subtree_control'), `+${controller}`).catch(() => {})
}

async function removeTree(folder: string): Promise<boolean> {
  const below = await Promise.all((await subfolders(folder)).map(removeTree))
  if (below.includes(false)) return false
  return rmdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )
}

async function subfolders(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(folder, entry.name))
}

function ifMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
