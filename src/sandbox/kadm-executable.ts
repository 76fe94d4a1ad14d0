/** The kadm that hosts of a sandbox get. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { KadmError, messageOf } from '../errors.ts'
import type { Making } from './progress.ts'

export interface KadmExecutable {
  /** The one-file `kadm`: it needs nothing of a host but its libc. Hard-link or copy it to a host's `/usr/bin/kadm`. */
  readonly file: string
  /**
   * The folder that its first start unpacks. Hard-linked into a host as `/var/cache/kadm/<hash>` (the folders above it owned by root, mode
   * 0755) the first start is as quick as all later ones: 25 ms in place of 430. Nothing writes to its files in place.
   */
  readonly extracted: string
  readonly hash: string
}

/**
 * This kadm when it is itself the executable; else `dist/kadm`, built anew only when the sources changed (8 s; 50 ms to see that they did
 * not). Errors: SANDBOX_FAILED.
 */
export async function ensureKadmExecutable({ say, signal }: Making): Promise<KadmExecutable> {
  const self = process.env['KADM_EXECUTABLE']
  const extracted = path.dirname(process.execPath)
  // Node beside the program's start file: then the executable's launcher started this process, not just some ancestor of it.
  if (self !== undefined && existsSync(path.join(extracted, 'start.mjs'))) return { file: self, extracted, hash: path.basename(extracted) }
  const script = fileURLToPath(new URL('../../tools/package.ts', import.meta.url))
  if (!existsSync(script)) throw failed(`"${script}" is not there: this kadm was not started from its sources or as one executable`)
  say('packaging kadm as one executable')
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--json'], signal === undefined ? {} : { signal })
    return parsePackaged(stdout)
  } catch (error) {
    signal?.throwIfAborted()
    throw failed(messageOf(error), error)
  }
}

function parsePackaged(text: string): KadmExecutable {
  const value = JSON.parse(text) as Partial<Record<'file' | 'extracted' | 'hash', unknown>>
  const { file, extracted, hash } = value
  if (typeof file !== 'string' || typeof extracted !== 'string' || typeof hash !== 'string')
    throw new Error(`tools/package.ts said "${text.trim()}"`)
  return { file, extracted, hash }
}

function failed(why: string, cause?: unknown): KadmError {
  return new KadmError('SANDBOX_FAILED', 'the executable "kadm" for the hosts could not be made', {
    remedy: ['npm run package'],
    details: why.split('\n').slice(0, 20),
    cause,
  })
}
