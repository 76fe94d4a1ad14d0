import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadInitConfig } from '../../src/config/load/load-init.ts'
import { clusterConfigurationDocument, initConfigurationDocument } from '../../src/config/v1beta4.ts'
import { dumpYaml, parseYaml, parseYamlDocuments } from '../../src/config/yaml.ts'
import { runJailed } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'
import { anyConfiguration } from './any-configuration.ts'
import { fixtureHost } from './fixture-host.ts'
import { kubeadmConfig } from './kubeadm-config.ts'

const file = '/tmp/jail/config.yaml'
const noSocket = { needs: { criSocket: false }, flags: {} }

const clusters = [
  'kubernetesVersion: v1.37.0\n',
  'kubernetesVersion: v1.37.0\nnetworking: {serviceSubnet: "fd00:1::/112,10.1.0.0/16", podSubnet: "10.2.0.0/16,fd00:2::/56", dnsDomain: some.where}\ncertificatesDir: /etc/kubernetes/keys\n',
  'kubernetesVersion: v1.36.1\nnetworking: {serviceSubnet: 10.9.0.0/28}\n',
]
const kubelets = [
  '',
  'cgroupDriver: cgroupfs\nclusterDNS: [1.2.3.4]\nfeatureGates: {A: true}\nrotateCertificates: false\nauthentication: {anonymous: {enabled: true}, x509: {clientCAFile: /x}, webhook: {cacheTTL: 90s}}\n' +
    'healthzPort: 1\nmaxPods: 50\nevictionHard: {memory.available: 5%}\nlogging: {verbosity: 4, flushFrequency: 5s, vmodule: [{filePattern: x, verbosity: 3}]}\nreservedMemory: [{numaNode: 1, limits: {memory: 1Gi}}]\n' +
    'registerWithTaints: [{key: a, effect: NoSchedule}]\ncontainerLogMaxSize: 1Mi\nkubeAPIQPS: 0\nmemorySwap: {swapBehavior: LimitedSwap}\nimageMinimumGCAge: 2m\nstaticPodURLHeader: {a: [b]}\ntracing: {samplingRatePerMillion: 3}\n',
]
const proxies = [
  '',
  'mode: ipvs\nbindAddress: "::"\nclusterCIDR: 10.9.0.0/16\nfeatureGates: {B: false}\niptables: {masqueradeBit: 3, syncPeriod: 1m}\nconntrack: {min: 5, tcpEstablishedTimeout: 1h}\nnodePortAddresses: [10.0.0.0/8]\noomScoreAdj: -5\nclientConnection: {qps: 1.5, burst: 3}\n',
]

const inputs = clusters.flatMap((cluster) =>
  [0, 1].map((index) =>
    [
      `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n${cluster}`,
      ...(index === 0
        ? []
        : [
            `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${kubelets[1]}`,
            `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${proxies[1]}`,
          ]),
    ].join('---\n'),
  ),
)

test('the kubelet configuration is the one that kubeadm writes, but for what belongs to the node', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  for (const input of inputs) {
    const result = await runJailed([[kubeadm, 'init', 'phase', 'kubelet-start', '--dry-run', '--config', file]], {
      files: { [file]: input },
      environment: { KUBEADM_INIT_DRYRUN_DIR: '/tmp/jail/out' },
    })
    const written = [...result.tree].find(([path]) => path.startsWith('/tmp/jail/out') && path.endsWith('/config.yaml'))?.[1].content
    expect(written, result.stderr).toBeDefined()
    const { config } = await loadInitConfig({ ...noSocket, file, forRun: true, host: fixtureHost({ [file]: input }) })
    const { resolvConf: _resolvConf, ...expected } = parseYaml(String(written)) as Record<string, unknown>
    expect(dumpYaml({ ...config.kubelet.document, containerRuntimeEndpoint: config.init.nodeRegistration.criSocket })).toBe(
      dumpYaml(expected),
    )
    expect(config.kubelet.userSupplied).toBe(input.includes('KubeletConfiguration'))
  }
})

test('the kube-proxy configuration is the one that kubeadm prints', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  for (const input of inputs) {
    const result = await runJailed([[kubeadm, 'init', 'phase', 'addon', 'kube-proxy', '--print-manifest', '--config', file]], {
      files: { [file]: input },
    })
    const configMap = parseYamlDocuments(result.stdout.replace(/^\n?---\n/, '')).find(
      (document) => (document as { kind?: string } | null)?.kind === 'ConfigMap',
    ) as { data: Record<string, string> } | undefined
    const { config, warnings } = await loadInitConfig({ ...noSocket, file, forRun: true, host: fixtureHost({ [file]: input }) })
    expect(dumpYaml(config.kubeProxy.document).trimEnd()).toBe(configMap?.data['config.conf'])
    expect(warnings.filter((warning) => warning.includes('Configuration:')).length).toBe(
      result.stderr.split('\n').filter((line) => /recommended value|deprecated since/.test(line)).length,
    )
  }
})

test('what a run works with prints as the documents that kubeadm keeps', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const texts = fc
    .sample(anyConfiguration(true), 60)
    .map((documents) => documents.map(dumpYaml).join('---\n'))
    .filter((text) => text.includes('kind: ClusterConfiguration'))
  const verdicts = await kubeadmConfig(kubeadm, 'migrate', texts)
  for (const [index, text] of texts.entries()) {
    const { config } = await loadInitConfig({ ...noSocket, file, forRun: true, host: fixtureHost({ [file]: text }) })
    const [init, cluster] = (verdicts[index]?.stdout ?? '').split('---\n')
    expect(dumpYaml(clusterConfigurationDocument(config.cluster)), text).toBe(cluster)
    const errors = config.init.nodeRegistration.ignorePreflightErrors
    expect(errors).toEqual([...new Set(errors)].toSorted())
    const { nodeRegistration, ...rest } = initConfigurationDocument(config.init)
    const { nodeRegistration: oracle, ...oracleRest } = parseYaml((init ?? '').replace('\npatches: {}\n', '\n')) as Record<
      string,
      Record<string, unknown>
    >
    expect(dumpYaml(rest)).toBe(dumpYaml(oracleRest))
    expect(dumpYaml({ ...(nodeRegistration as object), ignorePreflightErrors: 0 })).toBe(dumpYaml({ ...oracle, ignorePreflightErrors: 0 }))
  }
  expect(texts.length).toBeGreaterThan(5)
})
