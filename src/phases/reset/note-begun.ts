import { resetBegunFile } from '../../host/journal-file.ts'
import type { ResetRun } from './reset-run.ts'

/**
 * Before the first change of a whole reset. A removal that is cut off after it has a kubelet that is stopped or a member that has left, and
 * still has files that say it is a node: what tells the one from the other is this.
 */
export async function noteBegun({ host, isWhole }: Pick<ResetRun, 'host' | 'isWhole'>): Promise<void> {
  if (isWhole && host.recording === undefined) await host.writeFile(resetBegunFile, '', { mode: 0o600, directoryMode: 0o700 })
}
