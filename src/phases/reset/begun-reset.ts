/**
 * A whole reset that has begun and has not ended. A removal that is cut off after it has a kubelet that is stopped or a member that has
 * left, and still has files that say it is a node: what tells the one from the other is the note of this.
 */
import { createHash } from 'node:crypto'
import { paths } from '../../config/paths.ts'
import type { Host } from '../../host/host.ts'
import { resetBegunFile } from '../../host/journal/journal-file.ts'
import { fieldOf, parseJson } from '../../json.ts'
import type { ResetRun } from './reset-run.ts'

/** In JSON on the host. */
export interface BegunReset {
  readonly criSocket: string
  /** SHA-256 of kubelet.conf, in hex; `null`: there was none. */
  readonly kubeletConf: string | null
}

/** Before the first change. One that goes on keeps the note of what was there at first. */
export async function noteBegun({ config, host, isWhole }: Pick<ResetRun, 'config' | 'host' | 'isWhole'>): Promise<void> {
  if (!isWhole || host.recording !== undefined || (await findBegunReset(host)) !== undefined) return
  const begun: BegunReset = { criSocket: config.criSocket, kubeletConf: await hashOfKubeletConf(host) }
  await host.writeFile(resetBegunFile, `${JSON.stringify(begun)}\n`, { mode: 0o600, directoryMode: 0o700 })
}

/** `undefined`: none is unfinished. Of an older kadm's note, and one that cannot be read, only that there is one. Throws FILE_FAILED. */
export async function findBegunReset(host: Pick<Host, 'readText'>): Promise<Partial<BegunReset> | undefined> {
  const text = await host.readText(resetBegunFile)
  if (text === undefined) return undefined
  const begun = parse(text)
  const now = await hashOfKubeletConf(host)
  // Another than then: kubeadm, which does not know the note, has made a node of the host again.
  return now === null || begun.kubeletConf === undefined || begun.kubeletConf === now ? begun : undefined
}

function parse(text: string): Partial<BegunReset> {
  const begun = parseJson(text)
  const [criSocket, kubeletConf] = [fieldOf(begun, 'criSocket'), fieldOf(begun, 'kubeletConf')]
  return {
    ...(typeof criSocket === 'string' && { criSocket }),
    ...((typeof kubeletConf === 'string' || kubeletConf === null) && { kubeletConf }),
  }
}

async function hashOfKubeletConf(host: Pick<Host, 'readText'>): Promise<string | null> {
  const text = await host.readText(paths.kubeletConf)
  return text === undefined ? null : createHash('sha256').update(text).digest('hex')
}
