/** `kadm config diff`, `explain` and `schema` for a user: what kubeadm does not have. */
import { diffConfigs, type Difference } from '../../config/diff.ts'
import { explainField, type ExplainedField } from '../../config/explain.ts'
import { readConfigText } from '../../config/load/read-config-file.ts'
import { configSchema } from '../../config/reference.ts'
import { KadmError } from '../../errors.ts'
import { localHost } from '../../host/local-host.ts'
import type { Json } from '../../json.ts'
import type { CommandInput } from '../command.ts'
import { kadmOutput, outputPrinter } from '../text/output.ts'

/** Resolves with 2 when there are differences and `--exit-code` was given. */
export async function diff({ flags, arguments: [before, after], io }: CommandInput): Promise<number> {
  const print = outputPrinter<readonly Difference[]>(flags, {
    kind: 'ConfigDiff',
    apiVersion: kadmOutput,
    object: (differences) => ({ differences: differences.map((difference) => ({ ...difference })) }),
    text: (differences) => differences.map((difference) => `${differenceText(difference)}\n`).join(''),
  })
  if (before === undefined || after === undefined)
    throw new KadmError('USAGE', 'two files are needed', { remedy: ['kadm config diff old.yaml new.yaml'] })
  const host = localHost()
  try {
    const [old, now] = [
      { file: before, text: await readConfigText(before, host) },
      { file: after, text: await readConfigText(after, host) },
    ]
    const differences = await diffConfigs(old, now, host)
    io.stdout.write(await print(differences))
    return flags.isOn('exit-code') && differences.length > 0 ? 2 : 0
  } finally {
    await host.close()
  }
}

export async function explain({ flags, arguments: [words], io }: CommandInput): Promise<void> {
  const print = outputPrinter<readonly ExplainedField[]>(flags, {
    kind: 'ConfigFields',
    apiVersion: kadmOutput,
    object: (fields) => ({ fields: fields.map((field) => ({ ...field })) }),
    text: (fields) => fields.map(explainedText).join('\n'),
  })
  io.stdout.write(await print(explainField(words)))
}

export async function schema({ io }: CommandInput): Promise<void> {
  io.stdout.write(`${JSON.stringify(configSchema(), undefined, 2)}\n`)
}

/** `~ ClusterConfiguration.networking.podSubnet: "10.1.0.0/16" -> "10.2.0.0/16"`; `+` and `-` for what only one file has. */
function differenceText({ kind, path, old, new: now }: Difference): string {
  const where = path === '' ? kind : `${kind}.${path}`
  if (old === undefined) return `+ ${where}: ${JSON.stringify(now)}`
  return now === undefined ? `- ${where}: ${JSON.stringify(old)}` : `~ ${where}: ${JSON.stringify(old)} -> ${JSON.stringify(now)}`
}

function explainedText({ kind, path, type, default: value, defaultNote, flag, since, doc }: ExplainedField): string {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['type', type],
    ['default', defaultNote ?? (value === undefined ? undefined : defaultText(value))],
    ['flag', flag === undefined ? undefined : `--${flag}`],
    ['since', since],
  ]
  const known = rows.filter(([, text]) => text !== undefined).map(([name, text]) => `  ${`${name}:`.padEnd(9)}${text}\n`)
  return `${path === '' ? kind : `${kind}.${path}`}\n${doc === '' ? '' : `  ${doc}\n`}${known.join('')}`
}

function defaultText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
