import type { Host } from '../host.ts'
import { emptyDirectory } from '../empty-directory.ts'
import { journalFile, podLogFile, resetBegunFile, stateDirectory } from './journal-file.ts'
import { removeRunSecrets } from '../run-secrets.ts'
import { digestKeyFile } from './secret-digest.ts'

/**
 * Removes the journal with the copies that it refers to: a host that was given up has nothing to go on with. What else lies in kadm's
 * directory stays.
 */
export async function removeJournal(host: Host): Promise<void> {
  await removeRunSecrets(host)
  await emptyDirectory(host, `${stateDirectory}/backups`)
  await host.removeDirectory(`${stateDirectory}/backups`)
  await host.removeFile(journalFile)
  await host.removeFile(digestKeyFile)
  await host.removeFile(podLogFile)
  await host.removeFile(resetBegunFile)
  await host.removeDirectory(stateDirectory)
}
