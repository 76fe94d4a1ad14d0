/** `kadm token create`, `delete` and `list` for a user: words checked before anything is sent, results printed. */
import { mixedFlags } from '../../config/flags.ts'
import { loadTokens } from '../../config/load/load-tokens.ts'
import type { BootstrapToken } from '../../config/model.ts'
import { KadmError, messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { instant } from '../../host/instant.ts'
import { caHashes } from '../../pki/ca-hash.ts'
import { clusterToJoin } from '../../pki/kubeconfig/kubeconfig-file.ts'
import { addSignatures } from '../../tokens/add-signatures.ts'
import { parseToken, tokenIdOf } from '../../tokens/bootstrap-token.ts'
import { joinCommandLine } from '../../tokens/join-command.ts'
import { createToken, deleteToken, listTokens } from '../../tokens/tokens-in-cluster.ts'
import type { CommandInput } from '../command.ts'
import { hostFlagNames } from '../flags/host-flags.ts'
import { outputPrinter } from '../text/output.ts'
import { tokenRow } from '../text/token-row.ts'
import { withUserCluster } from '../user-cluster.ts'

export async function createTokens(input: CommandInput): Promise<void> {
  const {
    flags,
    io,
    signal,
    arguments: [given],
  } = input
  const key = flags.text('certificate-key') ?? ''
  const file = flags.text('config') ?? ''
  refuseMixedFlags(flags.given)
  if (key !== '' && !flags.isOn('print-join-command')) {
    throw usage(
      '--certificate-key is for the command that --print-join-command prints',
      'kadm token create --print-join-command --certificate-key KEY',
    )
  }
  if (given !== undefined && given !== '') parseToken(given)
  if (file !== '' && given !== undefined) io.stderr.write('WARNING: the tokens of the file are made; the one on the command line is not\n')
  await withUserCluster(input, async ({ host, kubeconfig, connect }) => {
    const { tokens, warnings } = await loadTokens(file === '' ? { flags: tokenFlags(input) } : { file }, host)
    for (const warning of warnings) io.stderr.write(`WARNING: ${warning}\n`)
    const [first] = tokens
    if (first === undefined) throw usage(`"${file}" has no bootstrapTokens`, 'kadm token create')
    // Before anything is made: a kubeconfig that makes no join command would leave a token behind that nobody was told.
    const result = flags.isOn('print-join-command') ? await joinLine(host, kubeconfig, first.token, key) : first.token
    const cluster = await connect()
    for (const token of tokens) await createToken(cluster, token, { now: host.now(), signal })
    await addSignatures(cluster, tokens, { signal })
    return `${result}\n`
  })
}

export async function deleteTokens(input: CommandInput): Promise<void> {
  const words = input.arguments
  if (words.length === 0) throw usage('no token to delete was given', 'kadm token delete abcdef', 'kadm token list')
  words.forEach(tokenIdOf)
  await withUserCluster(input, async ({ connect, recorded }) => {
    const cluster = await connect()
    const missing: string[] = []
    for (const word of words) {
      const { id, existed } = await deleteToken(cluster, word)
      if (existed) input.io.stdout.write(`bootstrap token "${id}" deleted\n`)
      else missing.push(id)
    }
    if (missing.length === 0) return ''
    const error = new KadmError('API_REFUSED', `there is no bootstrap token ${missing.map((id) => `"${id}"`).join(', ')}`, {
      remedy: ['kadm token list'],
    })
    if (!recorded) throw error
    input.io.stderr.write(`WARNING: ${error.message}\n`)
    return ''
  })
}

export async function printTokens(input: CommandInput): Promise<void> {
  const { flags, io } = input
  const print = outputPrinter<BootstrapToken>(flags, {
    kind: 'BootstrapToken',
    object: tokenObject,
    text: (token, index) => tokenRow(token, index, new Date()),
  })
  await withUserCluster(input, async ({ connect }) => {
    const { tokens, malformed } = await listTokens(await connect())
    for (const { message } of malformed) io.stderr.write(`WARNING: ${message}\n`)
    let text = ''
    for (const token of tokens) text += await print(token)
    return text
  })
}

function tokenObject({ token, description, expires, usages, groups }: BootstrapToken) {
  return {
    token,
    description: description || undefined,
    expires: expires && instant(expires),
    usages: usages.length > 0 ? usages : undefined,
    groups: groups.length > 0 ? groups : undefined,
  }
}

async function joinLine(host: Host, kubeconfig: string, token: string, certificateKey: string): Promise<string> {
  const { server, certificateAuthority = '' } = await clusterToJoin(host, kubeconfig)
  try {
    return joinCommandLine({
      endpoint: endpointOf(server),
      token,
      caHashes: caHashes(certificateAuthority),
      ...(certificateKey !== '' && { controlPlane: { certificateKey } }),
    })
  } catch (cause) {
    throw new KadmError(
      'KUBECONFIG_INVALID',
      `kubeconfig "${kubeconfig}" has no server or no certificate authority for a join command: ${messageOf(cause)}`,
      {
        remedy: ['kadm token create --print-join-command --kubeconfig /etc/kubernetes/admin.conf'],
        cause,
      },
    )
  }
}

/** As it stands there: a URL's `host` leaves https's default port out, which a join command needs. Throws a TypeError. */
function endpointOf(server: string): string {
  if (!URL.canParse(server)) throw new TypeError(`its server is "${server}"`)
  return server.replace('https://', '')
}

function tokenFlags({ flags, arguments: [token] }: CommandInput) {
  const text = (name: string) => flags.text(name) ?? ''
  return {
    token: token ?? '',
    ttl: text('ttl'),
    description: text('description'),
    usages: flags.list('usages'),
    groups: flags.list('groups'),
  }
}

function refuseMixedFlags(given: ReadonlySet<string>): void {
  // Where to work is no part of what the file says.
  const mixed = mixedFlags([...given].filter((name) => !hostFlagNames.has(name)))
  if (mixed.length > 0)
    throw usage(`--config cannot be mixed with ${mixed.map((name) => `--${name}`).join(', ')}`, 'kadm token create --config FILE')
}

function usage(message: string, ...remedy: readonly [string, ...string[]]): KadmError {
  return new KadmError('USAGE', message, { remedy })
}
