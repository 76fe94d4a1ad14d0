/** `-o`: results as text for people, or as objects of output.kubeadm.k8s.io for programs, byte for byte as kubeadm prints them. */
import { KadmError } from '../../errors.ts'
import type { Json, JsonObject } from '../../json.ts'
import { jsonEscape, printableJson } from '../../progress/printable.ts'
import type { Flag, FlagValues } from '../command.ts'

/** Prints one result of the command after the other; returns the text for it. */
export type Printer<Result> = (result: Result) => Promise<string>

export interface ResultForms<Result> {
  readonly kind: string
  /** kubeadm's when absent. */
  readonly apiVersion?: string
  /** The fields behind `kind` and `apiVersion`, in kubeadm's order; those that are `undefined` are left out. */
  readonly object: (result: Result) => Readonly<Record<string, Json | undefined>>
  /** `index`: how many were printed before. */
  readonly text: (result: Result, index: number) => string
}

const kubeadmOutput = 'output.kubeadm.k8s.io/v1alpha3'

/** Of objects that kubeadm does not have. */
export const kadmOutput = 'output.kadm.dev/v1alpha1'

const templates = new Set(['go-template', 'go-template-file', 'template', 'templatefile', 'jsonpath', 'jsonpath-as-json', 'jsonpath-file'])

export const outputFlags: readonly Flag[] = [
  { name: 'output', short: 'o', kind: 'text', default: 'text', doc: 'Output format: text, json, yaml or kyaml' },
  {
    name: 'allow-missing-template-keys',
    kind: 'switch',
    default: 'true',
    doc: 'Accepted for kubeadm; kadm has no templates',
    hidden: true,
  },
  {
    name: 'show-managed-fields',
    kind: 'switch',
    default: 'false',
    doc: 'Accepted for kubeadm; what is printed has no managed fields',
    hidden: true,
  },
]

/** Of commands that have no other formats. */
export const textOrJsonFlag: Flag = { name: 'output', short: 'o', kind: 'text', default: 'text', doc: 'text or json' }

/** Throws USAGE for another format. */
export function textOrJson(flags: FlagValues): 'text' | 'json' {
  const given = flags.text('output')
  if (given === 'text' || given === 'json') return given
  throw new KadmError('USAGE', `there is no output format "${given}"`, { remedy: ['use -o text or json'] })
}

/** Throws USAGE for another format: before anything is done, so that nobody has to do it again. */
export function outputPrinter<Result>(
  flags: FlagValues,
  { kind, apiVersion = kubeadmOutput, object, text }: ResultForms<Result>,
): Printer<Result> {
  const given = flags.text('output') ?? ''
  let printed = 0
  const full = (result: Result): JsonObject => defined({ kind, apiVersion, ...object(result) })
  switch (given === 'text' ? given : given.toLowerCase()) {
    case 'text':
      return async (result) => text(result, printed++)
    case 'json':
      return async (result) => `${dumpJson(full(result))}\n`
    case 'yaml': {
      return async (result) => {
        const { dumpYaml } = await import('../../config/yaml.ts')
        return `${printed++ > 0 ? '---\n' : ''}${dumpYaml(full(result))}`
      }
    }
    case 'kyaml':
      return async (result) => (await import('./kyaml.ts')).dumpKyaml(full(result))
    default:
      throw unknownFormat(given)
  }
}

/** As Go's encoding/json: what could end a script in a page is escaped. So is what could steer a terminal, which Go leaves as it is. */
function dumpJson(value: JsonObject): string {
  return printableJson(value, 4).replaceAll(/[<>&\u2028\u2029]/g, jsonEscape)
}

function defined(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

function unknownFormat(given: string): KadmError {
  const name = given.split('=')[0] ?? ''
  const what = templates.has(name) ? `kadm has no templates for its output: -o "${name}"` : `there is no output format "${given}"`
  return new KadmError('USAGE', what, {
    remedy: ['use -o text, json, yaml or kyaml', "kadm version -o json | jq -r '.clientVersion.gitVersion'   # takes a field out of JSON"],
  })
}
