import { randomInt } from 'node:crypto'
import { expect, test, type TestContext } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/cluster.ts'
import type { InitConfig } from '../../src/config/model.ts'
import { dumpYaml, parseYaml } from '../../src/config/yaml.ts'
import { localHost } from '../../src/host/local-host.ts'
import type { JsonObject } from '../../src/json.ts'
import { accessObjects, accessRules, bootstrapAccessObjects } from '../../src/manifests/access-rules.ts'
import { coreDnsObjects } from '../../src/manifests/addons/core-dns.ts'
import { kubeProxyObjects } from '../../src/manifests/addons/kube-proxy.ts'
import { clusterInfoObjects } from '../../src/manifests/cluster-info.ts'
import { kubeadmConfigObjects, kubeletConfigObjects } from '../../src/manifests/config-objects.ts'
import { sharedCertificateObjects } from '../../src/manifests/shared-certificate-objects.ts'
import { initConfig } from '../support/init-config.ts'
import { runJailed } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'

const n = randomInt(10, 99)

test('every object that kubeadm would create, in its order', async (context) => {
  const theirs = await createdByKubeadm(context, {})
  await expectSame(theirs, initConfig())
})

test('objects of a configuration of the user: no checksums, other names and addresses', async (context) => {
  const networking = { serviceSubnet: `10.${n}.0.0/16`, podSubnet: `10.1${n}.0.0/16`, dnsDomain: `d${n}.local` }
  const config = initConfig({
    cluster: { networking, controlPlaneEndpoint: `api${n}.example:6443` },
    kubelet: { maxPods: n, clusterDNS: [`10.${n}.0.10`], clusterDomain: networking.dnsDomain },
    kubeProxy: { clusterCIDR: networking.podSubnet, mode: 'nftables' },
  })
  const documents = [
    { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration', maxPods: n },
    { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', mode: 'nftables' },
  ]
  const theirs = await createdByKubeadm(context, { networking, controlPlaneEndpoint: `api${n}.example` }, documents)
  await expectSame(theirs, config)
})

async function expectSame(theirs: readonly KubernetesObject[], config: InitConfig): Promise<void> {
  const host = localHost()
  const say = (): void => undefined
  const work = { config, host: { ...host, facts: async () => ({ ...(await host.facts()), environment: {} }) }, say, warn: say }
  const find = (kind: string, name: string) => theirs.find((object) => object.kind === kind && object.metadata.name === name)
  const info = parseYaml(dataOf(find('ConfigMap', 'cluster-info'), 'kubeconfig')) as { clusters: { cluster: Record<string, string> }[] }
  const address = info.clusters[0]?.cluster ?? {}
  const stored = parseYaml(dataOf(find('ConfigMap', 'kubeadm-config'), 'ClusterConfiguration')) as JsonObject
  const secret = find('Secret', 'kubeadm-certs')
  const owner = (secret?.metadata.ownerReferences?.[0] ?? {}) as Parameters<typeof sharedCertificateObjects>[1]
  const ours = [
    ...kubeadmConfigObjects(stored),
    ...kubeletConfigObjects(config),
    ...sharedCertificateObjects((secret?.['data'] ?? {}) as Record<string, string>, owner),
    ...bootstrapAccessObjects(),
    ...(await clusterInfoObjects(
      { server: address['server'] ?? '', certificateAuthorityData: address['certificate-authority-data'] ?? '' },
      async () => ({}),
    )),
    ...(await coreDnsObjects(work)),
    ...(await kubeProxyObjects(work)),
  ]
  const tokens = theirs.filter(({ metadata }) => metadata.name.startsWith('bootstrap-token-'))
  expect(tokens).toHaveLength(2)
  expect(ours.map(withoutFalse)).toEqual(theirs.filter((object) => !tokens.includes(object)))
}

test('the rights of admin.conf', () => {
  expect(accessObjects(accessRules.clusterAdmins)).toEqual([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'kubeadm:cluster-admins' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'Group', name: 'kubeadm:cluster-admins' }],
    },
  ])
})

/** The objects that a dry run of the real `kubeadm init` shows. */
async function createdByKubeadm(context: TestContext, cluster: JsonObject, more: readonly JsonObject[] = []): Promise<KubernetesObject[]> {
  const file = '/tmp/jail/config.yaml'
  const documents = [
    { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', kubernetesVersion: 'v1.37.2', ...cluster },
    ...more,
  ]
  const command = [realBinary(context, 'kubeadm'), 'init', '--dry-run', '--upload-certs', '--ignore-preflight-errors=all', '--config', file]
  const result = await runJailed([command], {
    files: {
      [file]: documents.map((document) => `---\n${dumpYaml(document)}`).join(''),
      // Names that nobody answers for take kubeadm some 10 s each.
      '/etc/hosts': `127.0.0.1 localhost\n192.168.77.10 node1 api${n}.example\n`,
      '/etc/resolv.conf': '',
    },
  })
  expect(result, result.stderr).toMatchObject({ exitCode: 0 })
  const created = result.stdout.matchAll(/^\[dryrun\] Would perform action CREATE .*\n\[dryrun\] Attached object:\n([^]*?)\n\n(?=\[|\n)/gm)
  return [...created].map(([, text = '']) => withoutZeros(parseYaml(text) as KubernetesObject))
}

function dataOf(object: KubernetesObject | undefined, key: string): string {
  const { [key]: text } = (object?.['data'] ?? {}) as Record<string, string>
  return text ?? ''
}

/** Go's types print some parts that hold nothing. */
function withoutZeros(object: KubernetesObject): KubernetesObject {
  const text = JSON.stringify(object, (key, value: unknown) => (key === 'resources' && JSON.stringify(value) === '{}' ? undefined : value))
  const { status: _, ...rest } = JSON.parse(text) as KubernetesObject
  return rest
}

/** A `readOnly: false` that `--print-manifest` shows does not reach the API. */
function withoutFalse(object: KubernetesObject): unknown {
  return JSON.parse(JSON.stringify(object, (key, value: unknown) => (key === 'readOnly' && value === false ? undefined : value)))
}
