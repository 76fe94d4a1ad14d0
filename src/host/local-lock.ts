/** The lock of this machine. */
import { link, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { describingFileErrors, systemCode } from './file-error.ts'
import { type LockHolder, type LockPlace, startTimeIn, takeLock } from './lock.ts'

/** `takeLock` with files of this machine, for as long as this process lives. */
export function lockFile(file: string, command: string): Promise<() => Promise<void>> {
  return describingFileErrors('take the lock', file, async () => takeLock(localPlace, file, { ...(await ownProcess()), command }))
}

/** The same in a folder that other machines and containers may have too; what they hold for longer than the patience (ms) counts as dead. */
export function lockSharedFile(file: string, command: string, patience = 10_000): Promise<() => Promise<void>> {
  return describingFileErrors('take the lock', file, async () =>
    takeLock({ ...localPlace, patience }, file, { ...(await ownProcess()), at: await pidSpace(), command }),
  )
}

async function ownProcess(): Promise<LockHolder> {
  return { pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? '' }
}

/** The boot and the namespace of processes that the pids here are of. */
export async function pidSpace(): Promise<string> {
  const [boot, namespace] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readlink('/proc/self/ns/pid')])
  return `${boot.trim()} ${namespace}`
}

const localPlace: LockPlace = {
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

/** As /proc/<pid>/stat has it; `undefined` when there is no such process, or only its zombie. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  return startTimeIn(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
}
