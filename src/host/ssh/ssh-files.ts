/** The files of a host behind SSH, as the `Host` door promises them. Each call is one request; all may be repeated. */
import { createHash, randomBytes } from 'node:crypto'
import path from 'node:path'
import { describingFileErrors, printedError, systemCode } from '../file-error.ts'
import type { FileStat, WriteOptions } from '../host.ts'
import type { Files } from '../local-files.ts'
import { shellLine } from '../shell-quote.ts'
import { nothingThere } from './ssh-prelude.ts'
import { type Answer, TooMuchOutput } from './ssh-shell.ts'
import type { Ask, AskOptions } from './ssh-shells.ts'

/** @param boot id of the boot that the host is in */
export function sshFiles(ask: Ask, boot: () => string): Files {
  const read = (verb: string, name: string, file: string): Promise<Answer | undefined> =>
    describingFileErrors(verb, file, async () => {
      const answer = await answered(ask, shellLine([name, plain(file)]), { brief: true })
      return answer.code === nothingThere ? undefined : answer
    })
  const change = async (verb: string, file: string, lines: string, harmless: readonly string[] = []): Promise<void> => {
    await describingFileErrors(verb, file, async () => {
      try {
        await answered(ask, lines)
      } catch (error) {
        if (!harmless.includes(systemCode(error) ?? '')) throw error
      }
    })
  }
  const readBytes = async (file: string): Promise<Buffer | undefined> => (await read('read', 'k_read', file))?.stdout
  return {
    readFile: readBytes,
    readText: async (file) => (await readBytes(file))?.toString('utf8'),
    stat: async (file) => {
      const answer = await read('look at', 'k_stat', file)
      return answer && fileStat(answer.stdout.toString('latin1'))
    },
    list: async (dir) => {
      const answer = await read('list', 'k_list', dir)
      return answer?.stdout.toString('utf8').split('\0').slice(0, -1).sort()
    },
    writeFile: (file, content, options) => change('write', file, writeLines(file, Buffer.from(content), options)),
    makeDirectory: (dir, mode) => change('make the directory', dir, shellLine(['k_mkdir', plain(dir), octal(mode)])),
    appendFile: (file, text, mode) =>
      change('append to', file, withInput(['k_append', plain(file), octal(mode), randomName(), boot()], Buffer.from(text))),
    removeFile: (file) => change('remove', file, shellLine(['k_remove', plain(file)])),
    removeDirectory: (dir) =>
      change('remove the directory', dir, shellLine(['k_rmdir', plain(dir)]), ['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EBUSY']),
    changeOwner: (file, { uid, gid }) =>
      change('change the owner of', file, shellLine(['chown', '-h', `${uid}:${gid}`, '--', plain(file)])),
  }
}

/** Lines for a here-document: a shell's text cannot hold every byte. */
export function base64Lines(bytes: string | Uint8Array): string {
  return Buffer.from(bytes)
    .toString('base64')
    .replaceAll(/.{1,4000}/g, '$&\n')
}

function withInput(words: readonly string[], input: Uint8Array): string {
  return `${shellLine(words)} <<'KADM_END'\n${base64Lines(input)}KADM_END`
}

async function answered(ask: Ask, lines: string, options?: AskOptions): Promise<Answer> {
  try {
    const answer = await ask(lines, options)
    if (answer.code !== 0 && answer.code !== nothingThere) throw printedError(answer.stderr)
    return answer
  } catch (error) {
    throw error instanceof TooMuchOutput ? new Error(`it is too large: ${error.message}`, { cause: error }) : error
  }
}

function writeLines(file: string, content: Buffer, { mode, keepMode, directoryMode = 0o755, owner }: WriteOptions): string {
  const hash = createHash('sha256').update(content).digest('hex')
  // A shell makes files of mode 0666 less the umask; what that cannot give is set after.
  const umask = (mode & 0o7111) === 0 ? octal(0o777 & ~mode) : '-'
  const by = owner === undefined ? '-' : `${owner.uid}:${owner.gid}`
  return withInput(
    [
      'k_write',
      plain(file),
      octal(mode),
      keepMode === true ? '1' : '0',
      octal(directoryMode),
      by,
      hash,
      String(content.length),
      randomName(),
      umask,
    ],
    content,
  )
}

/** Absolute, without what a shell function would have to take out again. */
function plain(file: string): string {
  return path.posix.resolve('/', file)
}

function randomName(): string {
  return randomBytes(4).toString('hex')
}

function octal(mode: number): string {
  return mode.toString(8)
}

/** `<mode in hex> <uid> <gid> <size>`; the kinds are those of stat(2). */
function fileStat(text: string): FileStat {
  const [mode = '', uid, gid, size] = text.trim().split(' ')
  const bits = Number.parseInt(mode, 16)
  return { kind: kinds[bits & 0o170000] ?? 'other', mode: bits & 0o7777, owner: { uid: Number(uid), gid: Number(gid) }, size: Number(size) }
}

const kinds: Readonly<Record<number, FileStat['kind']>> = { 0o100000: 'file', 0o040000: 'directory', 0o120000: 'link' }
