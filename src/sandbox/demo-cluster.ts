/**
 * The whole story on hosts of one machine: a sandbox, `kadm init` on the first host, the others joined all at once, the pod network,
 * everything Ready.
 */
import { KadmError } from '../errors.ts'
import { labInitConfig } from './lab-config.ts'
import { printedJoin } from './printed-join.ts'
import type { Making } from './progress.ts'
import { checkSettings, sandboxUp } from './sandbox-up.ts'
import type { Sandbox } from './sandbox.ts'
import { readState } from './state.ts'
import { takeDown } from './take-down.ts'

export interface DemoSettings extends Making {
  readonly name: string
  readonly hosts: number
  /** The first of the hosts. More than one are reached through a load balancer. */
  readonly controlPlanes: number
  readonly kubernetesVersion: string
}

/**
 * A sandbox of that name that is there already is made anew. root of the first host can use kubectl. Stopped by the signal, it leaves
 * nothing; after a failure the hosts stay as they are, to be looked at.
 */
export async function raiseDemoCluster(settings: DemoSettings): Promise<Sandbox> {
  const { name, hosts, controlPlanes, kubernetesVersion, say, signal = new AbortController().signal } = settings
  checkSettings({ name, hosts, kubernetesVersion })
  if (!Number.isInteger(controlPlanes) || controlPlanes < 1 || controlPlanes > hosts) {
    throw new KadmError('USAGE', `${hosts} hosts cannot have "${controlPlanes}" control planes`, {
      remedy: [`use a number from 1 to ${hosts}`],
    })
  }
  if ((await readState(name)) !== undefined) await takeDown(name)
  let sandbox: Sandbox | undefined
  const loadBalancer = controlPlanes > 1
  const steps: readonly Step[] = [
    {
      title: `${hosts === 1 ? '1 host' : `${hosts} hosts`}${loadBalancer ? ' and a load balancer' : ''}`,
      work: async () => {
        sandbox = await sandboxUp({ name, hosts, kubernetesVersion, loadBalancer, say: (line) => say(`      ${line}`), signal })
      },
    },
    ...clusterSteps({ kubernetesVersion, signal, hosts, controlPlanes, sandbox: () => up(sandbox) }),
  ]
  try {
    await runSteps(steps, { say, signal })
  } catch (error) {
    if (signal.aborted) await takeDown(name)
    throw signal.aborted ? signal.reason : error
  }
  return up(sandbox)
}

interface Step {
  readonly title: string
  readonly work: () => Promise<unknown>
}

interface ClusterSettings extends Pick<DemoSettings, 'hosts' | 'controlPlanes' | 'kubernetesVersion'> {
  readonly signal: AbortSignal
  readonly sandbox: () => Sandbox
}

function clusterSteps({ hosts, controlPlanes, kubernetesVersion, signal, sandbox }: ClusterSettings): readonly Step[] {
  const patient = { timeout: 300_000, signal }
  const kubectl = (...words: readonly string[]): Promise<string> => sandbox().run('h1', ['kubectl', ...words, '--timeout=120s'], patient)
  let words: JoinWords
  const init = async (): Promise<void> => {
    const { loadBalancer } = sandbox()
    const endpoint = loadBalancer === undefined ? {} : { controlPlaneEndpoint: `${loadBalancer.address}:6443` }
    await sandbox().put('h1', '/root/init.yaml', labInitConfig({ kubernetesVersion, ...endpoint }), 0o600)
    words = joinWords(await sandbox().run('h1', ['kadm', 'init', '--config', '/root/init.yaml', '--upload-certs'], patient))
    await sandbox().run('h1', ['install', '-D', '-m', '0600', '/etc/kubernetes/admin.conf', '/root/.kube/config'])
  }
  const others = Array.from({ length: hosts - 1 }, (_, index) => `h${index + 2}`)
  const joinAll = (): Promise<unknown> =>
    Promise.all(
      others.map((host, index) => {
        const join = index + 1 < controlPlanes ? words.controlPlane : words.worker
        return sandbox().run(host, ['kadm', ...join, '--ignore-preflight-errors=SystemVerification'], patient)
      }),
    )
  const roles = controlPlanes === 1 ? '' : ` (${controlPlanes - 1} of them as control planes)`
  return [
    { title: 'kadm init on h1', work: init },
    ...(others.length === 0 ? [] : [{ title: `kadm join on ${others.join(', ')}${roles}`, work: joinAll }]),
    { title: 'pod network', work: () => sandbox().network() },
    { title: 'nodes Ready', work: () => kubectl('wait', '--for=condition=Ready', 'nodes', '--all') },
    {
      title: 'pods Ready',
      work: async () => {
        for (const owner of ['deployment/coredns', 'daemonset/kube-proxy']) await kubectl('rollout', 'status', '-n', 'kube-system', owner)
        await kubectl('wait', '--for=condition=Ready', '-n', 'kube-system', 'pods', '--all')
      },
    },
  ]
}

/** Says of each step which it is, what comes after it, and how long it took. */
async function runSteps(
  steps: readonly Step[],
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const started = performance.now()
  for (const [index, { title, work }] of steps.entries()) {
    signal.throwIfAborted()
    const left = steps.slice(index + 1).map((step) => step.title)
    say(`[${index + 1}/${steps.length}] ${title}${left.length === 0 ? '' : `  (then: ${left.join('; ')})`}`)
    const since = performance.now()
    await work()
    say(`      ${seconds(since)}`)
  }
  say(`done in ${seconds(started)}`)
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

function up(sandbox: Sandbox | undefined): Sandbox {
  if (sandbox === undefined) throw new Error('the sandbox is the first step')
  return sandbox
}

interface JoinWords {
  readonly worker: readonly string[]
  readonly controlPlane: readonly string[]
}

/** `controlPlane` is empty where the cluster has no endpoint for more than one. */
function joinWords(output: string): JoinWords {
  const { worker, controlPlane = [] } = printedJoin(output)
  if (worker !== undefined) return { worker, controlPlane }
  throw new KadmError('SANDBOX_FAILED', 'kadm init printed no join command', {
    remedy: ['kadm sandbox ssh h1'],
    details: output.split('\n').slice(-20),
  })
}
