/**
 * The certificate and key that a kubelet makes itself for its port, at its first start: one file after the other, in place. Where the disk
 * was full or the power went in between, it fails at what is left of them whenever it starts again.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'

const certificateFile = `${paths.kubeletPki}/kubelet.crt`
const keyFile = `${paths.kubeletPki}/kubelet.key`

/** Removes an unfinished pair. Tells whether it did: the kubelet makes another one when it starts. */
export type MendServingPair = () => Promise<boolean>

/** To be asked while a kubelet does not come up, as often as one likes. What is being written just now is not taken for unfinished. */
export function servingPairMender(host: Pick<Host, 'readText' | 'removeFile'>, now = () => performance.now()): MendServingPair {
  let seen: string | undefined
  let due = 0
  return async () => {
    if (now() < due) return false
    due = now() + pause
    const found = await unfinishedPair(host)
    const isLeft = found !== undefined && found === seen
    seen = found
    if (isLeft) for (const file of [certificateFile, keyFile]) await host.removeFile(file)
    return isLeft
  }
}

/** Milliseconds between two looks: a kubelet writes both files within one. */
const pause = 2000

/** What is there of it; `undefined` when that is nothing, or all. */
async function unfinishedPair(host: Pick<Host, 'readText'>): Promise<string | undefined> {
  const [certificate, key] = await Promise.all([certificateFile, keyFile].map((file) => host.readText(file)))
  if (certificate === undefined && key === undefined) return undefined
  return isPair(certificate, key) ? undefined : `${certificate}\n${key}`
}

function isPair(certificate = '', key = ''): boolean {
  try {
    return new X509Certificate(certificate).raw.length > 0 && createPrivateKey(key).type === 'private'
  } catch {
    return false
  }
}
