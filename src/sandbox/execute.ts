/**
 * Commands and files in a running host, from outside: as its root, in its namespaces and control groups, with no capability that its own
 * root lacks.
 */
import path from 'node:path'
import { KadmError } from '../errors.ts'
import { addressesOf } from './addresses.ts'
import { hostDirectory } from './host-disk.ts'
import { hostLeader } from './host-power.ts'
import { namespaceName } from './namespaces.ts'
import { runInteractively } from './run-interactively.ts'
import { type ProgramArgv, type ProgramOptions, type ProgramResult, runProgram } from './run-program.ts'
import { sandboxDirectory, type SandboxState } from './state.ts'

/** Runs a command in the host and resolves with any exit code. Some 10 ms of its own. Throws SANDBOX_FAILED when the host is off. */
export async function executeInHost(
  state: SandboxState,
  host: string,
  argv: ProgramArgv,
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { environment = {}, ...rest } = options
  const inside = await commandInHost(state, host, argv, environment)
  return runProgram(inside.argv, { ...rest, environment: inside.environment })
}

/** The same with kadm's own terminal, input and output. Resolves with the exit code. */
export async function executeInteractively(state: SandboxState, host: string, argv: ProgramArgv): Promise<number> {
  const inside = await commandInHost(state, host, argv, { TERM: process.env['TERM'] ?? 'dumb' })
  return runInteractively(inside.argv, inside.environment)
}

async function commandInHost(
  state: SandboxState,
  host: string,
  argv: ProgramArgv,
  environment: Readonly<Record<string, string>>,
): Promise<{ argv: ProgramArgv; environment: Record<string, string> }> {
  const leader = await hostLeader(state.name, host)
  if (leader === undefined) {
    throw new KadmError('SANDBOX_FAILED', `host "${host}" of sandbox "${state.name}" is off`, {
      remedy: [`kadm sandbox start ${host} --name ${state.name}`],
    })
  }
  const groups = state.cgroups.map(({ options: hierarchy, folder }) => path.join(folder, host, hierarchy === 'v2' ? 'kadm-exec' : ''))
  const variables = Object.entries({ ...hostEnvironment, ...environment }).map(([name, value]) => `${name}=${value}`)
  // Guard: the control groups hold what the host may not open, and what comes in from outside has the machine's capabilities until setpriv.
  const script = 'for g in $SANDBOX_CGROUPS; do echo $$ >"$g/cgroup.procs" || exit 125; done; exec "$@"'
  const enter = ['nsenter', '-t', String(leader.pid), '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wd=/']
  const inside = ['setpriv', '--bounding-set=-sys_time,-sys_module', 'env', '-i', '-C', '/root', ...variables, ...argv]
  return { argv: ['sh', '-c', script, 'exec', ...enter, ...inside], environment: { SANDBOX_CGROUPS: groups.join(' ') } }
}

/** The same, and throws SANDBOX_FAILED with its last words unless it exits with 0. Returns its output. */
export async function mustExecute(state: SandboxState, host: string, argv: ProgramArgv, options: ProgramOptions = {}): Promise<string> {
  const result = await executeInHost(state, host, argv, options)
  if (result.exitCode === 0) return result.stdout
  throw new KadmError('SANDBOX_FAILED', `"${argv.join(' ')}" on ${host} failed with exit code ${result.exitCode}`, {
    remedy: [`kadm sandbox ssh ${host} --name ${state.name}`],
    details: `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-20),
  })
}

/** Puts a file into the host, whole or not at all, with its mode from the first byte. Missing directories are made. */
export async function putFile(
  state: SandboxState,
  host: string,
  file: string,
  content: string | Uint8Array | { readonly file: string },
  mode = 0o644,
): Promise<void> {
  const script = 'set -e; mkdir -p "$(dirname "$1")"; part=$1.part$$; umask 077; cat >"$part"; chmod "$2" "$part"; mv "$part" "$1"'
  await mustExecute(state, host, ['sh', '-c', script, 'put', file, mode.toString(8)], { input: content })
}

/** The command line of an ssh to the host with the sandbox's own key, from the controller's network. To be run on the machine, by root. */
export function sshArgv(state: SandboxState, host: string, command: readonly string[] = []): ProgramArgv {
  const directory = sandboxDirectory(state.name)
  const { address } = addressesOf(state, host)
  const options = [
    '-o',
    `UserKnownHostsFile=${path.join(hostDirectory(state.name, host), 'known_hosts')}`,
    '-o',
    'StrictHostKeyChecking=yes',
    '-o',
    'ConnectTimeout=3',
    '-o',
    'LogLevel=ERROR',
  ]
  return [...controllerArgv(state), 'ssh', '-F', '/dev/null', '-i', path.join(directory, 'id'), ...options, `root@${address}`, ...command]
}

/** The start of a command line that is to run on the machine with the controller's network: from there all hosts can be reached. */
export function controllerArgv(state: SandboxState): ProgramArgv {
  // Not `ip netns exec`: that one hides /sys/fs/cgroup.
  return ['nsenter', `--net=/run/netns/${namespaceName(state.name, 'controller')}`]
}

const hostEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  USER: 'root',
  LANG: 'C.UTF-8',
}
