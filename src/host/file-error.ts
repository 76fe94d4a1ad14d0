/** What the operating system says about files, as FILE_FAILED with the likely cause. */
import { dirname } from 'node:path/posix'
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

/** What a program in the C locale printed, as an error of the system with its code. */
export function printedError(stderr: string): Error {
  const text = stderr.trim().split('\n').at(-1) ?? ''
  const code = Object.entries(printed).find(([words]) => text.includes(words))?.[1]
  return Object.assign(new Error(text), code === undefined ? {} : { code })
}

const printed: Readonly<Record<string, string>> = {
  'No such file or directory': 'ENOENT',
  'Directory nonexistent': 'ENOENT',
  'Not a directory': 'ENOTDIR',
  'Permission denied': 'EACCES',
  'Operation not permitted': 'EPERM',
  'No space left on device': 'ENOSPC',
  'Disk quota exceeded': 'EDQUOT',
  'Read-only file system': 'EROFS',
  'Is a directory': 'EISDIR',
  'Directory not empty': 'ENOTEMPTY',
  'Too many levels of symbolic links': 'ELOOP',
  'Device or resource busy': 'EBUSY',
  'Too many open files': 'EMFILE',
  'Input/output error': 'EIO',
  'a link of somebody else': 'EPLANTED',
}

function fileError(verb: string, path: string, cause: unknown): KadmError {
  const known = causes[systemCode(cause) ?? '']
  const text = known?.text ?? messageOf(cause)
  return new KadmError('FILE_FAILED', `cannot ${verb} "${path}": ${text}`, { remedy: [known?.remedy(path) ?? `ls -ld "${path}"`], cause })
}

/** What is a person's own, a run under sudo may have made root's: another one only makes more of it so. */
function whoMay(path: string): string {
  if (/^\/(?:etc|opt|proc|run|sys|usr|var)\//.test(path)) return 'run the command as root (sudo)'
  return `namei -l "${path}"   # whose is it? If it is to be yours, chown it; else run the command as root (sudo)`
}

// A file that could not be written is not there to be asked about: its folder is.
const causes: Readonly<Record<string, { readonly text: string; readonly remedy: (path: string) => string }>> = {
  EACCES: { text: 'permission denied', remedy: whoMay },
  EPERM: { text: 'not permitted', remedy: (path) => `lsattr -d "${path}"   # is it immutable? Else run the command as root (sudo)` },
  ENOSPC: { text: 'no space left on device', remedy: (path) => `df -h "${dirname(path)}"; df -i "${dirname(path)}"` },
  EDQUOT: { text: 'the disk quota is used up', remedy: (path) => `df -h "${dirname(path)}"` },
  EROFS: { text: 'the file system is read-only', remedy: (path) => `findmnt -T "${dirname(path)}"` },
  EISDIR: { text: 'it is a directory', remedy: (path) => `ls "${path}"   # a file is needed here, not a directory` },
  ENOTDIR: { text: 'a part of the path is not a directory', remedy: (path) => `namei -l "${path}"` },
  ELOOP: { text: 'too many links', remedy: (path) => `namei -l "${path}"` },
  EBUSY: { text: 'it is in use, for example as a mount point', remedy: (path) => `findmnt "${path}"` },
  EMFILE: { text: 'too many open files', remedy: () => 'ulimit -n 65536   # in the shell that kadm is started from' },
  EPLANTED: {
    text: 'it is a link of somebody else, in a folder where everybody may make one',
    remedy: (path) => `ls -ld "${path}"   # name a file in a folder of your own`,
  },
  EIO: { text: 'the disk answers with an error', remedy: () => 'dmesg | tail -n 50' },
}
