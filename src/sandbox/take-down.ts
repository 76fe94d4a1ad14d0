/** The end of a sandbox: whatever state it is in, nothing of it is left. */
import { existsSync } from 'node:fs'
import { readdir, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { KadmError } from '../errors.ts'
import { type CgroupHierarchy, cgroupProcesses, readCgroupHierarchies, removeCgroup, thawAll } from './cgroups.ts'
import { existingNamespaces, namespaceName, unplug } from './namespaces.ts'
import { becomesTrue, killProcess, processesWithArgument } from './processes.ts'
import { removeFolder } from './remove-folder.ts'
import { readState, sandboxDirectory } from './state.ts'

/** Scripts whose processes belong to a sandbox when they were started out of its folder. */
export const sandboxScripts = ['host-power.sh', 'host-boot.sh', 'balancer.sh'] as const

/**
 * Ends every process of the sandbox and takes its namespaces, control groups and files away. Also what a killed `up` left. Throws
 * SANDBOX_UNKNOWN when there is nothing of that name, SANDBOX_FAILED when something does not go.
 */
export async function sandboxDown(name: string): Promise<void> {
  const directory = sandboxDirectory(name)
  if (!(await takeDown(name))) {
    throw new KadmError('SANDBOX_UNKNOWN', `there is no sandbox "${name}"`, { remedy: ['kadm sandbox status'] })
  }
  if (existsSync(directory)) throw new KadmError('SANDBOX_FAILED', `${directory} could not be removed`, { remedy: [`ls -R ${directory}`] })
}

/** The same for a sandbox that need not be there: answers whether there was anything. */
export async function takeDown(name: string): Promise<boolean> {
  const directory = sandboxDirectory(name)
  const cgroups = (await readState(name))?.cgroups ?? (await readCgroupHierarchies(name))
  const existed = existsSync(directory) || (await existingNamespaces(name)).length > 0
  await endProcesses(name, directory, cgroups)
  const namespaces = await existingNamespaces(name)
  await Promise.all([
    ...namespaces.map((namespace) => unplug(name, namespace.slice(namespaceName(name, '').length))),
    removeFolder(directory),
    ...cgroups.map(({ folder }) => takeCgroupAway(folder)),
  ])
  return existed
}

async function endProcesses(name: string, directory: string, cgroups: readonly CgroupHierarchy[]): Promise<void> {
  const scripts = sandboxScripts.map((script) => path.join(directory, script))
  const gone = await becomesTrue(async () => {
    // The power supplies first: what dies after them is not booted again.
    const supplies = await processesWithArgument(...scripts)
    supplies.forEach(killProcess)
    const members = (await Promise.all(cgroups.map(({ folder }) => cgroupProcesses(folder)))).flat()
    members.forEach(killProcess)
    for (const member of await memberNames(cgroups)) await thawAll(cgroups, member)
    return supplies.length + members.length === 0
  }, 10_000)
  if (gone) return
  throw new KadmError('SANDBOX_FAILED', `sandbox "${name}" has processes that do not die`, { remedy: [`kadm sandbox down --name ${name}`] })
}

async function memberNames(cgroups: readonly CgroupHierarchy[]): Promise<readonly string[]> {
  const names = await Promise.all(cgroups.map(({ folder }) => readdir(folder, { withFileTypes: true }).catch(() => [])))
  return [
    ...new Set(
      names
        .flat()
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name),
    ),
  ]
}

async function takeCgroupAway(folder: string): Promise<void> {
  if (!(await removeCgroup(folder)))
    throw new KadmError('SANDBOX_FAILED', `${folder} could not be removed`, { remedy: [`cat ${folder}/cgroup.procs`] })
  await rmdir(path.dirname(folder)).catch(() => {}) // other sandboxes may have theirs in it
}
