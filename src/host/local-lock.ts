/** The lock of this machine. */
import { link, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { describingFileErrors, systemCode } from './file-error.ts'
import { type LockHolder, type LockPlace, startTimeIn, takeLock } from './lock.ts'

/** `takeLock` with files of this machine, for as long as this process lives. */
export function lockFile(file: string, command: string): Promise<() => Promise<void>> {
  return describingFileErrors('take the lock', file, () => takeLock(localPlace, file, command))
}

/** The same in a folder that other machines and containers may have too; what they hold for longer than the patience (ms) counts as dead. */
export function lockSharedFile(file: string, command: string, patience = 10_000): Promise<() => Promise<void>> {
  const holder = async (): Promise<LockHolder> => ({ ...(await localPlace.holder()), at: await ownPlace() })
  return describingFileErrors('take the lock', file, () => takeLock({ ...localPlace, holder, patience }, file, command))
}

async function ownPlace(): Promise<string> {
  const [boot, namespace] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readlink('/proc/self/ns/pid')])
  return `${boot.trim()} ${namespace}`
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
