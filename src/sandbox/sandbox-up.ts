/** `kadm sandbox up`: hosts on this one machine, from nothing to ssh. */
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { KadmError } from '../errors.ts'
import { addressesOf, freeSubnet } from './addresses.ts'
import { readCgroupHierarchies } from './cgroups.ts'
import { makeDisk } from './host-disk.ts'
import { makeCommonLayer, makeVersionLayer } from './host-layer.ts'
import { switchOn, waitForHost } from './host-power.ts'
import { startLoadBalancer } from './load-balancer.ts'
import { makeNetwork, plugIn } from './namespaces.ts'
import { collectPieces, type Pieces } from './pieces.ts'
import type { Making } from './progress.ts'
import { mustRun } from './run-program.ts'
import { releaseOf } from './releases.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'
import {
  claimSandboxDirectory,
  compiledFolder,
  readState,
  sandboxDirectory,
  sandboxExists,
  sandboxNames,
  type SandboxState,
  writeState,
} from './state.ts'
import { sandboxScripts, takeDown } from './take-down.ts'

export interface SandboxSettings extends Making {
  readonly name: string
  /** How many hosts, from 1. More than 5 with a kubelet on each meet the kernel's default of 128 inotify instances. */
  readonly hosts: number
  /** With its v. Absent: bare hosts with containerd, without Kubernetes. */
  readonly kubernetesVersion?: string
  /** Further versions whose images are to be on every host, for upgrades. */
  readonly furtherVersions?: readonly string[]
  readonly loadBalancer?: boolean
  /** kadm's project folder: hosts run kadm out of it as it is now, and see each change of it at once. Default: `$KADM_SOURCE`. */
  readonly source?: string
}

/**
 * Makes what the cache lacks, then the sandbox, and resolves when ssh and containerd answer on each host. What was begun is taken down
 * again when it fails or is aborted. Throws SANDBOX_EXISTS, SANDBOX_MISSING_PIECE, SANDBOX_FAILED.
 */
export async function sandboxUp(settings: SandboxSettings): Promise<Sandbox> {
  if (process.getuid?.() !== 0) throw new KadmError('NOT_ROOT', 'a sandbox can only be made by root', { remedy: ['sudo kadm sandbox up'] })
  checkSettings(settings)
  if ((await sandboxNames()).includes(settings.name)) throw sandboxExists(settings.name)
  const pieces = await collectPieces(settings)
  return raiseSandbox(settings, pieces)
}

/** What can be told to be wrong before anything is built: that may take minutes. Throws USAGE, VERSION_UNSUPPORTED. */
export function checkSettings({ name, hosts, kubernetesVersion, furtherVersions = [] }: Omit<SandboxSettings, keyof Making>): void {
  sandboxDirectory(name)
  if (!Number.isInteger(hosts) || hosts < 1 || hosts > mostHosts) {
    throw new KadmError('USAGE', `a sandbox cannot have "${hosts}" hosts`, { remedy: [`use a number from 1 to ${mostHosts}`] })
  }
  for (const version of kubernetesVersion === undefined ? [] : [kubernetesVersion, ...furtherVersions]) releaseOf(version)
}

const mostHosts = 100 // their addresses end in 11 and up

/** The second half of `sandboxUp`: the sandbox out of pieces that are all there. */
export async function raiseSandbox(settings: SandboxSettings, pieces: Pieces): Promise<Sandbox> {
  await claimSandboxDirectory(settings.name)
  try {
    return await raise(settings, pieces)
  } catch (error) {
    await takeDown(settings.name).catch(() => {}) // the first failure is the one to tell
    throw error
  }
}

async function raise(settings: SandboxSettings, pieces: Pieces): Promise<Sandbox> {
  const { name, say, signal } = settings
  const started = performance.now()
  const state = await newState(settings, pieces)
  await writeState(state)
  await prepareFolder(state, pieces)
  await makeNetwork(name, state.subnet)
  await allEnded(
    state.hosts.map(async (host) => {
      await allEnded([makeDisk(state, host), plugIn(name, host, addressesOf(state, host), state.subnet)])
      signal?.throwIfAborted()
      await switchOn(state, host)
    }),
  )
  const balancer = state.loadBalancer ? startLoadBalancer(state, signal) : undefined
  await allEnded([balancer, ...state.hosts.map((host) => waitForHost(state, host, signal))])
  say(
    `sandbox "${name}": ${state.hosts.length === 1 ? '1 host' : `${state.hosts.length} hosts`} up in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  )
  return openSandbox(name)
}

/** Waits for all of them, also when one fails: what is still being made cannot be taken down. Throws the first failure. */
async function allEnded(works: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((work) => work.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function newState(
  { name, hosts, kubernetesVersion, furtherVersions, loadBalancer = false }: SandboxSettings,
  pieces: Pieces,
): Promise<SandboxState> {
  const others = await Promise.all((await sandboxNames()).filter((other) => other !== name).map(readState))
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
  const subnet = freeSubnet(
    others.flatMap((other) => (other === undefined ? [] : [other.subnet])),
    addresses,
  )
  if (subnet === undefined)
    throw new KadmError('SANDBOX_FAILED', 'no 192.168.N.0/24 is free for another sandbox', { remedy: ['kadm sandbox status'] })
  return {
    name,
    subnet,
    hosts: Array.from({ length: hosts }, (_, index) => `h${index + 1}`),
    loadBalancer,
    image: pieces.image,
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(furtherVersions === undefined ? {} : { furtherVersions }),
    ...(pieces.store === undefined ? {} : { imageStore: pieces.store }),
    ...(pieces.kadm === undefined ? {} : { kadm: pieces.kadm }),
    ...(pieces.source === undefined ? {} : { source: pieces.source }),
    cgroups: await readCgroupHierarchies(name),
    createdAt: new Date().toISOString(),
  }
}

/** Scripts, key and layers: what all hosts share. Scripts are copied so that a running host does not depend on where kadm is installed. */
async function prepareFolder(state: SandboxState, pieces: Pieces): Promise<void> {
  const directory = sandboxDirectory(state.name)
  for (const script of sandboxScripts) await copyFile(path.join(import.meta.dirname, script), path.join(directory, script))
  await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `kadm-sandbox-${state.name}`, '-f', path.join(directory, 'id')])
  await mkdir(compiledFolder(state.name))
  await makeCommonLayer(path.join(directory, 'layer-common'), {
    publicKey: await readFile(path.join(directory, 'id.pub'), 'utf8'),
    kadm: pieces.source === undefined ? pieces.kadm : 'source',
  })
  if (state.kubernetesVersion === undefined || pieces.bin === undefined) return
  await makeVersionLayer(path.join(directory, `layer-${state.kubernetesVersion}`), pieces.bin)
}
