/** Who may do what in a new cluster: one table for every Role, ClusterRole and binding that kadm makes. */
import type { JsonObject } from '../json.ts'
import type { Manifest } from './manifest.ts'

/** The group of bootstrap tokens for nodes that join. */
export const nodeTokenGroup = 'system:bootstrappers:kubeadm:default-node-token'

const nodeTokens = { kind: 'Group', name: nodeTokenGroup } as const
const nodes = { kind: 'Group', name: 'system:nodes' } as const
const certificates = 'system:certificates.k8s.io:certificatesigningrequests'

interface Subject {
  readonly kind: 'Group' | 'User' | 'ServiceAccount'
  readonly name: string
  /** Of a ServiceAccount. */
  readonly namespace?: string
}

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

interface Access {
  /** Of the binding, and of the role where `rules` make one. */
  readonly name: string
  /** A Role there; absent: a ClusterRole. */
  readonly namespace?: string
  readonly rules?: readonly Rule[]
  /** A role that the API server brings along. */
  readonly existingRole?: string
  readonly subjects: readonly Subject[]
}

export const accessRules = {
  kubeadmConfig: {
    name: 'kubeadm:nodes-kubeadm-config',
    namespace: 'kube-system',
    rules: [mayGet('configmaps', 'kubeadm-config')],
    subjects: [nodeTokens, nodes],
  },
  kubeletConfig: {
    name: 'kubeadm:kubelet-config',
    namespace: 'kube-system',
    rules: [mayGet('configmaps', 'kubelet-config')],
    subjects: [nodes, nodeTokens],
  },
  clusterInfo: {
    name: 'kubeadm:bootstrap-signer-clusterinfo',
    namespace: 'kube-public',
    rules: [mayGet('configmaps', 'cluster-info')],
    subjects: [{ kind: 'User', name: 'system:anonymous' }],
  },
  sharedCertificates: {
    name: 'kubeadm:kubeadm-certs',
    namespace: 'kube-system',
    rules: [mayGet('secrets', 'kubeadm-certs')],
    subjects: [nodeTokens],
  },
  getNodes: { name: 'kubeadm:get-nodes', rules: [mayGet('nodes')], subjects: [nodeTokens] },
  kubeletBootstrap: { name: 'kubeadm:kubelet-bootstrap', existingRole: 'system:node-bootstrapper', subjects: [nodeTokens] },
  approveBootstrap: { name: 'kubeadm:node-autoapprove-bootstrap', existingRole: `${certificates}:nodeclient`, subjects: [nodeTokens] },
  approveRotation: {
    name: 'kubeadm:node-autoapprove-certificate-rotation',
    existingRole: `${certificates}:selfnodeclient`,
    subjects: [nodes],
  },
  kubeletApi: {
    name: 'kubeadm:apiserver-kubelet-client',
    existingRole: 'system:kubelet-api-admin',
    subjects: [{ kind: 'User', name: 'kube-apiserver-kubelet-client' }],
  },
  clusterAdmins: {
    name: 'kubeadm:cluster-admins',
    existingRole: 'cluster-admin',
    subjects: [{ kind: 'Group', name: 'kubeadm:cluster-admins' }],
  },
  kubeProxyNode: { name: 'kubeadm:node-proxier', existingRole: 'system:node-proxier', subjects: [serviceAccount('kube-proxy')] },
  kubeProxyConfig: { name: 'kube-proxy', namespace: 'kube-system', rules: [mayGet('configmaps', 'kube-proxy')], subjects: [nodeTokens] },
  coreDns: {
    name: 'system:coredns',
    rules: [
      { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ],
    subjects: [serviceAccount('coredns')],
  },
} as const satisfies Record<string, Access>

/** The role (where the table makes one) and its binding. */
export function accessObjects(access: Access): Manifest[] {
  const { name, namespace, rules, existingRole, subjects } = access
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) }
  const kind = namespace === undefined ? 'ClusterRole' : 'Role'
  const binding: Manifest = {
    apiVersion: rbac,
    kind: `${kind}Binding`,
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: existingRole ?? name },
    subjects: subjects.map(subject),
  }
  return rules === undefined ? [binding] : [{ apiVersion: rbac, kind, metadata, rules: rules.map(rule) }, binding]
}

/** What the phase `bootstrap-token` grants, in kubeadm's order; cluster-info apart. */
export function bootstrapAccessObjects(): Manifest[] {
  const { getNodes, kubeletBootstrap, approveBootstrap, approveRotation, kubeletApi } = accessRules
  return [getNodes, kubeletBootstrap, approveBootstrap, approveRotation, kubeletApi].flatMap(accessObjects)
}

const rbac = 'rbac.authorization.k8s.io/v1'

function mayGet(resource: string, name?: string): Rule {
  return { apiGroups: [''], resources: [resource], verbs: ['get'], ...(name === undefined ? {} : { resourceNames: [name] }) }
}

function serviceAccount(name: string): Subject {
  return { kind: 'ServiceAccount', name, namespace: 'kube-system' }
}

function subject({ kind, name, namespace }: Subject): JsonObject {
  return { kind, name, ...(namespace === undefined ? {} : { namespace }) }
}

function rule({ apiGroups, resources, verbs, resourceNames }: Rule): JsonObject {
  return { apiGroups, resources, verbs, ...(resourceNames === undefined ? {} : { resourceNames }) }
}
