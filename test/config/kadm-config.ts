/** The same verdict from kadm, in this process. */
import { KadmError } from '../../src/errors.ts'
import type { Host } from '../../src/host/host.ts'
import { migrateConfig, validateConfig, type ValidateOptions } from '../../src/config/validate.ts'
import { fixtureHost } from './fixture-host.ts'

export interface KadmVerdict {
  readonly exitCode: number
  readonly stdout: string
  readonly error: string
  readonly paths: readonly string[]
}

export async function kadmConfig(
  command: 'validate' | 'migrate',
  text: string,
  options: ValidateOptions = {},
  host: Host = fixtureHost(),
): Promise<KadmVerdict> {
  try {
    const stdout =
      command === 'validate' ? (await validateConfig(text, options, host), 'ok\n') : (await migrateConfig(text, options, host)).text
    return { exitCode: 0, stdout, error: '', paths: [] }
  } catch (error) {
    if (!(error instanceof KadmError)) throw error
    const lines = error.details.map((line) => line.replace(/^Kube(?:let|Proxy)Configuration: (?=\S+: )/, ''))
    const paths = [...new Set(lines.map((line) => line.slice(0, line.indexOf(': '))))].toSorted()
    return { exitCode: 1, stdout: '', error: [error.message, ...error.details].join('\n'), paths }
  }
}
