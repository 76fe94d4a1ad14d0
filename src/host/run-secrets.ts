/**
 * What a run makes up or is told and has to know again when it was killed: the bootstrap token, the certificate key. One file each (0600) in
 * /var/lib/kadm/run-secrets, only for as long as the run is not finished.
 */
import type { Host } from './host.ts'
import { stateDirectory } from './journal/journal-file.ts'

/**
 * The secret of this name that the run with the same fingerprint has kept, or else a new one, which is kept before it is handed out.
 * The name is a file name. Nothing is kept on a recording host.
 */
export async function keepRunSecret(
  host: Pick<Host, 'readText' | 'writeFile' | 'makeDirectory' | 'recording'>,
  { fingerprint, name, make }: { readonly fingerprint: string; readonly name: string; readonly make: () => string | Promise<string> },
): Promise<string> {
  const file = `${directory}/${name}`
  const kept = (await host.readText(file))?.split('\n') ?? []
  if (kept[0] === fingerprint && kept[1] !== undefined && kept[1] !== '') return kept[1]
  const secret = await make()
  if (host.recording !== undefined) return secret
  await host.makeDirectory(directory, 0o700)
  await host.writeFile(file, `${fingerprint}\n${secret}\n`, { mode: 0o600, secret: true })
  return secret
}

/** To be called when the run is finished. */
export async function removeRunSecrets(host: Pick<Host, 'list' | 'removeFile' | 'removeDirectory'>): Promise<void> {
  for (const name of (await host.list(directory)) ?? []) await host.removeFile(`${directory}/${name}`)
  await host.removeDirectory(directory)
}

const directory = `${stateDirectory}/run-secrets`
