/** What the real kubeadm and kadm are both given: the table behind "difference 0". Names, addresses, periods are new in each run. */
import { randomInt } from 'node:crypto'
import type { JailOptions } from '../../support/jail.ts'
import { hex, word } from '../../support/random-words.ts'

export interface FileCase {
  readonly name: string
  /** Documents of the configuration file, apiVersion and kind included; none: by flags alone. */
  readonly documents?: readonly object[]
  /** By name without dashes; a command is given those that it has. */
  readonly flags?: Readonly<Record<string, string>>
  /** Files of the host, its addresses, its environment. */
  readonly host?: JailOptions
  /** kubeadm makes everything first; these files are then removed, so that both tools find the same sort of host. */
  readonly removedBefore?: readonly string[]
}

export const configurationFile = '/tmp/jail/config.yaml'
export const patchesDirectory = '/tmp/jail/patches'
const kubernetesVersion = 'v1.37.2'

/** `ECDSA-P256` where keys are not the point: they take a thousandth of the time. */
const fast = { encryptionAlgorithm: 'ECDSA-P256' }

export function fileCases(): readonly FileCase[] {
  return [
    { name: 'defaults', documents: [cluster({})] },
    { name: 'ECDSA-P256', documents: [cluster({ encryptionAlgorithm: 'ECDSA-P256' })] },
    { name: 'ECDSA-P384', documents: [cluster({ encryptionAlgorithm: 'ECDSA-P384', clusterName: word() })] },
    dualStack(),
    ipv6Only(),
    externalEtcd(),
    externalCa(),
    extras(),
    patches(),
    directoriesAndRanges(),
    imageRepository(),
    proxies(),
    { name: 'addons left out', documents: [cluster({ ...fast, dns: { disabled: true }, proxy: { disabled: true } })] },
    { name: 'addons skipped as phases', documents: [init({ skipPhases: ['addon/kube-proxy', 'addon/coredns'] }), cluster(fast)] },
    node(),
    {
      name: 'no taints',
      documents: [init({ nodeRegistration: { taints: [], imagePullPolicy: 'Never', imagePullSerial: false } }), cluster(fast)],
    },
    periods(),
    components(),
    endpoint(),
    tokensAndTimeouts(),
    { name: 'the minor version before', documents: [cluster({ ...fast, kubernetesVersion: `v1.36.${randomInt(4)}` })] },
    flagsOnly(),
    flagsForDirectories(),
  ]
}

function dualStack(): FileCase {
  const pods = `10.${randomInt(100, 200)}.0.0/16,fd00:${hex(2)}::/56`
  return {
    name: 'dual stack',
    documents: [
      init({ nodeRegistration: { kubeletExtraArgs: [{ name: 'node-ip', value: '192.168.77.10,fd00:77::10' }] } }),
      cluster({ ...fast, networking: { serviceSubnet: `10.${randomInt(200, 250)}.0.0/16,fd00:${hex(2)}:10::/112`, podSubnet: pods } }),
    ],
    host: { address6: 'fd00:77::10/64' },
  }
}

function ipv6Only(): FileCase {
  const address = `fd00:77::${randomInt(10, 99)}`
  return {
    name: 'IPv6 only',
    documents: [
      init({ localAPIEndpoint: { advertiseAddress: address } }),
      cluster({ ...fast, networking: { serviceSubnet: `fd00:${hex(2)}:96::/112`, podSubnet: `fd00:${hex(2)}::/56` } }),
    ],
    host: { address: null, address6: `${address}/64` },
  }
}

function externalEtcd(): FileCase {
  const endpoints = [11, 12, 13].map((last) => `https://192.168.${randomInt(80, 99)}.${last}:2379`)
  const dir = `/etc/${word()}`
  return {
    name: 'external etcd',
    documents: [
      cluster({
        ...fast,
        etcd: { external: { endpoints, caFile: `${dir}/ca.crt`, certFile: `${dir}/client.crt`, keyFile: `${dir}/client.key` } },
      }),
    ],
    host: { files: Object.fromEntries(['ca.crt', 'client.crt', 'client.key'].map((name) => [`${dir}/${name}`, name])) },
  }
}

function externalCa(): FileCase {
  return {
    name: 'external CA',
    documents: [cluster({ ...fast, clusterName: word() })],
    removedBefore: [
      '/etc/kubernetes/pki/ca.key',
      '/etc/kubernetes/pki/front-proxy-ca.key',
      ...['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) => `/etc/kubernetes/manifests/${name}.yaml`),
    ],
  }
}

function extras(): FileCase {
  const volumes = [
    { name: word(), hostPath: '/srv/b', mountPath: '/srv/b', readOnly: true, pathType: 'File' },
    { name: word(), hostPath: '/srv/a', mountPath: '/srv/a', pathType: 'DirectoryOrCreate' },
  ]
  const environment = [
    { name: `Z_${hex(2)}`, value: 'on: 0644' },
    { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    { name: 'HTTPS_PROXY', value: 'http://of-the-file.example' },
  ]
  const component = (...extraArgs: readonly object[]) => ({ extraArgs, extraVolumes: volumes, extraEnvs: environment })
  return {
    name: 'arguments, environment, volumes',
    documents: [
      init({
        nodeRegistration: {
          kubeletExtraArgs: [
            { name: 'v', value: '3' },
            { name: 'node-labels', value: `example.com/${word()}=yes,a=` },
          ],
        },
      }),
      cluster({
        ...fast,
        apiServer: component(
          { name: 'audit-log-path', value: '/var/log/audit.log' },
          { name: 'service-account-issuer', value: `https://${word()}.example` },
          { name: 'service-account-issuer', value: 'https://second.example' },
          { name: 'authorization-mode', value: 'Node,RBAC' },
        ),
        controllerManager: component(
          { name: 'cluster-signing-duration', value: `${randomInt(2, 900)}h` },
          { name: 'bind-address', value: '0.0.0.0' },
        ),
        scheduler: component({ name: 'v', value: String(randomInt(9)) }),
        etcd: {
          local: {
            extraArgs: [
              { name: 'quota-backend-bytes', value: String(randomInt(1e9, 2e9)) },
              { name: 'listen-metrics-urls', value: 'http://0.0.0.0:2381' },
            ],
            extraEnvs: [{ name: 'ETCD_LOG_LEVEL', value: 'warn' }],
            serverCertSANs: [`${word()}.example`, '10.1.2.3'],
            peerCertSANs: ['fd00::1', `${word()}.example`],
          },
        },
      }),
    ],
    host: { environment: { no_proxy: `.${word()}.example,10.0.0.0/8`, HTTPS_PROXY: 'http://of-the-host.example:3128' } },
  }
}

function patches(): FileCase {
  const label = word()
  const pod = (name: string, body: object) => ({ [`${patchesDirectory}/${name}`]: JSON.stringify(body) })
  return {
    name: 'patches of all targets',
    documents: [init({ patches: { directory: patchesDirectory } }), cluster(fast)],
    host: {
      files: {
        ...pod('kube-apiserver0+strategic.json', { metadata: { labels: { [label]: 'a' } } }),
        ...pod('kube-apiserver1+json.json', [{ op: 'add', path: '/metadata/annotations/x', value: word() }]),
        ...pod('kube-controller-manager+merge.json', { spec: { priorityClassName: word(), terminationGracePeriodSeconds: randomInt(60) } }),
        [`${patchesDirectory}/kube-scheduler.yaml`]: `spec:\n  containers:\n  - name: kube-scheduler\n    resources:\n      requests:\n        cpu: ${randomInt(1, 9)}0m\n        memory: 64Mi\n`,
        [`${patchesDirectory}/etcd+strategic.yaml`]:
          'spec:\n  hostAliases:\n  - ip: 10.1.1.1\n    hostnames: [a.example]\n  tolerations:\n  - key: x\n    operator: Exists\n',
        [`${patchesDirectory}/kubeletconfiguration+strategic.yaml`]: `maxPods: ${randomInt(20, 200)}\nevictionHard:\n  memory.available: 5%\n`,
        [`${patchesDirectory}/corednsdeployment+strategic.yaml`]: `spec:\n  replicas: ${randomInt(3, 9)}\n`,
      },
    },
  }
}

function directoriesAndRanges(): FileCase {
  return {
    name: 'directories, ranges, domain',
    documents: [
      cluster({
        ...fast,
        certificatesDir: `/etc/${word()}/pki`,
        etcd: { local: { dataDir: `/var/lib/${word()}` } },
        networking: {
          serviceSubnet: `172.${randomInt(16, 31)}.0.0/20`,
          podSubnet: `100.${randomInt(64, 127)}.0.0/16`,
          dnsDomain: `${word()}.example`,
        },
      }),
    ],
    host: { hostname: `${word()}.example.com` },
  }
}

function imageRepository(): FileCase {
  return {
    name: 'image repositories and tags',
    documents: [
      cluster({
        ...fast,
        imageRepository: `${word()}.example:5000/k8s`,
        etcd: { local: { imageRepository: `${word()}.example/etcd`, imageTag: '3.6.1-7' } },
        dns: { imageRepository: `${word()}.example/dns/${word()}`, imageTag: 'v1.12.1' },
      }),
    ],
  }
}

function proxies(): FileCase {
  return {
    name: 'proxies of the environment',
    documents: [cluster(fast)],
    host: {
      environment: {
        HTTP_PROXY: `http://${word()}.example:3128`,
        https_proxy: `http://u:p@${word()}.example:3129`,
        NO_PROXY: '192.168.77.0/24,.svc,.cluster.local,10.96.0.0/12',
        no_proxy: 'localhost',
        FTP_PROXY: 'ftp://x.example',
        MY_PROXY: 'x',
        TLS_PROXY: 'y',
      },
    },
  }
}

function node(): FileCase {
  return {
    name: 'node: name, taints, runtime, kubelet arguments',
    documents: [
      init({
        localAPIEndpoint: { bindPort: randomInt(1024, 60_000) },
        nodeRegistration: {
          name: `${word().toUpperCase()}.example`,
          criSocket: '/run/crio/crio.sock',
          taints: [
            { key: `example.com/${word()}`, value: 'v', effect: 'NoExecute' },
            { key: 'a', effect: 'PreferNoSchedule' },
          ],
          kubeletExtraArgs: [
            { name: 'node-ip', value: '192.168.77.10' },
            { name: 'cgroup-driver', value: 'cgroupfs' },
            { name: 'hostname-override', value: word() },
            { name: 'register-with-taints', value: 'b=c:NoSchedule' },
          ],
        },
      }),
      cluster(fast),
    ],
  }
}

function periods(): FileCase {
  return {
    name: 'certificate periods',
    documents: [
      cluster({
        ...fast,
        certificateValidityPeriod: `${randomInt(24, 9000)}h${randomInt(1, 60)}m`,
        // Past 2049, where the way that times are written changes, every other time.
        caCertificateValidityPeriod: [`${randomInt(20_000, 80_000)}h`, `${randomInt(250_000, 400_000)}h`][randomInt(2)],
      }),
    ],
  }
}

function components(): FileCase {
  return {
    name: 'kubelet and kube-proxy of the user',
    documents: [
      cluster({ ...fast, networking: { podSubnet: '10.244.0.0/16' } }),
      {
        apiVersion: 'kubelet.config.k8s.io/v1beta1',
        kind: 'KubeletConfiguration',
        cgroupDriver: 'cgroupfs',
        clusterDNS: [`10.96.0.${randomInt(2, 200)}`],
        healthzPort: randomInt(20_000, 30_000),
        maxPods: randomInt(10, 200),
        resolvConf: '/etc/x.conf',
        evictionHard: { 'nodefs.available': '7%' },
        featureGates: { SomeGate: true },
        logging: { verbosity: randomInt(5) },
        systemReserved: { cpu: '100m' },
      },
      {
        apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
        kind: 'KubeProxyConfiguration',
        mode: 'ipvs',
        bindAddress: '0.0.0.0',
        clientConnection: { burst: randomInt(100), qps: 3 },
        conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '1h' },
        nodePortAddresses: ['192.168.0.0/16'],
        ipvs: { strictARP: true, scheduler: word() },
      },
    ],
  }
}

function endpoint(): FileCase {
  const sans = [`*.${word()}.example`, `fd00::${hex(2)}`, `10.9.${randomInt(256)}.1`, 'kubernetes', '127.0.0.1', `${word()}.example`]
  return {
    name: 'endpoint, names, cluster name',
    documents: [
      cluster({
        ...fast,
        clusterName: `${word()}.${word()}`,
        controlPlaneEndpoint: [`${word()}.example:${randomInt(1024, 60_000)}`, '10.7.7.7', '[fd00::77]:7443'][randomInt(3)],
        apiServer: { certSANs: sans },
      }),
    ],
  }
}

function tokensAndTimeouts(): FileCase {
  return {
    name: 'tokens, certificate key, timeouts',
    documents: [
      init({
        bootstrapTokens: [
          { token: `${hex(3)}.${hex(8)}`, ttl: `${randomInt(1, 99)}h`, description: 'a: b', usages: ['signing', 'authentication'] },
        ],
        certificateKey: hex(32),
        timeouts: { controlPlaneComponentHealthCheck: '7m', kubeletHealthCheck: '1m30s', tlsBootstrap: '3m' },
      }),
      cluster(fast),
    ],
  }
}

// Commands without --kubernetes-version ask dl.k8s.io for it: a name server that refuses saves 10 s of waiting.
const withoutNames = { '/etc/resolv.conf': 'nameserver 127.0.0.1\n' }

function flagsOnly(): FileCase {
  return {
    name: 'flags alone',
    flags: {
      'kubernetes-version': kubernetesVersion,
      'apiserver-advertise-address': '192.168.77.10',
      'apiserver-bind-port': String(randomInt(1024, 60_000)),
      'apiserver-cert-extra-sans': `${word()}.example,10.5.5.5`,
      'control-plane-endpoint': `${word()}.example:${randomInt(1024, 60_000)}`,
      'service-cidr': `10.${randomInt(100, 200)}.0.0/16`,
      'service-dns-domain': `${word()}.local`,
      'pod-network-cidr': `10.${randomInt(201, 250)}.0.0/16`,
      'image-repository': `${word()}.example/k8s`,
      'node-name': word(),
      'cri-socket': 'unix:///run/crio/crio.sock',
    },
    host: { files: withoutNames },
  }
}

function flagsForDirectories(): FileCase {
  return {
    name: 'flags: directories and patches',
    flags: {
      'kubernetes-version': kubernetesVersion,
      'cert-dir': `/etc/${word()}`,
      'kubeconfig-dir': `/etc/${word()}`,
      patches: patchesDirectory,
    },
    host: { files: { ...withoutNames, [`${patchesDirectory}/etcd.yaml`]: `metadata:\n  labels:\n    ${word()}: "yes"\n` } },
  }
}

function init(fields: object): object {
  return { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'InitConfiguration', ...fields }
}

function cluster(fields: object): object {
  return { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', kubernetesVersion, ...fields }
}
