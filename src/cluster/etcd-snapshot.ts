/** A snapshot of etcd's data: what `etcdctl snapshot save` writes, over the JSON gateway. */
import { createHash } from 'node:crypto'
import { KadmError, messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { EtcdCredentials } from './etcd-endpoints.ts'
import { connectEtcd } from './etcd-members.ts'
import { requester } from './request.ts'
import { parseJson } from '../json.ts'

export interface SnapshotOptions {
  /** Client URL of the member to ask. */
  readonly server: string
  readonly credentials: EtcdCredentials
  /** Path on the host; what is there is replaced. */
  readonly file: string
  readonly signal: AbortSignal
}

export interface Snapshot {
  /** Bytes. */
  readonly size: number
  /** SHA-256 of the data, hex: etcd's own, with which what arrived was compared. */
  readonly sha256: string
  /** The newest revision when it was begun: all up to it is in the snapshot. */
  readonly revision: string
}

/**
 * Asks one member, writes as it comes (0600), and compares the checksum that etcd sends at the end. `undefined` where the host only
 * records. Throws ETCD_FAILED or
 * FILE_FAILED (a full disk); the part that was written is removed then.
 */
export async function saveSnapshot(
  host: Pick<Host, 'appendFile' | 'removeFile' | 'dial' | 'recording'>,
  options: SnapshotOptions,
): Promise<Snapshot | undefined> {
  const { server, credentials, file, signal } = options
  if (host.recording !== undefined) {
    host.recording.wouldWaitFor(`a snapshot of etcd at ${server}, in ${file}`)
    return undefined
  }
  const etcd = requester({
    server,
    ...credentials,
    signal,
    dial: (address) => host.dial(address),
    noAnswer: (_, cause) => failed(server, messageOf(cause)),
  })
  const member = connectEtcd({ server, ...credentials, signal, dial: (address) => host.dial(address) })
  await host.removeFile(file)
  try {
    const { revision } = await member.status()
    const { status, chunks } = await etcd.stream({ method: 'POST', path: '/v3/maintenance/snapshot', body: {} }, 30_000)
    if (status >= 400) throw failed(server, `status ${status}`)
    return { ...(await receive(chunks, { server, write: (bytes) => host.appendFile(file, bytes, 0o600) })), revision }
  } catch (error) {
    await host.removeFile(file)
    throw error
  } finally {
    etcd.close()
    member.close()
  }
}

const checksumLength = 32
/** Each write reaches the disk before the next. */
const writeAtOnce = 4 * 1024 * 1024

async function receive(
  chunks: AsyncIterable<string>,
  { server, write }: { readonly server: string; readonly write: (bytes: Uint8Array) => Promise<void> },
): Promise<Omit<Snapshot, 'revision'>> {
  const hash = createHash('sha256')
  let size = 0
  // The checksum is the end of the file, and not a part of what it is of.
  let tail = Buffer.alloc(0)
  let pending: Buffer[] = []
  let waiting = 0
  for await (const blob of messagesOf(chunks, server)) {
    const seen = Buffer.concat([tail, blob])
    const end = Math.max(0, seen.length - checksumLength)
    hash.update(seen.subarray(0, end))
    tail = seen.subarray(end)
    size += blob.length
    pending.push(blob)
    waiting += blob.length
    if (waiting < writeAtOnce) continue
    await write(Buffer.concat(pending))
    pending = []
    waiting = 0
  }
  await write(Buffer.concat(pending))
  const sha256 = hash.digest()
  if (size <= checksumLength || !sha256.equals(tail))
    throw failed(server, `what arrived (${size} bytes) has not the checksum that etcd says`)
  return { size, sha256: sha256.toString('hex') }
}

/** The gateway writes a JSON object a line. */
async function* messagesOf(chunks: AsyncIterable<string>, server: string): AsyncGenerator<Buffer> {
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield blobIn(line, server)
  }
  if (rest.trim() !== '') yield blobIn(rest, server)
}

function blobIn(line: string, server: string): Buffer {
  const message = parseJson(line) as { result?: { blob?: string }; error?: { message?: string } } | undefined
  if (message?.result === undefined) throw failed(server, message?.error?.message ?? 'it answers something else')
  return Buffer.from(message.result.blob ?? '', 'base64')
}

function failed(server: string, why: string): KadmError {
  return new KadmError('ETCD_FAILED', `etcd at ${server} gives no snapshot: ${why}`, {
    remedy: ['crictl logs $(crictl ps -q --name etcd)', 'run the same command again: nothing was changed yet'],
  })
}
