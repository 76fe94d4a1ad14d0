/** The configuration of a run: file or flags, defaults, what the host says, all checks. */
import { dirname } from 'node:path'
import type { Host } from '../host/host.ts'
import { KadmError, messageOf } from '../errors.ts'
import { invalid, readDocuments, type ConfigDocument } from './documents.ts'
import type { Problem } from './decode.ts'
import { isWord, problemText, toldByWords, wordsOf, type WordOfPath } from './flag-problems.ts'
import { adjustInit, initDocuments, mergedPreflightErrors, mixedFlags, type InitFlags } from './flags.ts'
import { toClusterConfiguration, toInitConfiguration } from './init-config.ts'
import { isGlobalUnicast, isLoopback, parseIp } from './ip-address.ts'
import type { FetchVersion } from './kubernetes-version.ts'
import type { InitConfig } from './model.ts'
import { resolveInit } from './resolve-init.ts'

export interface LoadInitOptions {
  /** Path of a configuration file on the host. */
  readonly file?: string
  readonly flags: InitFlags
  readonly host: Host
  /** Looks up version labels; without it the own version is taken, with a warning. */
  readonly fetchVersion?: FetchVersion
  /** `criSocket` false: do not look for the container runtime, take containerd's socket. */
  readonly needs: { readonly criSocket: boolean }
  /** For each bootstrap token that is not given; random when absent. */
  readonly newToken?: () => Promise<string>
}

/** Throws CONFIG_UNREADABLE, CONFIG_SYNTAX, or CONFIG_INVALID with every problem in its details. */
export async function loadInitConfig(
  options: LoadInitOptions,
): Promise<{ readonly config: InitConfig; readonly warnings: readonly string[] }> {
  const { file, flags, host } = options
  if (file !== undefined) refuseMixedFlags(flags)
  const documents = file === undefined ? initDocuments(flags) : await readConfigFile(file, host)
  const resolved = await resolveInit(documents, host, {
    strict: false,
    allowExperimental: false,
    detectCriSocket: options.needs.criSocket,
    fetchVersion: options.fetchVersion ?? noFetch,
    ...(options.newToken !== undefined && { newToken: options.newToken }),
    ...(file !== undefined && { adjust: (init) => adjustInit(init, flags) }),
  })
  const init = toInitConfiguration(resolved.init)
  const problems = [...resolved.problems, ...bindAddressProblems(init.localAPIEndpoint.advertiseAddress, resolved.problems)]
  if (problems.length > 0) throw givenProblems(problems, wordsOf.init, file)
  const ignorePreflightErrors = mergedPreflightErrors(init.nodeRegistration.ignorePreflightErrors, flags['ignore-preflight-errors'])
  const config: InitConfig = {
    init: { ...init, nodeRegistration: { ...init.nodeRegistration, ignorePreflightErrors } },
    cluster: toClusterConfiguration(resolved.cluster, resolved.ciVersion),
    kubelet: resolved.kubelet,
    kubeProxy: resolved.kubeProxy,
  }
  return { config, warnings: resolved.warnings }
}

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

type Remedy = readonly [string, ...string[]]

/** All problems of a file as one error: a line for each in its details. Without a file: of a text that has no name. */
export function configProblems(
  problems: readonly Problem[],
  file?: string,
  remedy: Remedy = [
    file === undefined ? again : `kadm config validate --config "${file}"   # correct what is listed, then this looks without acting`,
  ],
): KadmError {
  const lines = problems.map(problemText)
  const where = file === undefined ? 'the configuration' : `"${file}"`
  const message = lines.length === 1 ? `${where} cannot work: ${lines[0]}` : `${where} has ${lines.length} problems`
  return invalid(message, remedy, lines)
}

/** Of what was given as a file, or else as words. */
export function givenProblems(problems: readonly Problem[], words: WordOfPath, file: string | undefined): KadmError {
  return file === undefined ? wordProblems(toldByWords(problems, words)) : configProblems(problems, file)
}

/** The same of the words of a command line; `problems` as `toldByWords` has them. */
export function wordProblems(problems: readonly Problem[], remedy: Remedy = [again]): KadmError {
  const [line = '', ...others] = problems.map(problemText)
  if (!problems.every(({ path }) => isWord(path))) return configProblems(problems, undefined, remedy)
  return invalid(others.length === 0 ? line : `the command line has ${problems.length} problems`, remedy, [line, ...others])
}

const again = 'correct what is listed and run it again'

export const noFetch: FetchVersion = () => Promise.reject(new Error('looking up versions is off'))

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

/** Throws USAGE. */
export function refuseMixedFlags(flags: InitFlags): void {
  const names = Object.keys(flags).filter((name) => flags[name] !== undefined)
  const mixed = mixedFlags(['config', ...names])
  if (mixed.length === 0) return
  throw new KadmError('USAGE', `--config cannot be mixed with ${mixed.map((name) => `--${name}`).join(', ')}`, {
    remedy: ['put these values into the file, or leave --config out'],
  })
}

/** An API server is announced at an address that others can reach; loopback stands for one that is on the loopback interface. */
export function bindAddressProblems(
  address: string,
  known: readonly Problem[],
  path = 'localAPIEndpoint.advertiseAddress',
): readonly Problem[] {
  const ip = parseIp(address)
  if (ip === undefined || isLoopback(ip) || isGlobalUnicast(ip) || known.some((problem) => problem.path === path)) return []
  return [{ path, text: `"${address}" is not an address that other nodes can reach` }]
}
