import { KadmError } from '../errors.ts'
import type { Argv, Host } from './host.ts'

/** The lines a command prints, the last empty one aside; none when it fails or is not there. */
export async function linesOf(query: Host['query'], argv: Argv): Promise<readonly string[]> {
  try {
    const { exitCode, stdout } = await query(argv)
    return exitCode === 0 && stdout !== '' ? stdout.replace(/\n$/, '').split('\n') : []
  } catch (error) {
    if (error instanceof KadmError) return []
    throw error
  }
}
