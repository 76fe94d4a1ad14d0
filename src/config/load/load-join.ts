/** The configuration of a join: file or flags, defaults, what the host says, all checks. */
import type { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { JsonObject } from '../../json.ts'
import { bindAddressProblems } from '../checks.ts'
import type { Problem } from '../decode.ts'
import { mergedPreflightErrors, refuseMixedFlags, withFlagsBesideFile, type GivenFlags } from '../flags.ts'
import { toJoinConfig } from '../join-config.ts'
import { joinDocuments, joinWordProblems } from '../join-flags.ts'
import { configProblems, wordProblems } from '../config-problems.ts'
import { readConfigFile } from './read-config-file.ts'
import type { JoinConfig } from '../model.ts'
import { resolveNodeKind } from './resolve-node.ts'

export interface LoadJoinOptions {
  /** Path of a configuration file on the host. */
  readonly file: string | undefined
  readonly flags: GivenFlags
  /** The argument: `host:port` of the API server. */
  readonly endpoint: string | undefined
  readonly host: Host
  readonly needs: {
    /** `false`: do not look for the container runtime, take containerd's socket. */
    readonly criSocket: boolean
    /** The file that stands for discovery where the words of the command have no place for it. */
    readonly discoveryFile: string | undefined
  }
}

/** Throws USAGE, CONFIG_UNREADABLE, CONFIG_SYNTAX, or CONFIG_INVALID with every problem in its details. */
export async function loadJoinConfig(
  options: LoadJoinOptions,
): Promise<{ readonly config: JoinConfig; readonly warnings: readonly string[] }> {
  const { file, flags, host, needs } = options
  const { documents, warnings } = await givenDocuments(options)
  const resolved = await resolveNodeKind('JoinConfiguration', documents, host, {
    strict: false,
    allowExperimental: false,
    detectCriSocket: needs.criSocket,
    ...(file !== undefined && { adjust: (join: JsonObject) => withFlagsBesideFile(join, flags) }),
  })
  const config = toJoinConfig(resolved.document)
  const address = config.controlPlane?.localAPIEndpoint.advertiseAddress
  const path = 'controlPlane.localAPIEndpoint.advertiseAddress'
  const problems = [...resolved.problems, ...(address === undefined ? [] : bindAddressProblems(address, resolved.problems, path))]
  if (problems.length > 0) throw file === undefined ? badWords(problems, options) : configProblems(problems, file)
  const { nodeRegistration } = config
  const ignorePreflightErrors = mergedPreflightErrors(nodeRegistration.ignorePreflightErrors, flags['ignore-preflight-errors'])
  return {
    config: { ...config, nodeRegistration: { ...nodeRegistration, ignorePreflightErrors } },
    warnings: [...warnings, ...resolved.warnings],
  }
}

function badWords(problems: readonly Problem[], { flags, endpoint, needs }: LoadJoinOptions): KadmError {
  const told = joinWordProblems(problems, { flags, endpoint, discoveryFile: needs.discoveryFile })
  const lacks = told.some(({ text }) => text === 'is missing')
  return lacks ? wordProblems(told, ['kadm token create --print-join-command   # on a control plane']) : wordProblems(told)
}

async function givenDocuments({ file, flags, endpoint, host, needs }: LoadJoinOptions): Promise<ReturnType<typeof joinDocuments>> {
  if (file === undefined) return joinDocuments({ flags, endpoint, discoveryFile: needs.discoveryFile })
  refuseMixedFlags(flags)
  const warnings = endpoint === undefined ? [] : [`"${endpoint}" is not used: the configuration file says where the API server is`]
  return { documents: await readConfigFile(file, host), warnings }
}
