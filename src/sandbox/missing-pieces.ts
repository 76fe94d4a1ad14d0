/** What of the machine a sandbox is made with; what is lacking is installed where apt can, and named in one error where it cannot. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { KadmError } from '../errors.ts'
import type { Making } from './progress.ts'
import { runWatched } from './watched-program.ts'

/** Programs by the Debian package that brings them. */
const programs = {
  mmdebstrap: 'mmdebstrap',
  ip: 'iproute2',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  flock: 'util-linux',
  setpriv: 'util-linux',
  tar: 'tar',
  // for the one executable that goes on every host
  patchelf: 'patchelf',
  strip: 'binutils',
  curl: 'curl',
} as const

/** Ubuntu has no keys of Debian unless asked. */
const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/**
 * Looks for root, a Node that kadm runs on and the programs above, installs what is lacking with apt-get and looks again.
 * Throws SANDBOX_MISSING_PIECE naming all that is still missing.
 */
export async function ensurePieces({ say, signal }: Making): Promise<void> {
  const problems: string[] = []
  if (process.getuid?.() !== 0) problems.push('it needs root: network namespaces and mounts of other hosts are made')
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 18)) problems.push(`node ${process.version} is older than 22.18`)
  if (process.platform !== 'linux') problems.push(`it needs Linux, this is ${process.platform}`)
  if (problems.length > 0) throw missing(problems, ['sudo npm start'])
  const packages = await lackingPackages()
  if (packages.length === 0) return
  const apt = await findProgram('apt-get')
  const install = `apt-get update && apt-get install ${packages.join(' ')}`
  if (apt === undefined)
    throw missing([`programs of ${packages.join(', ')}`], [`${install} # or your system's own packages of these names`])
  say(`installing ${packages.join(', ')}`)
  const environment = { DEBIAN_FRONTEND: 'noninteractive' }
  await runWatched([apt, 'update', '-q'], { environment, signal, remedy: [install] })
  await runWatched([apt, 'install', '-q', '-y', '--no-install-recommends', ...packages], { environment, signal, remedy: [install] })
  const still = await lackingPackages()
  if (still.length > 0) throw missing([`programs of ${still.join(', ')}, although apt-get installed them`], [install])
}

/** Path of a Go that can build Kubernetes. Throws SANDBOX_MISSING_PIECE when there is none or it is older than 1.26. */
export async function requireGo({ signal }: Pick<Making, 'signal'>): Promise<string> {
  const remedy = ['install Go 1.26 or later: https://go.dev/doc/install', 'go version'] as const
  const go = (await findProgram('go')) ?? (await firstExecutable(['/usr/local/go/bin/go', '/usr/lib/go/bin/go']))
  if (go === undefined) throw missing(['Go, which the real Kubernetes is built with'], remedy)
  const { stdout } = await promisify(execFile)(go, ['env', 'GOVERSION'], {
    env: { ...process.env, GOTOOLCHAIN: 'local' },
    ...(signal === undefined ? {} : { signal }),
  })
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout) ?? []
  if (Number(major) < 1 || (Number(major) === 1 && Number(minor) < 26) || major === undefined)
    throw missing([`Go 1.26 or later (${go} is ${stdout.trim()})`], remedy)
  return go
}

async function lackingPackages(): Promise<readonly string[]> {
  const lacking = new Set<string>()
  for (const [program, name] of Object.entries(programs)) if ((await findProgram(program)) === undefined) lacking.add(name)
  if ((await firstExecutable([debianKeyring], constants.R_OK)) === undefined) lacking.add('debian-archive-keyring')
  return [...lacking]
}

/** Absolute path of a program on PATH or where the system's own lie. */
async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  return firstExecutable(folders.filter((folder) => path.isAbsolute(folder)).map((folder) => path.join(folder, name)))
}

async function firstExecutable(files: readonly string[], mode = constants.X_OK): Promise<string | undefined> {
  for (const file of files) {
    try {
      await access(file, mode)
      return file
    } catch {
      // the next one
    }
  }
  return undefined
}

function missing(problems: readonly string[], remedy: readonly [string, ...string[]]): KadmError {
  return new KadmError('SANDBOX_MISSING_PIECE', `this machine lacks what a sandbox needs: ${problems.join('; ')}`, {
    remedy,
    details: problems,
  })
}
