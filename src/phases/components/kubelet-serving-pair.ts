/**
 * The certificate and key that a kubelet makes itself for its port, at its first start: one file after the other, in place. Where the disk
 * was full or the power went in between, it fails at what is left of them whenever it starts again.
 */
import { X509Certificate } from 'node:crypto'
import type { ComponentConfig } from '../../config/model.ts'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'

const certificateFile = `${paths.kubeletPki}/kubelet.crt`
const keyFile = `${paths.kubeletPki}/kubelet.key`

/** Removes an unfinished pair. Tells whether it did: the kubelet makes another one when it starts. */
export type MendServingPair = () => Promise<boolean>

type KubeletHost = Pick<Host, 'readText' | 'stat' | 'query' | 'run'>

/**
 * To be asked while a kubelet does not come up, as often as one likes. What is being written just now is not taken for unfinished, and a
 * certificate that somebody else gives the kubelet is left alone.
 */
export function servingPairMender(
  host: KubeletHost,
  { document }: Pick<ComponentConfig, 'document'>,
  now = () => performance.now(),
): MendServingPair {
  if (document['tlsCertFile'] !== undefined || document['serverTLSBootstrap'] === true) return async () => false
  let seen: string | undefined
  let due = 0
  return async () => {
    if (now() < due) return false
    due = now() + pause
    const found = await unfinishedPair(host)
    const isLeft = found !== undefined && found === seen
    seen = found
    // By a command: what the kubelet has made itself is not noted in the journal, and an undo takes away what it makes next.
    if (isLeft) await host.run(['rm', '-f', certificateFile, keyFile])
    return isLeft
  }
}

/** Milliseconds between two looks: a kubelet writes both files within one. */
const pause = 2000

/** What is there of it; `undefined` when that is nothing, or all. */
async function unfinishedPair(host: KubeletHost): Promise<string | undefined> {
  const [certificate, key] = await Promise.all([host.readText(certificateFile), host.stat(keyFile)])
  if (certificate === undefined && key === undefined) return undefined
  const isWhole = isCertificate(certificate) && key !== undefined && (await isWholeKey(host))
  return isWhole ? undefined : `${key?.size} ${certificate}`
}

function isCertificate(text = ''): boolean {
  try {
    return new X509Certificate(text).raw.length > 0
  } catch {
    return false
  }
}

/** Looked at where it is: the key of a kubelet does not leave its host. */
async function isWholeKey(host: Pick<Host, 'query'>): Promise<boolean> {
  return (await host.query(['grep', '-q', '^-----END .*PRIVATE KEY-----$', keyFile])).exitCode === 0
}
