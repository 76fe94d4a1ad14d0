import type { KubernetesObject } from '../cluster/cluster.ts'
import type { JsonObject } from '../config/model.ts'

/** An object of the API as plain data: it can be sent to the API, patched, and written as YAML. */
export type Manifest = KubernetesObject & JsonObject
