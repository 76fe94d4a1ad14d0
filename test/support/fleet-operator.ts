/** An operator's machine beside the hosts of a sandbox: it reaches them by ssh alone, with kadm from the working tree. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newestKubernetes } from '../../src/config/own-version.ts'
import { runProgram, type ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'

export interface FleetOperator {
  /** Writes the cluster file for these hosts, with the keys that they have now, and returns its path. */
  readonly write: (roles: Readonly<Record<string, Role>>, changes?: FileChanges) => Promise<string>
  /** Resolves with any exit code. `killAfter`: seconds, then SIGKILL. */
  readonly kadm: (words: readonly string[], options?: { readonly killAfter?: number }) => Promise<ProgramResult>
  /** `kadm apply --yes`. Throws when it fails, and when it says anything on its standard error. */
  readonly apply: (file: string, ...words: readonly string[]) => Promise<ProgramResult>
  /** SIGKILL as soon as it is so; what is looked at may fail meanwhile. Throws when it never is. */
  readonly kadmKilledWhen: (words: readonly string[], isSo: () => Promise<boolean>) => Promise<void>
  readonly folder: string
}

export type Role = 'control-plane' | 'worker' | 'absent' | 'lost'

export interface FileChanges {
  readonly controlPlaneEndpoint?: string
  readonly kubernetesVersion?: string
  readonly upgrade?: object
  readonly labels?: Readonly<Record<string, string>>
  /** Further fields of the ClusterConfiguration. */
  readonly cluster?: object
  /** Further fields of the InitConfiguration. */
  readonly init?: object
  /** Further fields of the kubelet's configuration. */
  readonly kubelet?: object
  /** Text of the manifest of the pod network. */
  readonly network?: string
}

/** The manifest of a ConfigMap `pod-network`, where only that a network is laid matters. */
export const networkMark = JSON.stringify({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'pod-network', namespace: 'kube-system' },
})

const project = new URL('../..', import.meta.url).pathname
const sources = [process.execPath, path.join(project, 'bin/kadm.js')]
/** The executable that `npm run package` makes. */
export const packagedKadm = [path.join(project, 'dist/kadm')]

/**
 * @param folder for its files; removed by the caller
 * @param program what kadm is started by; default: its sources
 */
export function fleetOperator(sandbox: Sandbox, folder: string, program: readonly string[] = sources): FleetOperator {
  const { outside, identity } = doorOf(sandbox)
  const run = (words: readonly string[], limit: readonly string[], signal?: AbortSignal): Promise<ProgramResult> => {
    const [first = '', ...rest] = [...outside, ...limit, ...program, ...words]
    const environment = { HOME: folder, USER: 'root' }
    return runProgram([first, ...rest], { environment, timeout: 300_000, ...(signal && { signal }) })
  }
  return {
    folder,
    write: async (roles, changes = {}) => {
      const {
        controlPlaneEndpoint,
        labels = {},
        kubernetesVersion = newestKubernetes,
        upgrade = {},
        cluster = {},
        init = {},
        kubelet = {},
        network,
      } = changes
      const hosts = await Promise.all(
        Object.entries(roles).map(async ([name, role]) => ({
          name,
          role,
          address: addressOf(sandbox, name),
          hostKey: await fingerprint(sandbox, name),
          ...(role === 'worker' && { labels }),
        })),
      )
      const node = { nodeRegistration: { ignorePreflightErrors: ['SystemVerification'] } }
      const kubeadm = {
        clusterConfiguration: { networking: { podSubnet: '10.244.0.0/16' }, ...cluster },
        initConfiguration: { ...node, ...init },
        joinConfiguration: node,
        kubeletConfiguration: { failCgroupV1: false, ...kubelet },
        kubeProxyConfiguration: { conntrack: { maxPerCore: 0 } },
      }
      const spec = {
        kubernetesVersion,
        ...(controlPlaneEndpoint && { controlPlaneEndpoint }),
        ssh: { user: 'root', identityFile: identity },
        hosts,
        kubeadm,
        upgrade,
        ...(network !== undefined && { network: { manifest: 'network.yaml' } }),
      }
      await mkdir(folder, { recursive: true })
      if (network !== undefined) await writeFile(path.join(folder, 'network.yaml'), network)
      const file = path.join(folder, 'cluster.yaml')
      // JSON is YAML.
      await writeFile(file, JSON.stringify({ apiVersion: 'kadm.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'shop' }, spec }))
      return file
    },
    kadm: (words, { killAfter } = {}) => run(words, killAfter === undefined ? [] : ['timeout', '--signal=KILL', String(killAfter)]),
    apply: async (file, ...words) => {
      const result = await run(['apply', '-f', file, '--yes', ...words], [])
      if (result.exitCode === 0 && result.stderr === '') return result
      throw new Error(`kadm apply has ended with ${result.exitCode}: ${result.stdout}${result.stderr}`)
    },
    kadmKilledWhen: async (words, isSo) => {
      const end = new AbortController()
      const killed = new Error('killed')
      const ended = run(words, [], end.signal).then(
        ({ exitCode, stdout, stderr }) => Promise.reject(new Error(`it has ended before that with ${exitCode}: ${stdout}${stderr}`)),
        (error: unknown) => (error === killed ? undefined : Promise.reject(error)),
      )
      const look = async (): Promise<void> => {
        while (!end.signal.aborted && !(await isSo().catch(() => false))) await sleep(20)
        end.abort(killed)
      }
      try {
        await Promise.race([ended, look()])
      } finally {
        end.abort(killed)
      }
      await ended
    },
  }
}

function addressOf(sandbox: Sandbox, name: string): string {
  return sandbox.hosts.find((host) => host.name === name)?.address ?? ''
}

/** What the sandbox's own ssh is started with. */
function doorOf(sandbox: Sandbox): { readonly outside: readonly string[]; readonly identity: string } {
  const argv = sandbox.sshArgv(sandbox.hosts[0]?.name ?? '')
  return { outside: argv.slice(0, argv.indexOf('ssh')), identity: argv[argv.indexOf('-i') + 1] ?? '' }
}

async function fingerprint(sandbox: Sandbox, name: string): Promise<string> {
  const known =
    sandbox
      .sshArgv(name)
      .find((word) => word.startsWith('UserKnownHostsFile='))
      ?.split('=')[1] ?? ''
  const { stdout } = await runProgram(['ssh-keygen', '-lf', known])
  return /SHA256:\S+/.exec(stdout)?.[0] ?? ''
}
