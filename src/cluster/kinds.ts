import type { KubernetesObject, ObjectKind, ObjectRef } from './cluster.ts'

/** How the API serves a kind. */
export interface Kind {
  readonly apiVersion: string
  readonly kind: string
  /** The plural in paths. */
  readonly resource: string
  readonly namespaced: boolean
}

/** Every kind that kadm touches. */
export const kinds = {
  node: { apiVersion: 'v1', kind: 'Node', resource: 'nodes', namespaced: false },
  namespace: { apiVersion: 'v1', kind: 'Namespace', resource: 'namespaces', namespaced: false },
  pod: { apiVersion: 'v1', kind: 'Pod', resource: 'pods', namespaced: true },
  configMap: { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespaced: true },
  secret: { apiVersion: 'v1', kind: 'Secret', resource: 'secrets', namespaced: true },
  service: { apiVersion: 'v1', kind: 'Service', resource: 'services', namespaced: true },
  serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount', resource: 'serviceaccounts', namespaced: true },
  event: { apiVersion: 'v1', kind: 'Event', resource: 'events', namespaced: true },
  deployment: { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespaced: true },
  replicaSet: { apiVersion: 'apps/v1', kind: 'ReplicaSet', resource: 'replicasets', namespaced: true },
  daemonSet: { apiVersion: 'apps/v1', kind: 'DaemonSet', resource: 'daemonsets', namespaced: true },
  job: { apiVersion: 'batch/v1', kind: 'Job', resource: 'jobs', namespaced: true },
  podDisruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', resource: 'poddisruptionbudgets', namespaced: true },
  endpointSlice: { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', resource: 'endpointslices', namespaced: true },
  mutatingWebhookConfiguration: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    resource: 'mutatingwebhookconfigurations',
    namespaced: false,
  },
  validatingWebhookConfiguration: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    resource: 'validatingwebhookconfigurations',
    namespaced: false,
  },
  role: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', resource: 'roles', namespaced: true },
  roleBinding: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', resource: 'rolebindings', namespaced: true },
  clusterRole: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', resource: 'clusterroles', namespaced: false },
  clusterRoleBinding: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    resource: 'clusterrolebindings',
    namespaced: false,
  },
  certificateSigningRequest: {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    resource: 'certificatesigningrequests',
    namespaced: false,
  },
  lease: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', resource: 'leases', namespaced: true },
  selfSubjectReview: {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
    resource: 'selfsubjectreviews',
    namespaced: false,
  },
} as const satisfies Record<string, Kind>

/** The table's row for a kind. A kind that is not in the table is a bug in kadm. */
export function kindOf({ apiVersion, kind }: ObjectKind): Kind {
  const found = Object.values(kinds).find((row) => row.kind === kind && row.apiVersion === apiVersion)
  if (!found) throw new TypeError(`${apiVersion} ${kind} is not in src/cluster/kinds.ts`)
  return found
}

/** Where an object lives. */
export function refOf({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): ObjectRef {
  return { apiVersion, kind, name, ...(namespace && { namespace }) }
}

/** Path of the collection; for a namespaced kind without a namespace, that of all namespaces. */
export function collectionPath(ref: ObjectKind): string {
  const { apiVersion, resource, namespaced } = kindOf(ref)
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return namespaced && ref.namespace ? `${root}/namespaces/${encodeURIComponent(ref.namespace)}/${resource}` : `${root}/${resource}`
}

/** Path of one object. A namespaced kind must come with its namespace: kadm does not guess one. */
export function objectPath(ref: ObjectRef): string {
  return `${collectionPath(inNamespace(ref))}/${encodeURIComponent(ref.name)}`
}

/** Refuses a namespaced kind without a namespace. */
export function inNamespace<T extends ObjectKind>(ref: T): T {
  if (kindOf(ref).namespaced && !ref.namespace) throw new TypeError(`${ref.kind} needs a namespace`)
  return ref
}

/** For people: `ConfigMap kube-system/kubeadm-config`. */
export function describeRef({ kind, namespace, name }: ObjectKind & { readonly name?: string }): string {
  if (!name) return namespace ? `${kind} objects in ${namespace}` : `${kind} objects`
  return namespace ? `${kind} ${namespace}/${name}` : `${kind} ${name}`
}
