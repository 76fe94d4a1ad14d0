/** The lock of this machine. */
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { describingFileErrors, systemCode } from './file-error.ts'
import { type LockPlace, startTimeIn, takeLock } from './lock.ts'

/** `takeLock` with files of this machine, for as long as this process lives. */
export function lockFile(file: string, command: string): Promise<() => Promise<void>> {
  return describingFileErrors('take the lock', file, () => takeLock(localPlace, file, command))
}

const localPlace: LockPlace = {
  holder: async () => ({ pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? '' }),
  create: (file, text) => writeFile(file, text, { flag: 'wx', mode: 0o644 }),
  link: async (file, name) => {
    try {
      await link(file, name)
      return String((await stat(file)).ino)
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return undefined
      throw error
    }
  },
  read: (file) => readFile(file, 'utf8').catch(() => undefined),
  inode: (file) =>
    stat(file).then(
      ({ ino }) => String(ino),
      () => undefined,
    ),
  remove: (file) => rm(file, { force: true }),
  startTime: startTimeOf,
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  return startTimeIn(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
}
