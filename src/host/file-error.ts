/** What the operating system says about files, as FILE_FAILED with the likely cause. */
import { KadmError, messageOf } from '../errors.ts'

/** Runs `act`; whatever the system refuses becomes FILE_FAILED: `cannot <verb> "<path>": no space left on device`. */
export async function describingFileErrors<T>(verb: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw error instanceof KadmError ? error : fileError(verb, path, error)
  }
}

/** The system's code (`ENOENT`, `EACCES`) of anything thrown, or `undefined`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function fileError(verb: string, path: string, cause: unknown): KadmError {
  const known = causes[systemCode(cause) ?? '']
  const text = known?.text ?? messageOf(cause)
  return new KadmError('FILE_FAILED', `cannot ${verb} "${path}": ${text}`, { remedy: [known?.remedy(path) ?? `ls -ld "${path}"`], cause })
}

const causes: Readonly<Record<string, { readonly text: string; readonly remedy: (path: string) => string }>> = {
  EACCES: { text: 'permission denied', remedy: () => 'run the command as root (sudo)' },
  EPERM: { text: 'not permitted', remedy: (path) => `run the command as root; is the file immutable? lsattr -d "${path}"` },
  ENOSPC: { text: 'no space left on device', remedy: (path) => `df -h "${path}"; df -i "${path}"` },
  EDQUOT: { text: 'the disk quota is used up', remedy: (path) => `df -h "${path}"` },
  EROFS: { text: 'the file system is read-only', remedy: (path) => `findmnt -T "${path}"` },
  EISDIR: { text: 'it is a directory', remedy: (path) => `ls -ld "${path}" and move the directory away` },
  ENOTDIR: { text: 'a part of the path is not a directory', remedy: (path) => `namei -l "${path}"` },
  ELOOP: { text: 'too many links', remedy: (path) => `namei -l "${path}"` },
  EBUSY: { text: 'it is in use, for example as a mount point', remedy: (path) => `findmnt "${path}"` },
  EMFILE: { text: 'too many open files', remedy: () => 'ulimit -n 65536' },
  EIO: { text: 'the disk answers with an error', remedy: () => 'dmesg | tail -n 50' },
}
