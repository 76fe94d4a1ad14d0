/**
 * Runs a program as on a fresh host, cheaply: private /etc and /var/lib, a network of its own with one address, a host name.
 * For what needs no cluster: certificates, kubeconfigs, manifests, configuration, dry runs. What it left behind comes back as a tree.
 */
import { spawn } from 'node:child_process'
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Ended } from './command-line.ts'

export interface JailOptions {
  /** Files to be there before the start: absolute path below /etc or /var/lib, or `/tmp/jail/...` (which is a private folder). */
  readonly files?: Readonly<Record<string, string | { readonly content: string; readonly mode: number }>>
  readonly environment?: Readonly<Record<string, string>>
  readonly hostname?: string
  /** Address and prefix on eth0 with a default route; `null`: only loopback. Default 192.168.77.10/24. */
  readonly address?: string | null
  readonly address6?: string
  /** The machine's own network, to reach what a test runs on loopback. Only for what binds and changes nothing there. Default false. */
  readonly sharesNetwork?: boolean
  /** Go on behind a command that fails. Default false. */
  readonly keepGoing?: boolean
}

/** Exit code of the last command that ran, output of all of them. */
export interface JailResult extends Ended {
  /** Of each command that ran. */
  readonly results: readonly Ended[]
  /** Every file, link and directory made or changed, by absolute path (`/etc/...`, `/var/lib/...`, `/tmp/jail/...`). */
  readonly tree: ReadonlyMap<string, TreeEntry>
}

export interface TreeEntry {
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** File content, link target; empty for others. */
  readonly content: Buffer
}

export interface JailCommands {
  readonly commands: readonly (readonly string[])[]
  readonly keepGoing: boolean
}

/**
 * Several commands in one jail, one after the other; stops at the first that fails unless `keepGoing`. The program `kadm` is the working
 * tree's.
 */
export async function runJailed(commands: readonly (readonly string[])[], options: JailOptions = {}): Promise<JailResult> {
  const work = await mkdtemp(path.join(tmpdir(), 'kadm-jail-'))
  try {
    const own = { '/etc': path.join(work, 'etc'), '/var/lib': path.join(work, 'lib'), '/tmp/jail': path.join(work, 'jail') }
    for (const dir of [...Object.values(own), path.join(work, 'etc-work')]) await mkdir(dir, { recursive: true })
    for (const [file, given] of Object.entries(options.files ?? {})) {
      const target = outside(own, file)
      await mkdir(path.dirname(target), { recursive: true })
      const { content, mode } = typeof given === 'string' ? { content: given, mode: 0o644 } : given
      await writeFile(target, content, { mode })
    }
    await writeFile(
      path.join(work, 'commands.json'),
      JSON.stringify({ commands, keepGoing: options.keepGoing ?? false } satisfies JailCommands),
    )
    const jail = await start(work, options)
    const results = await resultsIn(work)
    // What the jail itself has to say is the reason when nothing ran, or not all of it.
    const stderr = results.map((one) => one.stderr).join('') + jail.stderr
    const exitCode = jail.exitCode === 0 ? (results.at(-1)?.exitCode ?? 0) : jail.exitCode
    const tree = new Map<string, TreeEntry>()
    for (const [inside, dir] of Object.entries(own)) await collect(dir, inside, tree)
    return { exitCode, stdout: results.map((one) => one.stdout).join(''), stderr, results, tree }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

const script = `set -eu
work=$1; shift
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$work/etc,workdir=$work/etc-work" /etc
mount --bind "$work/lib" /var/lib
mkdir -p /tmp/jail; mount --bind "$work/jail" /tmp/jail
mount -t tmpfs -o mode=755 tmpfs /run
hostname "$1"
[ "$2$3" = shared ] || ip link set lo up
if [ "$2" = shared ]; then :; elif [ -n "$2$3" ]; then
  ip link add eth0 type veth peer name eth1; ip link set eth0 up; ip link set eth1 up
  [ -z "$2" ] || { ip addr add "$2" dev eth0; ip route add default dev eth0; }
  [ -z "$3" ] || { ip -6 addr add "$3" dev eth0 nodad; ip -6 route add default dev eth0; }
fi
shift 3
cd /tmp/jail
exec "$@"`

const runner = fileURLToPath(new URL('jail-runner.ts', import.meta.url))

async function resultsIn(work: string): Promise<readonly Ended[]> {
  try {
    return JSON.parse(await readFile(path.join(work, 'results.json'), 'utf8')) as readonly Ended[]
  } catch {
    return [] // a jail that was not even made, or was ended while it wrote
  }
}

/** Milliseconds: far more than any jail takes, however busy the machine is. */
const longestJail = 120_000

function start(
  work: string,
  { environment = {}, hostname = 'node1', address = '192.168.77.10/24', address6 = '', sharesNetwork = false }: JailOptions,
): Promise<Omit<Ended, 'stdout'>> {
  const inner = [
    'bash',
    '-c',
    script,
    'jail',
    work,
    hostname,
    sharesNetwork ? 'shared' : (address ?? ''),
    sharesNetwork ? '' : address6,
    process.execPath,
    runner,
    `${work}/commands.json`,
    `${work}/results.json`,
  ]
  const child = spawn(
    'unshare',
    ['--mount', ...(sharesNetwork ? [] : ['--net']), '--uts', '--pid', '--fork', '--kill-child', '--mount-proc', ...inner],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...environment },
      timeout: longestJail,
      killSignal: 'SIGKILL',
    },
  )
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ exitCode: code ?? 1, stderr: signal === null ? stderr : `${stderr}the jail was ended after ${longestJail / 1000} s\n` }),
    )
  })
}

function outside(own: Readonly<Record<string, string>>, file: string): string {
  for (const [inside, dir] of Object.entries(own)) if (file.startsWith(`${inside}/`)) return path.join(dir, file.slice(inside.length))
  throw new Error(`a jail has no ${file}: only what is below ${Object.keys(own).join(', ')}`)
}

async function collect(dir: string, inside: string, tree: Map<string, TreeEntry>): Promise<void> {
  for (const name of await readdir(dir)) {
    const file = path.join(dir, name)
    const stat = await lstat(file)
    const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'link' : 'other'
    const content = kind === 'file' ? await readFile(file) : Buffer.from(kind === 'link' ? await readlink(file) : '')
    tree.set(`${inside}/${name}`, { kind, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid, content })
    if (kind === 'directory') await collect(file, `${inside}/${name}`, tree)
  }
}
