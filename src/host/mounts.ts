/** What is mounted on a host, and how it is taken away again. Built on files and commands, so that it works on every `Host`. */
import { KadmError, messageOf } from '../errors.ts'
import type { Host } from './host.ts'

/**
 * Mount points below a directory, itself not among them, in the order in which they were mounted; one with two mounts on it is there twice.
 */
export async function mountsBelow(host: Pick<Host, 'readText'>, directory: string): Promise<readonly string[]> {
  const table = (await host.readText('/proc/mounts')) ?? ''
  const points = table.split('\n').map((line) => unescaped(line.split(' ')[1] ?? ''))
  return points.filter((point) => point.startsWith(`${directory}/`))
}

/**
 * Unmounts everything below the directory, last mounted first; one that does not go does not keep the others. `flags`: those of umount(2)
 * by name, as `unmountFlags` of a ResetConfiguration has them.
 *
 * @returns what those said that are still there
 */
export async function unmountBelow(
  host: Pick<Host, 'readText' | 'run'>,
  directory: string,
  flags: readonly string[],
): Promise<readonly string[]> {
  const failures: string[] = []
  for (const point of (await mountsBelow(host, directory)).toReversed()) {
    try {
      await host.run(['umount', ...flags.flatMap((flag) => optionOf[flag] ?? []), point], { timeout: 30_000 })
    } catch (error) {
      if (!(error instanceof KadmError)) throw error
      // One that went with another, whose propagation it shares, is no failure.
      if (!/not mounted|Invalid argument/.test(error.message)) failures.push(messageOf(error))
    }
  }
  return failures
}

/**
 * The other two need no option: that a mount in use stays (MNT_EXPIRE, which umount(2) fulfils at the second call only) is how umount works
 * by itself, and the points of the mount table are no links (UMOUNT_NOFOLLOW).
 */
const optionOf: Readonly<Record<string, string>> = { MNT_FORCE: '-f', MNT_DETACH: '-l' }

/** White space and backslashes stand in the table as `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
