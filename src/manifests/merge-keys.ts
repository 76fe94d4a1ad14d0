/**
 * How a strategic merge patch treats the lists of an object: the `patchStrategy` and `patchMergeKey` tags of the API types (k8s.io/api
 * v0.37, core/v1, apps/v1, meta/v1). A list that is not here is replaced as a whole; an object merges member by member.
 */
export interface MergeFields {
  readonly [field: string]: {
    /** A merging list of objects: the member that tells its items apart; '' for a merging list of plain values. */
    readonly key?: string
    /** Of the object, or of each item of the list. */
    readonly fields?: MergeFields
  }
}

const container: MergeFields = {
  env: { key: 'name' },
  ports: { key: 'containerPort' },
  volumeDevices: { key: 'devicePath' },
  volumeMounts: { key: 'mountPath' },
}

const podSpec: MergeFields = {
  containers: { key: 'name', fields: container },
  ephemeralContainers: { key: 'name', fields: container },
  evictionResponders: { key: 'name' },
  hostAliases: { key: 'ip' },
  imagePullSecrets: { key: 'name' },
  initContainers: { key: 'name', fields: container },
  resourceClaims: { key: 'name' },
  schedulingGates: { key: 'name' },
  topologySpreadConstraints: { key: 'topologyKey' },
  volumes: { key: 'name' },
}

const metadata: MergeFields = { finalizers: { key: '' }, ownerReferences: { key: 'uid' } }

const status: MergeFields = { conditions: { key: 'type' }, hostIPs: { key: 'ip' }, podIPs: { key: 'ip' } }

const pod: MergeFields = { metadata: { fields: metadata }, spec: { fields: podSpec }, status: { fields: status } }

/** Deployment and DaemonSet alike. */
const podTemplateOwner: MergeFields = {
  metadata: { fields: metadata },
  spec: { fields: { template: { fields: { metadata: { fields: metadata }, spec: { fields: podSpec } } } } },
  status: { fields: status },
}

export const mergeKeys = {
  Pod: pod,
  Deployment: podTemplateOwner,
  DaemonSet: podTemplateOwner,
  KubeletConfiguration: {},
} as const satisfies Record<string, MergeFields>
