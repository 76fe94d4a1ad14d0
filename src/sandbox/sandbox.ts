/** A sandbox that is up, as commands and tests use it. */
import { KadmError } from '../errors.ts'
import { type Addresses, addressesOf, balancerAddresses } from './addresses.ts'
import { setFrozen } from './cgroups.ts'
import { layClusterNetwork } from './cluster-network.ts'
import { ensureComponents } from './components.ts'
import { executeInHost, executeInteractively, mustExecute, putFile, sshArgv } from './execute.ts'
import { versionPrograms } from './host-layer.ts'
import { cutPower, hostLeader, switchOn, waitForHost } from './host-power.ts'
import { ensureImages } from './images.ts'
import { setLink } from './namespaces.ts'
import { renewHost } from './renew-host.ts'
import type { ProcessIdentity } from './processes.ts'
import type { ProgramArgv, ProgramOptions, ProgramResult } from './run-program.ts'
import { balancerName, readState, type SandboxState } from './state.ts'

export interface SandboxHost extends Addresses {
  /** h1, h2, ...: also what it calls itself and what the others know it by. */
  readonly name: string
}

export interface Sandbox {
  readonly name: string
  readonly hosts: readonly SandboxHost[]
  /** Present when it was made with a load balancer: port 6443. */
  readonly loadBalancer: SandboxHost | undefined
  readonly kubernetesVersion: string | undefined

  /** Runs a command as root of the host; resolves with any exit code. Default time limit 60_000 ms, then exit code 124. */
  exec(host: string, argv: ProgramArgv, options?: ProgramOptions): Promise<ProgramResult>
  /** The same, and throws SANDBOX_FAILED with its last words unless it exits with 0. Returns its standard output. */
  run(host: string, argv: ProgramArgv, options?: ProgramOptions): Promise<string>
  /** Runs a command as root of the host with kadm's own terminal, input and output; resolves with its exit code. */
  interact(host: string, argv: ProgramArgv): Promise<number>
  /** Puts a file there, atomically; default mode 0644. */
  put(host: string, path: string, content: string | Uint8Array, mode?: number): Promise<void>
  /** The command line of an ssh to the host, to be run on the machine by root. */
  sshArgv(host: string, command?: readonly string[]): ProgramArgv

  /** Pulls the host's network cable, and puts it in again. */
  cut(host: string): Promise<void>
  heal(host: string): Promise<void>
  /** Holds every process of the host, and lets them go on. */
  freeze(host: string): Promise<void>
  thaw(host: string): Promise<void>
  /** Power cut. The disk stays as it is. Resolves when the last process is gone. */
  kill(host: string): Promise<void>
  /** Power on; resolves when ssh and containerd answer. A host that is on stays on. */
  start(host: string): Promise<void>
  /** Waits until the host is up. `before`: the PID 1 of a boot that does not count, by `hostLeader` ahead of a restart from inside. */
  waitUp(host: string, before?: ProcessIdentity): Promise<void>
  /** A fresh machine in the place of the host: another disk, another ssh key, nothing of its cluster. */
  renew(host: string): Promise<void>

  /**
   * The pod network of the cluster, once its nodes are there; waits up to `timeout` ms (default 60_000) for their podCIDRs. To be repeated
   * after each join.
   */
  network(timeout?: number): Promise<void>
  /**
   * Puts kubeadm, kubelet and kubectl of another version there (0.2 s), and its images where the sandbox was not made with them (about 10
   * s: name the version in `furtherVersions`). The kubelet is not restarted.
   */
  version(host: string, version: string): Promise<void>
}

/** Throws SANDBOX_UNKNOWN when there is none of that name. */
export async function openSandbox(name: string): Promise<Sandbox> {
  const state = await readState(name)
  if (state === undefined)
    throw new KadmError('SANDBOX_UNKNOWN', `there is no sandbox "${name}"`, { remedy: [`kadm sandbox up --name ${name}`] })
  const known = (host: string) => knownHost(state, host)
  return {
    name,
    hosts: state.hosts.map((host) => ({ name: host, ...addressesOf(state, host) })),
    loadBalancer: state.loadBalancer ? { name: balancerName, ...balancerAddresses(state.subnet) } : undefined,
    kubernetesVersion: state.kubernetesVersion,
    exec: async (host, argv, options) => executeInHost(state, known(host), argv, options),
    run: async (host, argv, options) => mustExecute(state, known(host), argv, options),
    interact: async (host, argv) => executeInteractively(state, known(host), argv),
    put: async (host, path, content, mode) => putFile(state, known(host), path, content, mode),
    sshArgv: (host, command) => sshArgv(state, known(host), command),
    cut: async (host) => setLink(name, known(host), 'down'),
    heal: async (host) => setLink(name, known(host), 'up'),
    freeze: async (host) => setFrozen(state.cgroups, known(host), true),
    thaw: async (host) => setFrozen(state.cgroups, known(host), false),
    kill: async (host) => cutPower(state, known(host)),
    start: async (host) => start(state, known(host)),
    waitUp: async (host, before) => waitForHost(state, known(host), undefined, before),
    renew: async (host) => renewHost(state, known(host)),
    network: async (timeout) => layClusterNetwork(state, timeout),
    version: async (host, version) => replaceVersion(state, known(host), version),
  }
}

function knownHost(state: SandboxState, host: string): string {
  if (state.hosts.includes(host)) return host
  throw new KadmError('SANDBOX_UNKNOWN', `sandbox "${state.name}" has no host "${host}"`, {
    remedy: [`use one of ${state.hosts.join(', ')}`],
  })
}

async function start(state: SandboxState, host: string): Promise<void> {
  if ((await hostLeader(state.name, host)) === undefined) await switchOn(state, host)
  await waitForHost(state, host)
}

async function replaceVersion(state: SandboxState, host: string, version: string): Promise<void> {
  const quietly = { say: () => {} }
  const { bin } = await ensureComponents(version, quietly)
  for (const program of versionPrograms) await putFile(state, host, `/usr/bin/${program}`, { file: `${bin}/${program}` }, 0o755)
  if (state.kubernetesVersion === version || state.furtherVersions?.includes(version) === true) return
  const { tars } = await ensureImages(version, quietly)
  for (const file of tars) await mustExecute(state, host, ['ctr', '--namespace', 'k8s.io', 'images', 'import', '-'], { input: { file } })
}
