import { randomInt } from 'node:crypto'
import { test } from 'vitest'
import { initConfig } from '../support/init-config.ts'
import { besideKubeadm, patchesDirectory, patchFiles } from './beside-kubeadm.ts'

const patches = { directory: patchesDirectory }

function beside(name: string, files: Readonly<Record<string, string>>, options: { readonly asData?: boolean } = {}): void {
  test(name, async (context) => {
    await besideKubeadm(context, {
      config: initConfig({ init: { patches } }),
      init: { patches },
      jail: { files: patchFiles(files) },
      ...options,
    })
  })
}

const n = randomInt(10, 99)

beside('strategic: image by name, new container and variable, deleted volume, annotations', {
  'kube-apiserver.yaml': `
metadata:
  annotations: {example.com/x: "${n}"}
spec:
  containers:
  - name: kube-apiserver
    image: other:${n}
    env: [{name: B, value: "2"}, {name: A, value: "1"}]
    resources: {requests: {cpu: 1${n}m}, limits: {memory: 1Gi}}
    ports:
    - {containerPort: 6443, hostPort: 6443}
    - {containerPort: 80, name: web}
    volumeMounts:
    - mountPath: /etc/ssl/certs
      $patch: delete
  - name: side
    image: side:${n}
  volumes:
  - name: ca-certs
    $patch: delete
  - name: k8s-certs
    hostPath: {path: /elsewhere}
  - name: new
    emptyDir: {}
`,
})

beside('strategic: replaced list, replaced object, null, order, retained keys', {
  'kube-scheduler+strategic.yaml': `
metadata:
  labels: {$patch: replace, only: this}
spec:
  priorityClassName: null
  securityContext: {$patch: delete}
  tolerations: [{operator: Exists}]
  containers:
  - name: kube-scheduler
    env:
    - {name: E1, value: a}
    - {name: E2, value: b}
    - {name: E3, value: c}
    livenessProbe: {$retainKeys: [httpGet, periodSeconds], httpGet: {path: /other, port: 80}}
  - $patch: replace
  - {name: second, image: x}
`,
  'kube-scheduler1.json': JSON.stringify({
    spec: {
      containers: [
        {
          name: 'second',
          env: [
            { name: 'Z', value: '1' },
            { name: 'Y', value: '2' },
          ],
        },
      ],
    },
  }),
  'kube-scheduler2.yaml': `
spec:
  containers:
  - name: second
    env: [{name: M, value: new}, {name: Z, value: "9"}]
    $setElementOrder/env: [{name: "Y"}, {name: M}, {name: Z}]
`,
})

beside('strategic: order of items woven from both lists', {
  'kube-controller-manager.yaml': `
spec:
  $setElementOrder/volumes: [{name: usr-share-ca-certificates}, {name: zz}, {name: ca-certs}]
  volumes:
  - name: zz
    emptyDir: {}
  containers:
  - name: first
    image: a
  - name: kube-controller-manager
    imagePullPolicy: Always
    volumeMounts:
    - {mountPath: /x, name: zz}
    - {mountPath: /etc/kubernetes/pki, name: k8s-certs}
metadata:
  finalizers: [a, b, a]
`,
  'kube-controller-manager1.yaml': `
metadata:
  $deleteFromPrimitiveList/finalizers: [a]
  finalizers: [c, b]
`,
})

beside('merge patches', {
  'etcd+merge.yaml': `metadata: {annotations: null, labels: {tier: null, x: "${n}"}}\nspec: {volumes: [{name: one, emptyDir: {}}]}`,
  'kubeletconfiguration+merge.json': JSON.stringify({
    maxPods: n,
    authentication: { x509: null },
    evictionHard: { 'memory.available': '100Mi' },
  }),
  'corednsdeployment+merge.yaml': `spec: {replicas: ${n}, strategy: null}`,
  'kubeproxydaemonset+merge.yaml': 'spec: {template: {spec: {tolerations: [{key: a}]}}}',
})

beside('JSON patches: every operation', {
  'kube-apiserver+json.yaml': `
- {op: add, path: /metadata/labels/a~1b~0c, value: "${n}"}
- {op: add, path: /spec/containers/0/command/1, value: --first=1}
- {op: add, path: /spec/containers/0/command/-, value: --last=1}
- {op: remove, path: /spec/containers/0/livenessProbe/timeoutSeconds}
- {op: replace, path: /spec/priority, value: ${n}}
- {op: replace, path: /spec/nodeName, value: new}
- {op: test, path: /metadata/name, value: kube-apiserver}
- {op: copy, from: /metadata/labels/tier, path: /metadata/labels/copied}
- {op: move, from: /metadata/labels/component, path: /metadata/labels/moved}
- {op: remove, path: /spec/volumes/-1}
- {op: add, path: /spec/volumes/-1, value: {name: v, emptyDir: {}}}
`,
  'kubeletconfiguration0+json.json': JSON.stringify([
    { op: 'add', path: '/maxPods', value: n },
    { op: 'replace', path: '/clusterDNS/0', value: '1.2.3.4' },
  ]),
})

beside('kubelet configuration: strategic by default, patched again by the settings of the node', {
  'kubeletconfiguration.yaml': `
containerRuntimeEndpoint: unix:///other.sock
maxPods: ${n}
clusterDNS: [1.1.1.1, 2.2.2.2]
authentication: {anonymous: {enabled: true}}
crashLoopBackOff: {maxContainerRestartPeriod: 10s}
cgroupDriver: null
`,
})

beside('several documents, several files, folders; addons', {
  'corednsdeployment1.yaml': `---\nspec: {replicas: 5}\n---\n\n---\n# nothing\n---\nspec: {template: {spec: {containers: [{name: coredns, image: x:${n}}], tolerations: [{key: x}]}}}\n`,
  'corednsdeployment0+json.json': JSON.stringify([{ op: 'replace', path: '/spec/replicas', value: 3 }]),
  'sub/kubeproxydaemonset.yaml': `spec: {template: {spec: {containers: [{name: kube-proxy, env: [{name: A, value: "${n}"}], securityContext: null}]}}}`,
  'a/etcd.yaml': 'metadata: {labels: {order: first}}',
  'b/etcd.yaml': 'metadata: {labels: {order: second}}',
  'etcd.yaml': 'metadata: {labels: {order: third}}',
})

beside('files that are no patches', {
  'unknown.yaml': 'a: 1',
  'etcd.txt': 'a: 1',
  'etcd-empty.yaml': '',
  'kube-scheduler.yml': 'a: 1',
  '.yaml': 'a: 1',
  'kube-schedulerX+mergejunk.yaml': `metadata: {labels: {x: "${n}"}}`,
})
