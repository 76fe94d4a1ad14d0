import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { failed, nameFor, passed, type Check } from './check.ts'

/** A program that the kubelet or kadm calls by its name. */
export function programInPath(host: Pick<Host, 'facts' | 'stat' | 'query'>, program: string): Check {
  return {
    name: nameFor('FileExisting', program),
    requires: `the program ${program} in PATH`,
    run: async () => {
      const directories = ((await host.facts()).environment['PATH'] ?? '').split(':').filter((directory) => directory !== '')
      const found = await Promise.all(directories.map((directory) => isExecutable(host, `${directory}/${program}`)))
      return found.includes(true) ? passed : failed(`${program} not found in system path`)
    },
  }
}

async function isExecutable(host: Pick<Host, 'stat' | 'query'>, path: string): Promise<boolean> {
  const stat = await host.stat(path)
  if (stat?.kind === 'link') return linkIsExecutable(host, path)
  return stat?.kind === 'file' && (stat.mode & 0o111) !== 0
}

/** `stat` does not follow links, and busybox and update-alternatives make every program one. */
async function linkIsExecutable(host: Pick<Host, 'query'>, path: string): Promise<boolean> {
  try {
    return (await host.query(['test', '-x', path])).exitCode === 0
  } catch (error) {
    // A host so bare that it has no `test`: there the link is taken at its word.
    if (error instanceof KadmError) return true
    throw error
  }
}
