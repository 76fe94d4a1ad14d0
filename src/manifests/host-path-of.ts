import type { JsonObject } from '../config/model.ts'
import { isJsonObject, objectsIn } from './json-value.ts'

/** Where a volume of a Pod lies on the host; `undefined` when it has no such volume. */
export function hostPathOf({ spec }: JsonObject, volume: string): string | undefined {
  const volumes = isJsonObject(spec) ? objectsIn(spec['volumes']) : []
  const source = volumes.find(({ name }) => name === volume)?.['hostPath']
  const path = isJsonObject(source) ? source['path'] : undefined
  return typeof path === 'string' && path !== '' ? path : undefined
}
