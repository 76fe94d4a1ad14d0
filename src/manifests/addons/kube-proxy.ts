import { listAt, part } from '../../config/document-fields.ts'
import type { InitConfig } from '../../config/model.ts'
import { sharedServerUrl } from '../../config/server-url.ts'
import { dumpYaml } from '../../config/yaml.ts'
import { isObject, type JsonObject } from '../../json.ts'
import { accessObjects, accessRules } from '../access-rules.ts'
import { configMap } from '../config-map.ts'
import { mergeVariables, proxyVariables } from '../environment.ts'
import { kubernetesImage } from '../images.ts'
import { asManifest, type Manifest } from '../manifest.ts'
import { applyPatches } from '../patches.ts'
import type { AddonWork } from './addon-work.ts'

export interface KubeProxyObjects {
  readonly configMap: Manifest
  readonly daemonSet: Manifest
  readonly serviceAccount: Manifest
  readonly access: readonly Manifest[]
}

/** The objects of kube-proxy in the order in which kubeadm applies them, the DaemonSet with the user's patches. Throws PATCH_INVALID. */
export async function kubeProxyObjects(work: AddonWork): Promise<Manifest[]> {
  const parts = await kubeProxyParts(work)
  const { environment } = await work.host.facts()
  const daemonSet = withVariables(parts.daemonSet, mergeVariables(proxyVariables(environment)))
  return [parts.configMap, daemonSet, parts.serviceAccount, ...parts.access]
}

/**
 * The same by name, without the proxy variables of this host. `signed`: with the checksum of a configuration that the user did not write.
 */
export async function kubeProxyParts({ config, host, say }: AddonWork, signed = !config.kubeProxy.userSupplied): Promise<KubeProxyObjects> {
  const directory = config.init.patches?.directory
  const plain = plainDaemonSet(config)
  return {
    configMap: kubeProxyConfigMap(config, signed),
    daemonSet: directory === undefined ? plain : await applyPatches('kubeproxydaemonset', plain, { directory, host, say }),
    serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'kube-proxy', namespace: 'kube-system' } },
    access: [...accessObjects(accessRules.kubeProxyNode), ...accessObjects(accessRules.kubeProxyConfig)],
  }
}

const secrets = '/var/run/secrets/kubernetes.io/serviceaccount'

function kubeProxyConfigMap(config: InitConfig, signed: boolean): Manifest {
  // Both without a last line break, as kubeadm has them.
  const data = { 'config.conf': dumpYaml(config.kubeProxy.document).trimEnd(), 'kubeconfig.conf': kubeconfig(sharedServerUrl(config)) }
  return configMap('kube-proxy', data, { namespace: 'kube-system', labels: { app: 'kube-proxy' }, signed })
}

/** The credentials of the Pod's own service account, in kubeadm's order of lines. */
function kubeconfig(server: string): string {
  return `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority: ${secrets}/ca.crt
    server: ${server}
  name: default
contexts:
- context:
    cluster: default
    namespace: default
    user: default
  name: default
current-context: default
users:
- name: default
  user:
    tokenFile: ${secrets}/token`
}

const labels = { 'k8s-app': 'kube-proxy' }

function plainDaemonSet(config: InitConfig): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'kube-proxy', namespace: 'kube-system', labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: 'RollingUpdate' },
      template: { metadata: { labels }, spec: podSpec(kubernetesImage('kube-proxy', config.cluster)) },
    },
  }
}

function podSpec(image: string): JsonObject {
  return {
    priorityClassName: 'system-node-critical',
    containers: [
      {
        name: 'kube-proxy',
        image,
        imagePullPolicy: 'IfNotPresent',
        command: ['/usr/local/bin/kube-proxy', '--config=/var/lib/kube-proxy/config.conf', '--hostname-override=$(NODE_NAME)'],
        securityContext: { privileged: true },
        volumeMounts: [
          { mountPath: '/var/lib/kube-proxy', name: 'kube-proxy' },
          { mountPath: '/run/xtables.lock', name: 'xtables-lock', readOnly: false },
          { mountPath: '/lib/modules', name: 'lib-modules', readOnly: true },
        ],
        env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
      },
    ],
    hostNetwork: true,
    serviceAccountName: 'kube-proxy',
    volumes: [
      { name: 'kube-proxy', configMap: { name: 'kube-proxy' } },
      { name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } },
      { name: 'lib-modules', hostPath: { path: '/lib/modules' } },
    ],
    tolerations: [{ operator: 'Exists' }],
    nodeSelector: { 'kubernetes.io/os': 'linux' },
  }
}

/** kubeadm adds the variables after the patches, to the container that is first then. */
function withVariables(daemonSet: Manifest, variables: readonly JsonObject[]): Manifest {
  const object: JsonObject = daemonSet
  const spec = part(object, 'spec')
  const template = part(spec, 'template')
  const pod = part(template, 'spec')
  const [first, ...others] = listAt(pod, 'containers')
  if (variables.length === 0 || !isObject(first)) return daemonSet
  const containers = [{ ...first, env: [...listAt(first, 'env'), ...variables] }, ...others]
  return asManifest({ ...object, spec: { ...spec, template: { ...template, spec: { ...pod, containers } } } }) ?? daemonSet
}
