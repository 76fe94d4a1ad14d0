import { objectsAt, part, textAt } from '../config/document-fields.ts'
import type { JsonObject } from '../json.ts'

/** Where a volume of a Pod lies on the host; `undefined` when it has no such volume. */
export function hostPathOf(pod: JsonObject, volume: string): string | undefined {
  const found = objectsAt(part(pod, 'spec'), 'volumes').find(({ name }) => name === volume)
  const path = found === undefined ? '' : textAt(part(found, 'hostPath'), 'path')
  return path === '' ? undefined : path
}
