/** The files of a sandbox's host: what is there, and whether it means the same as on another. */
import { X509Certificate } from 'node:crypto'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'

/** By path: kind, mode, owner and the content's hash (or a link's target) in one line. */
export type FileSnapshot = ReadonlyMap<string, string>

/**
 * Everything below these directories; one that is not there has nothing below it. Sockets and the like count by their name. `except`:
 * patterns as of find's -path; what is below them is not read at all, so the gigabytes of a container runtime cost nothing.
 */
export async function snapshotFiles(
  sandbox: Sandbox,
  host: string,
  directories: readonly string[],
  except: readonly string[] = [],
): Promise<FileSnapshot> {
  const passOver = except.flatMap((pattern) => ['-path', pattern, '-prune', '-o'])
  // What goes away meanwhile makes find fail; it is not there, then.
  const find = async (...action: readonly string[]): Promise<readonly string[]> =>
    lines((await sandbox.exec(host, ['find', ...directories, '-xdev', ...passOver, ...action])).stdout)
  const hashOf = new Map((await find('-type', 'f', '-exec', 'sha256sum', '{}', '+')).map((line) => [line.slice(66), line.slice(0, 64)]))
  // %l is the target of a link, and empty of others.
  const entries = await find('-printf', '%y %m %U:%G %l\\t%p\\n')
  return new Map(
    entries.map((line) => {
      const [facts = '', file = ''] = line.split('\t')
      return [file, `${facts.trim()} ${hashOf.get(file) ?? ''}`.trim()]
    }),
  )
}

/** `+ path`, `- path`, `~ path: before -> after`. */
export function changesBetween(before: FileSnapshot, after: FileSnapshot): readonly string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)]
    if (old === now) return []
    if (old === undefined) return [`+ ${name}`]
    return now === undefined ? [`- ${name}`] : [`~ ${name}: ${old} -> ${now}`]
  })
}

/** Content of every file below the directories, by path. */
export async function readFiles(sandbox: Sandbox, host: string, directories: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const script = `find "$@" -xdev -type f 2>/dev/null | while read -r f; do printf '%s %s %s\\n' "$f" "$(stat -c %a "$f")" "$(base64 -w0 "$f")"; done`
  const text = await sandbox.run(host, ['sh', '-c', script, 'read', ...directories])
  return new Map(
    lines(text).map((line) => {
      const [file = '', mode = '', content = ''] = line.split(' ')
      return [file, `mode ${mode}\n${Buffer.from(content, 'base64').toString()}`]
    }),
  )
}

/** The files with keys, hashes and dates of certificates taken out: two hosts that were set up alike have the same. */
export function meaningOfFiles(files: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...files].map(([name, text]) => [name, meaningOfText(text)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** PEM blocks, also in base64, become what they say: a certificate its names, issuer and purposes, a key its kind. */
export function meaningOfText(text: string): string {
  const decoded = text.replace(/\bLS0tLS1CRUdJT[A-Za-z0-9+/=]+/g, (data) => `\n${Buffer.from(data, 'base64').toString()}`)
  return decoded.replace(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g, (pem, kind: string) =>
    kind === 'CERTIFICATE' ? certificateMeaning(pem.replaceAll('\\n', '\n')) : `<${kind}>`,
  )
}

function certificateMeaning(pem: string): string {
  const { subject, issuer, subjectAltName, keyUsage, ca, validFromDate, validToDate } = new X509Certificate(pem)
  const days = Math.round((validToDate.getTime() - validFromDate.getTime()) / 86_400_000)
  return `<certificate ${JSON.stringify({ subject, issuer, subjectAltName, keyUsage, ca, days })}>`
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
