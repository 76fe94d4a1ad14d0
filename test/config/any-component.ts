/**
 * Kubelet and kube-proxy configurations with random fields, out of their tables: every field has a value of the type that the table says.
 */
import fc from 'fast-check'
import type { ComponentKind } from '../../src/config/component-config.ts'
import type { Field, ValueType } from '../../src/config/fields/field.ts'

export function anyComponent({ group, version, kind, fields }: ComponentKind): fc.Arbitrary<object> {
  return someOf(fields).map((content) => ({ apiVersion: `${group}/${version}`, kind, ...content }))
}

/** A handful of the fields, so that a document stays short. */
function someOf(fields: readonly Field[]): fc.Arbitrary<object> {
  return fc
    .subarray([...fields], { maxLength: Math.min(8, fields.length) })
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map(({ name, type }) => [name, valueOf(name, type)]))))
}

function valueOf(name: string, type: ValueType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'object':
      return someOf(type.fields)
    case 'list':
      return fc.array(valueOf(name, type.of), { maxLength: 2 })
    case 'map':
      return fc.dictionary(word, valueOf(name, type.of), { maxKeys: 2 })
    case 'boolean':
      return fc.boolean()
    case 'integer':
    case 'number':
      // Some are unsigned, some of 8 bits.
      return fc.integer({ min: 0, max: 100 })
    case 'duration':
      return fc.constantFrom('0s', '90s', '1h', '1.5h', '100ms', '-1m')
    case 'time':
      return fc.constantFrom('2030-01-31T12:00:00Z', '2030-01-31T12:00:00+01:00')
    case 'json':
      return name === 'flushFrequency' ? fc.constantFrom('5s', 5_000_000_000) : fc.constantFrom('1Gi', '0', '500m')
    default:
      return fc.oneof(word, fc.constantFrom('', 'yes', '0644', 'a: b', 'ünï'))
  }
}

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
