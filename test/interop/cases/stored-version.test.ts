/** What a cluster keeps as its version, read by the real kubeadm and by kadm from one API that answers no more than they ask. */
import { createPrivateKey } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { kubeconfigText } from '../../../src/pki/kubeconfig/kubeconfig-file.ts'
import { authority, leaf } from '../../discovery/identity.ts'
import { runJailed, type JailResult } from '../../support/jail.ts'
import { realBinary } from '../../support/real-binary.ts'

const endpoint = '192.168.77.10:6443'
const annotations = { 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': endpoint }
const metadata = {
  name: 'kube-apiserver',
  namespace: 'kube-system',
  annotations,
  labels: { component: 'kube-apiserver', tier: 'control-plane' },
}
const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } }

let version = ''
const ca = authority()
const server = createServer(leaf(ca), (request, response) => {
  const { pathname } = new URL(request.url ?? '', 'https://api')
  const answer = answerTo(pathname)
  response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
  const details = { name: pathname.split('/').at(-1) }
  response.end(JSON.stringify(answer ?? { apiVersion: 'v1', kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404, details }))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterAll(() => void server.close().closeAllConnections())

function answerTo(pathname: string): unknown {
  const map = (name: string, data: Readonly<Record<string, string>>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
  const name = pathname.split('/').at(-1) ?? ''
  if (name === 'kubeadm-config') {
    const text = `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: ${version}\n`
    return map(name, { ClusterConfiguration: text })
  }
  if (name === 'kubelet-config') return map(name, { kubelet: 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n' })
  if (name === 'cluster-info') return map(name, { kubeconfig: kubeconfig() })
  if (name === 'node1') return { apiVersion: 'v1', kind: 'Node', metadata: { name } }
  return name === 'pods' ? { apiVersion: 'v1', kind: 'PodList', items: [pod] } : undefined
}

function kubeconfig(): string {
  const { port } = server.address() as AddressInfo
  const { cert: certificate, key } = leaf(ca, { commonName: 'system:node:node1', organizations: ['system:nodes'], usages: ['client'] })
  const shared = { clusterName: 'kubernetes', server: `https://127.0.0.1:${port}`, certificateAuthority: ca.pem }
  return kubeconfigText({ ...shared, userName: 'a', user: { certificate, key: createPrivateKey(key) } })
}

const conf = '/tmp/jail/admin.conf'
const join = JSON.stringify({
  apiVersion: 'kubeadm.k8s.io/v1beta4',
  kind: 'JoinConfiguration',
  discovery: { file: { kubeConfigPath: conf } },
  nodeRegistration: { name: 'node2', criSocket: 'unix:///run/none.sock' },
})
const manifests = ['apiserver', 'controller-manager', 'scheduler'].map((name) => [
  `/etc/kubernetes/manifests/kube-${name}.yaml`,
  JSON.stringify({ ...pod, metadata: { ...metadata, name: `kube-${name}` } }),
])
const commands = {
  join: { words: ['join', 'phase', 'preflight', '--ignore-preflight-errors=all', '--config', '/tmp/jail/join.yaml'], files: {} },
  'upgrade diff': { words: ['upgrade', 'diff', '--kubeconfig', conf], files: Object.fromEntries(manifests) as Record<string, string> },
  'upgrade node': { words: ['upgrade', 'node', 'phase', 'preflight', '--ignore-preflight-errors=all'], files: {} },
}

test.for(Object.entries(commands))(
  '%s of a cluster that is too old, old, and written without a v',
  { timeout: 180_000 },
  async ([, { words, files }], context) => {
    const kubeadm = realBinary(context, 'kubeadm')
    const run = (program: string): Promise<JailResult> =>
      runJailed([[program, ...words]], {
        sharesNetwork: true,
        files: {
          ...files,
          [conf]: kubeconfig(),
          '/etc/kubernetes/kubelet.conf': kubeconfig(),
          '/tmp/jail/join.yaml': join,
          '/etc/resolv.conf': 'nameserver 127.0.0.1\n',
        },
      })
    for (const [stored, exitCode] of [
      ['v1.35.9', 1],
      ['v1.36.0', 0],
      ['1.37.2', 0],
    ] as const) {
      version = stored
      for (const { stdout, stderr, ...ended } of await Promise.all([run(kubeadm), run('kadm')])) {
        expect([stored, ended.exitCode], stderr).toEqual([stored, exitCode])
        if (exitCode === 1) expect(stderr).toMatch(/ v?1\.36\.0/)
        else if (words[1] === 'diff') expect(stdout).toContain(`/kube-apiserver:v${stored.replace('v', '')}\n`)
      }
    }
  },
)
