/** What the applies of chaos do: from which cluster to which. */
import { newestKubernetes } from '../../src/config/own-version.ts'
import { olderKubernetes } from '../../src/sandbox/releases.ts'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { renewHosts } from '../../test/support/cluster.ts'
import { networkMark, type FileChanges, type FleetOperator, type Role } from '../../test/support/fleet-operator.ts'
import { giveDisk } from './faults.ts'

export interface Stage {
  readonly sandbox: Sandbox
  readonly operator: FleetOperator
}

export type ApplyName = 'make' | 'grow' | 'shrink' | 'control-planes' | 'upgrade'

export interface Apply {
  /** The cluster that is there before; absent: bare hosts. */
  readonly from?: Wanted
  readonly to: Wanted
  /** Clients come by the balancer. */
  readonly hasBalancer?: boolean
}

interface Wanted {
  readonly roles: Readonly<Record<string, Role>>
  /** Default: the newest. */
  readonly kubernetesVersion?: string
}

const one = { h1: 'control-plane' } as const
const two = { ...one, h2: 'worker' } as const

export const applies: Readonly<Record<ApplyName, Apply>> = {
  make: { to: { roles: two } },
  grow: { from: { roles: one }, to: { roles: two } },
  shrink: { from: { roles: two }, to: { roles: { ...one, h2: 'absent' } } },
  'control-planes': { to: { roles: { ...one, h2: 'control-plane', h3: 'control-plane' } }, hasBalancer: true },
  upgrade: { from: { roles: two, kubernetesVersion: olderKubernetes }, to: { roles: two } },
}

export function isApplyName(text: string): text is ApplyName {
  return Object.hasOwn(applies, text)
}

export function hostsOf({ to }: Apply): readonly string[] {
  return Object.keys(to.roles)
}

export interface Prepared {
  /** The path of the cluster file to be applied. */
  readonly file: string
  /** Why the apply that comes first was tried again, each time. */
  readonly retries: readonly string[]
}

/**
 * Fresh hosts, and the cluster that is there before.
 *
 * @param small the host whose disk will be filled
 */
export async function prepare(stage: Stage, apply: Apply, small?: string): Promise<Prepared> {
  const { sandbox } = stage
  const hosts = hostsOf(apply)
  // The others too: an etcd or a kubelet of the run before would go on knocking.
  await renewHosts(sandbox)
  if (small !== undefined) await giveDisk(sandbox, small)
  if (apply.from === undefined) return { file: await write(stage, apply, apply.to), retries: [] }
  await install(sandbox, hosts, apply.from)
  const retries = await mustApply(stage, await write(stage, apply, apply.from))
  await sandbox.network()
  await install(sandbox, hosts, apply.to)
  return { file: await write(stage, apply, apply.to), retries }
}

async function install(sandbox: Sandbox, hosts: readonly string[], { kubernetesVersion = newestKubernetes }: Wanted): Promise<void> {
  const installed = async (host: string): Promise<string> => (await sandbox.run(host, ['kubelet', '--version'])).trim()
  for (const host of hosts) if (!(await installed(host)).endsWith(kubernetesVersion)) await sandbox.version(host, kubernetesVersion)
}

/** What it leads to is not looked at: on a busy machine it may need a second and a third try. Returns why, for each try that failed. */
async function mustApply(stage: Stage, file: string): Promise<readonly string[]> {
  const retries: string[] = []
  for (;;) {
    const result = await stage.operator.kadm(['apply', '-f', file, '--yes'])
    if (result.exitCode === 0) return retries
    if (retries.length === 2) throw new Error(`the apply that comes first has failed:\n${result.stdout}${result.stderr}`)
    retries.push(whyAgain(result))
  }
}

/** A line. An apply that nothing disturbed and that failed all the same is as much a fault as a broken one that does not mend. */
export function whyAgain({ exitCode, stderr }: ProgramResult): string {
  if (exitCode === 0) return 'it left something to do'
  return /^error: .*$/m.exec(stderr)?.[0] ?? `exit code ${exitCode}`
}

async function write(
  { sandbox, operator }: Stage,
  { hasBalancer = false }: Apply,
  { roles, kubernetesVersion = newestKubernetes }: Wanted,
): Promise<string> {
  const controlPlaneEndpoint = hasBalancer ? `${sandbox.loadBalancer?.address}:6443` : undefined
  const changes: FileChanges = {
    kubernetesVersion,
    labels: { 'example.com/kind': 'chaos' },
    network: networkMark,
    kubelet: withoutEviction,
    ...(controlPlaneEndpoint !== undefined && { controlPlaneEndpoint }),
  }
  return operator.write(roles, changes)
}

/** A kubelet that has seen a full disk keeps Pods away for five minutes more: that is not what is looked at here. */
const withoutEviction = {
  evictionHard: { 'nodefs.available': '0%', 'nodefs.inodesFree': '0%', 'imagefs.available': '0%', 'imagefs.inodesFree': '0%' },
}
