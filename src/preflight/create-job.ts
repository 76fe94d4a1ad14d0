import type { Cluster, KubernetesObject } from '../cluster/cluster.ts'
import { kinds, refOf } from '../cluster/kinds.ts'
import { conditionAt, listAt, textAt } from '../cluster/object-fields.ts'
import { retryUntil, waitForObject } from '../cluster/wait.ts'
import { messageOf } from '../errors.ts'
import { failed, passed, warned, type Check } from './check.ts'

export interface CreateJobInput {
  readonly cluster: Cluster
  /** An image that ends by itself when it is called with `-v`: the pause image. */
  readonly image: string
  readonly now: () => Date
  /** Milliseconds that it may take. Default: kubeadm's minute. */
  readonly patience?: number | undefined
  readonly signal: AbortSignal
}

/** Does the cluster still run what is given to it? The Job takes itself away; where no node takes Pods, nothing is asked. */
export function createJob({ cluster, image, now, patience = 60_000, signal }: CreateJobInput): Check {
  return {
    name: 'CreateJob',
    requires: 'a Job is completed within a minute, where a node takes Pods',
    run: async () => {
      const wait = { timeout: patience, signal }
      const nodes = await retryUntil(() => cluster.list(kinds.node, { fieldSelector: 'spec.unschedulable=false' }), {
        ...wait,
        describe: 'the list of nodes that take Pods',
      })
      if (nodes.length === 0) return warned('skipped: no node of the cluster takes Pods')
      const job = jobOf(`upgrade-health-check-${now().getTime()}`, { image, life: patience / 1000 + 5 })
      await retryUntil(() => cluster.create(job), { ...wait, describe: `the Job "${job.metadata.name}" to be made` })
      try {
        await waitForObject(cluster, refOf(job), isOver, wait)
      } catch (error) {
        signal.throwIfAborted()
        return failed(`${messageOf(error)}${await podState(cluster, job)}`)
      }
      const done = await cluster.get(refOf(job))
      return conditionAt(done, 'Failed') === 'True'
        ? failed(`the Job kube-system/${job.metadata.name} failed${await podState(cluster, job)}`)
        : passed
    },
  }
}

function isOver(job: KubernetesObject): boolean {
  return conditionAt(job, 'Complete') === 'True' || conditionAt(job, 'Failed') === 'True'
}

/** What its Pod is waiting for, as far as it can be seen. */
async function podState(cluster: Cluster, job: KubernetesObject): Promise<string> {
  const pods = await cluster
    .list({ ...kinds.pod, namespace: 'kube-system' }, { labelSelector: `job-name=${job.metadata.name}` })
    .catch(() => [])
  const [pod] = pods
  if (pod === undefined) return ': it has no Pod, look at the log of kube-controller-manager'
  const unmet = listAt(pod, 'status.conditions').find(
    (condition) => textAt(condition, 'status') === 'False' && textAt(condition, 'message') !== '',
  )
  const waiting = textAt(pod, 'status.containerStatuses.0.state.waiting.reason')
  return `: its Pod is ${[textAt(pod, 'status.phase'), waiting, textAt(unmet, 'message')].filter((word) => word !== '').join(', ')}`
}

/**
 * kubeadm's own, name for name.
 * @param life seconds after which the Job ends and, done, goes
 */
function jobOf(name: string, { image, life }: { readonly image: string; readonly life: number }): KubernetesObject {
  return {
    apiVersion: kinds.job.apiVersion,
    kind: kinds.job.kind,
    metadata: { name, namespace: 'kube-system' },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: life,
      activeDeadlineSeconds: life,
      template: {
        spec: {
          restartPolicy: 'Never',
          securityContext: { runAsUser: 999, runAsGroup: 999, runAsNonRoot: true },
          tolerations: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
          containers: [{ name: 'upgrade-health-check', image, args: ['-v'] }],
        },
      },
    },
  }
}
