/** Do the widest packets of a host get to the others in one piece? Asked with ping, where the host has it. */
import type { Host } from '../../host/host.ts'

export interface PathTarget {
  readonly name: string
  readonly address: string
  /** Bytes that both ends' links take. */
  readonly mtu: number
}

/**
 * Warnings, one for each target that small packets reach and wide ones do not; at most 2 s for all. A host that nothing answers says
 * nothing of packets.
 */
export async function pathWarnings(
  from: { readonly name: string; readonly host: Pick<Host, 'query'> },
  targets: readonly PathTarget[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (targets.length === 0) return []
  const words = targets.map(({ address, mtu }) => `${address},${Math.min(mtu - headers(address), mostPayload)}`)
  const { stdout } = await from.host.query(['sh', '-c', pings, 'sh', ...words], { timeout: 10_000, signal })
  const lines = stdout.split('\n').map((line) => /^(\S+) (narrow|wide) (.*)$/.exec(line))
  return targets.flatMap(({ name, address, mtu }) => {
    const told = lines.find((line) => line?.[1] === address)
    if (told?.[2] !== 'narrow') return []
    const path = /mtu ?= ?(\d+)/.exec(told[3] ?? '')?.[1]
    const why = path === undefined ? 'and nothing on the way says why' : `something on the way takes ${path}`
    const remedy =
      path === undefined
        ? 'let ICMP "fragmentation needed" through, or set a smaller MTU on both'
        : `set the MTU of both to ${path}, or tell the pod network ${path} less its own header`
    return [`packets of ${mtu} bytes do not get from ${from.name} to ${name} at ${address}, ${why}: ${remedy}`]
  })
}

/** Of IP and ICMP, bytes. */
function headers(address: string): number {
  return address.includes(':') ? 48 : 28
}

/** The most that ping sends. */
const mostPayload = 65_507

/**
 * A line for each target that answers: `<address> wide`, or `narrow` and what ping said. busybox has no -M: its words are not those of a
 * packet that was sent.
 */
const pings = `for x; do (
  a=\${x%,*}
  o=$(ping -n -c 1 -W 1 -M do -s "\${x##*,}" "$a" 2>&1) && echo "$a wide " && exit
  case $o in *'bytes of data'*) ;; *) exit;; esac
  ping -n -c 1 -W 1 "$a" >/dev/null 2>&1 && echo "$a narrow $(printf %s "$o" | tr '\\n' ' ')"
) & done
wait`
