/** A configuration file as text and as documents. */
import { dirname } from 'node:path'
import { KadmError, messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { Remedy } from '../config-problems.ts'
import { readDocuments, type ConfigDocument } from '../documents.ts'

/** The documents of a file on the host. Throws CONFIG_UNREADABLE, CONFIG_SYNTAX, CONFIG_INVALID. */
export async function readConfigFile(file: string, host: Pick<Host, 'readText'>): Promise<readonly ConfigDocument[]> {
  return readNamedDocuments(await readConfigText(file, host), file)
}

/** Throws CONFIG_UNREADABLE. */
export async function readConfigText(file: string, host: Pick<Host, 'readText'>): Promise<string> {
  const text = await readText(file, host)
  if (text === undefined) {
    throw new KadmError('CONFIG_UNREADABLE', `there is no configuration file "${file}"`, {
      remedy: [`ls "${dirname(file)}"   # the files that are there`],
    })
  }
  return text
}

/** As `readDocuments`, with the file's name in what it throws. `remedy`: of a file that is not of kubeadm's kinds. */
export function readNamedDocuments(text: string, file: string, remedy?: Remedy): readonly ConfigDocument[] {
  try {
    return readDocuments(text).map((document) => ({ ...document, file }))
  } catch (error) {
    if (!(error instanceof KadmError)) throw error
    const { code, message, details } = error
    throw new KadmError(code, code === 'CONFIG_SYNTAX' ? `"${file}" is ${message}` : `"${file}": ${message}`, {
      remedy: remedy ?? error.remedy,
      details,
      cause: error,
    })
  }
}

async function readText(file: string, host: Pick<Host, 'readText'>): Promise<string | undefined> {
  try {
    return await host.readText(file)
  } catch (error) {
    throw new KadmError('CONFIG_UNREADABLE', `the configuration file cannot be read: ${messageOf(error)}`, {
      remedy: error instanceof KadmError ? error.remedy : [`ls -ld "${file}"`],
      cause: error,
    })
  }
}
