/**
 * What end-to-end tests share: a sandbox for many of a run's files, whose hosts each test makes fresh, and short words for what they do
 * there.
 */
import { newestKubernetes } from '../../src/config/own-version.ts'
import { type LabConfig, labInitConfig } from '../../src/sandbox/lab-config.ts'
import { openSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { sandboxUp } from '../../src/sandbox/sandbox-up.ts'
import { readState } from '../../src/sandbox/state.ts'
import { takeDown } from '../../src/sandbox/take-down.ts'
import { testSandboxName } from './test-sandboxes.ts'

export interface SharedSandboxSettings {
  readonly hosts: number
  readonly kubernetesVersion?: string
  readonly furtherVersions?: readonly string[]
  readonly loadBalancer?: boolean
}

/** Either does the same to a cluster. */
export type Tool = 'kadm' | 'kubeadm'

const projectFolder = new URL('../..', import.meta.url).pathname

/**
 * The sandbox that test files of a run share, one after the other, made by the first that asks and made anew when it has not what is asked
 * for. Its hosts run kadm from the working tree. All its hosts are fresh. To be called in `beforeAll`, with a time limit of 300_000 when
 * pieces may have to be built.
 */
export async function sharedSandbox(settings: SharedSandboxSettings): Promise<Sandbox> {
  const { hosts, kubernetesVersion = newestKubernetes, furtherVersions = [], loadBalancer = false } = settings
  const state = await readState(testSandboxName)
  const enough =
    state !== undefined &&
    state.hosts.length >= hosts &&
    state.kubernetesVersion === kubernetesVersion &&
    furtherVersions.every((version) => (state.furtherVersions ?? []).includes(version)) &&
    (state.loadBalancer || !loadBalancer)
  if (enough) {
    const sandbox = await openSandbox(testSandboxName)
    await renewHosts(sandbox) // a host of the file before would be waited for as a node of this one's cluster
    return sandbox
  }
  await takeDown(testSandboxName)
  return sandboxUp({ name: testSandboxName, hosts, kubernetesVersion, furtherVersions, loadBalancer, source: projectFolder, say: () => {} })
}

/** Fresh machines in the place of these hosts (default: all), side by side. About 1 s. */
export async function renewHosts(sandbox: Sandbox, hosts: readonly string[] = sandbox.hosts.map(({ name }) => name)): Promise<void> {
  await Promise.all(hosts.map((host) => sandbox.renew(host)))
}

/** Runs kubectl as the cluster's administrator on a control-plane host and returns its output; throws SANDBOX_FAILED when it fails. */
export function kubectl(
  sandbox: Sandbox,
  host: string,
  words: readonly string[],
  options: { readonly timeout?: number; readonly input?: string } = {},
): Promise<string> {
  return sandbox.run(host, ['kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', ...words], options)
}

/**
 * Puts the configuration for this lab on the host and returns its path. Keys are of ECDSA unless it says otherwise: those of RSA take a
 * second of a core for each cluster. Interchange, many hosts and difference have RSA.
 */
export async function putInitConfig(sandbox: Sandbox, host: string, config: LabConfig = {}): Promise<string> {
  const file = '/root/init.yaml'
  await sandbox.put(host, file, labInitConfig({ encryptionAlgorithm: 'ECDSA-P256', ...config }), 0o600)
  return file
}

/** A fresh machine with the configuration for this lab on it; returns its path. */
export async function freshHost(sandbox: Sandbox, host: string): Promise<string> {
  await renewHosts(sandbox, [host])
  return putInitConfig(sandbox, host)
}

/** A fresh token's join command, without the program's name. Made by the real kubeadm, which is on every host of a sandbox. */
export async function joinWords(sandbox: Sandbox, host: string): Promise<readonly string[]> {
  const words = (await sandbox.run(host, ['kubeadm', 'token', 'create', '--print-join-command'])).trim().split(/\s+/)
  return words.slice(1)
}
