/**
 * What only a look at a host itself tells of its links, disks and control groups. One command each; needs a shell, coreutils and nothing
 * else.
 */
import type { Argv, Host } from '../../host/host.ts'

export interface HostProbe {
  readonly links: readonly Link[]
  readonly disks: readonly Disk[]
  /** Type of the file system at /sys/fs/cgroup: `cgroup2fs` with version 2 alone. Empty when unknown. */
  readonly cgroup: string
  /** Names that the host was asked for and does not know. Empty too where it has no program to ask with. */
  readonly unknownNames: readonly string[]
  /** Of those that it was asked for. */
  readonly missingPrograms: readonly string[]
}

export interface Link {
  readonly device: string
  /** Bytes. */
  readonly mtu: number
  /** Lower case; all zeros on loopback, empty where the kind of link has none. */
  readonly mac: string
}

/** Of the file system that a directory is on, or will be on. Bytes. */
export interface Disk {
  readonly directory: string
  readonly free: number
  readonly size: number
}

export interface ProbeQuestions {
  /** Also of those that are not there yet. */
  readonly directories: readonly string[]
  /** Of these only where they are there. */
  readonly presentDirectories?: readonly string[]
  readonly names?: readonly string[]
  readonly programs?: readonly string[]
}

/** Changes nothing. What cannot be read is left out. Throws what the host throws. */
export async function probeHost(host: Pick<Host, 'query'>, questions: ProbeQuestions, signal: AbortSignal): Promise<HostProbe> {
  const { directories, presentDirectories = [], names = [], programs = [] } = questions
  const words = [
    ...directories.map((one) => `disk:${one}`),
    ...presentDirectories.map((one) => `present:${one}`),
    ...names.map((one) => `name:${one}`),
    ...programs.map((one) => `program:${one}`),
  ]
  const { stdout } = await host.query(shell(probeScript, words), { timeout: 10_000, signal })
  return parseProbe(stdout)
}

/**
 * Of what the script prints: `link eth0 1500 02:42:ac:11:00:02`, `disk /var/lib/etcd /dev/sda1 41152812 9999999 31152812 25% /`, `cgroup
 * cgroup2fs`, `unknown api.example.com`, `missing kubectl`.
 */
export function parseProbe(text: string): HostProbe {
  const lines = text.split('\n').map((line) => line.split(/\s+/))
  const of = (kind: string): readonly (readonly string[])[] => lines.filter(([first]) => first === kind)
  return {
    links: of('link').map(([, device = '', mtu, mac = '']) => ({ device, mtu: Number(mtu), mac: mac.toLowerCase() })),
    // From the end: the name of a file system may have spaces.
    disks: of('disk').flatMap((words) => {
      const at = words.findLastIndex((word) => /^\d+%$/.test(word))
      const [size, free] = [Number(words[at - 3]) * 1024, Number(words[at - 1]) * 1024]
      return at > 4 && size > 0 ? [{ directory: words[1] ?? '', free, size }] : []
    }),
    cgroup: of('cgroup')[0]?.[1] ?? '',
    unknownNames: of('unknown').map(([, name = '']) => name),
    missingPrograms: of('missing').map(([, program = '']) => program),
  }
}

/**
 * Seconds that each of some small writes took to reach the disk that this directory is on or will be on; further ones only where one of the
 * first was slow. Either lot ends after a second. The file has no name while it is written. Empty where that cannot be measured.
 */
export async function measureWrites(host: Pick<Host, 'query'>, directory: string, signal: AbortSignal): Promise<readonly number[]> {
  const measure = async (count: number): Promise<readonly number[]> => {
    const { stdout } = await host.query(shell(writeScript, [directory, String(count)]), { timeout: 10_000, signal })
    return [...stdout.matchAll(/copied, ([\d.e+-]+) s/g)].map(([, seconds]) => Number(seconds))
  }
  const some = await measure(firstWrites)
  return some.some((seconds) => seconds > slow) ? [...some, ...(await measure(furtherWrites))] : some
}

export const firstWrites = 25
export const furtherWrites = 200

/** Seconds. Half of what etcd wants at most. */
export const slow = 0.005

function shell(script: string, words: readonly string[]): Argv {
  return ['sh', '-c', script, 'sh', ...words]
}

/** The directory itself, or the nearest one above it that is there; in p. */
const nearest = 'near() { p=$1; while [ ! -d "$p" ] && [ -n "$p" ]; do p=${p%/*}; done; p=${p:-/}; }'

const probeScript = `${nearest}
for d in /sys/class/net/*; do
  a=; read -r m <"$d/mtu" && { read -r a <"$d/address" || :; } && echo "link \${d##*/} $m $a"
done 2>/dev/null
room() { near "$1"; df -Pk "$p" 2>/dev/null | { read -r x && read -r x && echo "disk $1 $x"; }; }
for w; do
  v=\${w#*:}
  case $w in
  disk:*) room "$v" ;;
  present:*) [ ! -d "$v" ] || room "$v" ;;
  name:*) ! command -v getent >/dev/null || timeout 5 getent ahosts "$v" >/dev/null 2>&1 || echo "unknown $v" ;;
  program:*) command -v "$v" >/dev/null || echo "missing $v" ;;
  esac
done
# What busybox calls UNKNOWN.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo cgroup cgroup2fs; else echo "cgroup $(stat -fc %T /sys/fs/cgroup 2>/dev/null)"; fi`

/** As etcd writes its log: 2300 bytes at a time, each on the disk before the next. The time is dd's own, without its start. */
const writeScript = `${nearest}
near "$1"; f=$p/.kadm-disk-$$
umask 077; (: >"$f") 2>/dev/null || exit 0
exec 3<>"$f"; rm -f "$f"
timeout 1 sh -c 'i=0; while [ $i -lt "$1" ]; do dd if=/dev/zero of=/proc/self/fd/3 bs=2300 count=1 seek=$i conv=notrunc oflag=dsync 2>&1; i=$((i + 1)); done' sh "$2"
exit 0`
