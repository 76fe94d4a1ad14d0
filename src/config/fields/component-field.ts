/** Fields of component configurations in bulk: kadm need know only names, types and what Go prints when they are empty. */
import type { Field, ValueType } from './field.ts'

type Extra = Pick<Field, 'optional' | 'printed' | 'default'>

/** One field for each name of a blank-separated list. */
export function fieldsOf(
  type: ValueType | 'string' | 'boolean' | 'integer' | 'number' | 'json',
  names: string,
  extra: Extra = {},
): readonly Field[] {
  const valueType: ValueType = typeof type === 'string' ? { kind: type } : type
  return names.split(' ').map((name) => ({ name, type: valueType, doc: '', ...extra }))
}

/** A duration that is no pointer in Go: always printed. */
export function durationsOf(names: string): readonly Field[] {
  return fieldsOf({ kind: 'duration' }, names, { optional: true, default: '0s' })
}

export function structOf(name: string, fields: readonly Field[], extra: Extra = {}): Field {
  return { name, type: { kind: 'object', fields }, doc: '', ...extra }
}

export const listOf = (kind: 'string' | 'integer'): ValueType => ({ kind: 'list', of: { kind } })
export const mapOf = (kind: 'string' | 'boolean' | 'json'): ValueType => ({ kind: 'map', of: { kind } })

const buffered: readonly Field[] = [...fieldsOf('boolean', 'splitStream'), ...fieldsOf('json', 'infoBufferSize', { default: '0' })]

/** `logging` of every component. */
export const loggingField = structOf('logging', [
  ...fieldsOf('string', 'format'),
  ...fieldsOf('json', 'flushFrequency', { printed: true, default: 0 }),
  ...fieldsOf('number', 'verbosity', { printed: true }),
  ...fieldsOf(
    {
      kind: 'list',
      of: {
        kind: 'object',
        fields: [...fieldsOf('string', 'filePattern', { printed: true }), ...fieldsOf('number', 'verbosity', { printed: true })],
      },
    },
    'vmodule',
  ),
  structOf('options', [structOf('text', buffered), structOf('json', buffered)]),
])
