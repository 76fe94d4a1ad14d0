/**
 * Fields of API objects by their dotted paths: `spec.template.spec.containers.0.image`. What is not there, or is of another type, is empty.
 */

export function valueAt(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined), object)
}

export function textAt(object: unknown, path: string): string {
  const value = valueAt(object, path)
  return typeof value === 'string' ? value : ''
}

export function numberAt(object: unknown, path: string): number | undefined {
  const value = valueAt(object, path)
  return typeof value === 'number' ? value : undefined
}

export function listAt(object: unknown, path: string): readonly unknown[] {
  const value = valueAt(object, path)
  return Array.isArray(value) ? value : []
}

/** `True`, `False` or `Unknown`; '' where there is no such condition. */
export function conditionAt(object: unknown, type: string): string {
  return textAt(
    listAt(object, 'status.conditions').find((condition) => textAt(condition, 'type') === type),
    'status',
  )
}
