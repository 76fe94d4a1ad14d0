import type { InitConfig } from '../../config/model.ts'
import type { Host } from '../../host/host.ts'

export interface AddonWork {
  readonly config: InitConfig
  readonly host: Host
  /** Takes the lines about patches. */
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}
