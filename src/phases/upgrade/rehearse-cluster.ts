/** Of a rehearsal: what drains, admission and clients of the cluster will meet. */
import type { Cluster, KubernetesObject } from '../../cluster/cluster.ts'
import { describeRef, kinds, refOf } from '../../cluster/kinds.ts'
import { listAt, numberAt, textAt, valueAt } from '../../cluster/object-fields.ts'
import { parseVersion } from '../../config/versions.ts'
import type { Finding, RehearsalOptions } from './finding.ts'

type Options = Pick<RehearsalOptions, 'cluster' | 'config'>

/** Budgets that refuse, Deployments of one, Pods without a controller: they count when nodes are drained for their kubelets. */
export async function podFindings({ cluster }: Options): Promise<readonly Finding[]> {
  const [budgets, deployments, replicaSets, pods] = await Promise.all([
    cluster.list(kinds.podDisruptionBudget),
    cluster.list(kinds.deployment),
    cluster.list(kinds.replicaSet),
    cluster.list(kinds.pod),
  ])
  const running = pods.filter((pod) => !['Succeeded', 'Failed'].includes(textAt(pod, 'status.phase')))
  const single = deployments.filter((deployment) => (numberAt(deployment, 'spec.replicas') ?? 1) === 1)
  return [
    ...budgets
      .filter((budget) => numberAt(budget, 'status.disruptionsAllowed') === 0 && (numberAt(budget, 'status.expectedPods') ?? 0) > 0)
      .map(refusedEviction),
    ...running.filter((pod) => listAt(pod, 'metadata.ownerReferences').length === 0).map(barePod),
    ...single.flatMap((deployment) => singleReplica(deployment, replicaSets, running)),
  ]
}

function refusedEviction(budget: KubernetesObject): Finding {
  const [healthy, desired, expected] = ['currentHealthy', 'desiredHealthy', 'expectedPods'].map(
    (name) => numberAt(budget, `status.${name}`) ?? 0,
  )
  return {
    code: 'EVICTION_REFUSED',
    severity: 'blocks',
    what: describeRef(refOf(budget)),
    why: `it allows no eviction now: ${desired} of ${expected} Pods must be healthy, and ${healthy} are; a drain waits for it until its time is up`,
    remedy: `kubectl -n ${budget.metadata.namespace} describe pdb ${budget.metadata.name}   # one Pod more, or a lower minAvailable`,
  }
}

function barePod(pod: KubernetesObject): Finding {
  const { name, namespace } = pod.metadata
  return {
    code: 'BARE_POD',
    severity: 'blocks',
    what: describeRef(refOf(pod)),
    why: `nobody makes it anew elsewhere, so node ${textAt(pod, 'spec.nodeName') || '(none yet)'} is not drained while it is there`,
    remedy: `kubectl -n ${namespace} delete pod ${name}   # or let a controller make it`,
  }
}

function singleReplica(
  deployment: KubernetesObject,
  replicaSets: readonly KubernetesObject[],
  pods: readonly KubernetesObject[],
): readonly Finding[] {
  const owned = (object: KubernetesObject, owner: string | undefined): boolean =>
    listAt(object, 'metadata.ownerReferences').some((reference) => textAt(reference, 'uid') === owner)
  const own = replicaSets.filter((set) => owned(set, deployment.metadata.uid)).map(({ metadata }) => metadata.uid)
  const pod = pods.find((one) => own.some((uid) => owned(one, uid)))
  const node = textAt(pod, 'spec.nodeName')
  if (node === '') return []
  const { name, namespace } = deployment.metadata
  const why = `its one Pod is on node ${node}, and is away from when that node is drained until another one is up`
  return [
    {
      code: 'SINGLE_REPLICA',
      severity: 'hurts',
      what: describeRef(refOf(deployment)),
      why,
      remedy: `kubectl -n ${namespace} scale deployment ${name} --replicas=2`,
    },
  ]
}

/** A webhook that must answer and cannot stops what it is asked about: Pods of the upgrade among them. */
export async function webhookFindings({ cluster }: Options): Promise<readonly Finding[]> {
  const configurations = (
    await Promise.all([kinds.mutatingWebhookConfiguration, kinds.validatingWebhookConfiguration].map((kind) => cluster.list(kind)))
  ).flat()
  const found = configurations.flatMap((configuration) =>
    listAt(configuration, 'webhooks').map(async (webhook): Promise<readonly Finding[]> => {
      const [namespace, name] = [textAt(webhook, 'clientConfig.service.namespace'), textAt(webhook, 'clientConfig.service.name')]
      if (name === '' || (await hasEndpoints(cluster, namespace, name))) return []
      const mustAnswer = textAt(webhook, 'failurePolicy') !== 'Ignore'
      return [
        {
          code: 'WEBHOOK_WITHOUT_ENDPOINTS',
          severity: mustAnswer ? 'blocks' : 'hurts',
          what: `webhook ${textAt(webhook, 'name')} of ${describeRef(refOf(configuration))}`,
          why: `Service ${namespace}/${name} has nobody who is ready: ${mustAnswer ? 'what it is asked about is refused' : 'what it is asked about waits for its time-out'}`,
          remedy: `kubectl -n ${namespace} get endpointslices -l kubernetes.io/service-name=${name}`,
        },
      ]
    }),
  )
  return (await Promise.all(found)).flat()
}

async function hasEndpoints(cluster: Pick<Cluster, 'list'>, namespace: string, service: string): Promise<boolean> {
  const slices = await cluster.list({ ...kinds.endpointSlice, namespace }, { labelSelector: `kubernetes.io/service-name=${service}` })
  // Not told: ready, as the API defines it.
  return slices.some((slice) => listAt(slice, 'endpoints').some((endpoint) => valueAt(endpoint, 'conditions.ready') !== false))
}

/** The API server that answers keeps count since its start of the deprecated versions that it is asked for, and says when each goes. */
export async function apiFindings({ cluster, config }: Options): Promise<readonly Finding[]> {
  const { status, body } = await cluster.raw('/metrics')
  if (status !== 200)
    return [
      {
        code: 'NOT_LOOKED_AT',
        severity: 'hurts',
        what: 'deprecated APIs',
        why: `the API server does not show its metrics: status ${status}`,
        remedy: 'kubectl get --raw /metrics',
      },
    ]
  return removedApis(body, config.cluster.kubernetesVersion)
}

/** @param metrics in the text format of Prometheus */
export function removedApis(metrics: string, target: string): readonly Finding[] {
  const minor = parseVersion(target)?.minor ?? 0
  return metrics.split('\n').flatMap((line): readonly Finding[] => {
    const labels = /^apiserver_requested_deprecated_apis\{(.*)\} [1-9]/.exec(line)?.[1]
    if (labels === undefined) return []
    const label = (name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? ''
    const removed = label('removed_release')
    if (removed === '' || Number(removed.split('.')[1]) > minor) return []
    const api = `${label('group') === '' ? '' : `${label('group')}/`}${label('version')} ${label('resource')}`
    return [
      {
        code: 'API_REMOVED',
        severity: 'blocks',
        what: api,
        why: `somebody has asked for it since the API server was started, and ${target} does not have it (removed in ${removed})`,
        remedy: 'find who asks in the audit log (annotation k8s.io/removed-release), and move it to a newer version of the API',
      },
    ]
  })
}
