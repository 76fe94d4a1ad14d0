/** Do Pods really reach each other? A web server on every node that answers with the node's name, and a Service in front of them. */
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl } from './cluster.ts'

export interface PodTraffic {
  /** Node of the Pod that asked, by the name or address that it asked for, to the answers that came. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Of every Pod, all families, by node. */
  readonly addresses: Readonly<Record<string, readonly string[]>>
}

/**
 * Starts the servers and asks from each node's Pod for: every address of every Pod, the Service by its name, and (by the API's `/livez`)
 * the Service `kubernetes`. What did not answer is `failed: <last words>`.
 *
 * @param host a control plane
 */
export async function podTraffic(sandbox: Sandbox, host: string): Promise<PodTraffic> {
  await kubectl(sandbox, host, ['apply', '-f', '-'], { input: servers })
  await kubectl(sandbox, host, ['rollout', 'status', 'daemonset/where', '--timeout=90s'], { timeout: 100_000 })
  const pods = parsePods(JSON.parse(await kubectl(sandbox, host, ['get', 'pods', '-l', 'app=where', '-o', 'json'])))
  const urls: Record<string, string> = { service: 'http://where.default.svc.cluster.local', short: 'http://where' }
  for (const { addresses } of pods)
    for (const address of addresses) urls[address] = `http://${address.includes(':') ? `[${address}]` : address}`
  const script = Object.entries(urls)
    // kube-proxy may be some seconds behind on a busy machine.
    .map(
      ([name, url]) =>
        `for i in 1 2 3 4 5; do answer=$(wget -T 5 -q -O - ${url}:8080/ 2>&1) && break; answer="failed: $answer"; sleep 1; done; echo "${name} $answer"`,
    )
    .concat('if nslookup kubernetes.default.svc.cluster.local >/tmp/dns 2>&1; then echo dns ok; else echo dns failed: $(cat /tmp/dns); fi')
    .join('\n')
  const asked = pods.map(async ({ name, node }) => {
    const said = await kubectl(sandbox, host, ['exec', name, '--', 'sh', '-c', script], { timeout: 60_000 })
    return [node, Object.fromEntries(said.trim().split('\n').map(splitAtSpace))] as const
  })
  return {
    answers: Object.fromEntries(await Promise.all(asked)),
    addresses: Object.fromEntries(pods.map(({ node, addresses }) => [node, addresses])),
  }
}

interface Pod {
  readonly name: string
  readonly node: string
  readonly addresses: readonly string[]
}

function parsePods(value: unknown): readonly Pod[] {
  const { items } = value as {
    readonly items: readonly {
      readonly metadata: { readonly name: string }
      readonly spec: { readonly nodeName: string }
      readonly status: { readonly podIPs: readonly { readonly ip: string }[] }
    }[]
  }
  return items.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    node: spec.nodeName,
    addresses: status.podIPs.map(({ ip }) => ip),
  }))
}

function splitAtSpace(line: string): readonly [string, string] {
  const at = line.indexOf(' ')
  return [line.slice(0, at), line.slice(at + 1)]
}

const servers = `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: where}
spec:
  selector: {matchLabels: {app: where}}
  template:
    metadata: {labels: {app: where}}
    spec:
      terminationGracePeriodSeconds: 0
      tolerations: [{operator: Exists}]
      containers:
        - name: where
          image: lab.test/busybox:1
          command: [sh, -c, 'mkdir /tmp/www; echo "$NODE" >/tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www']
          env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
          readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: where}
spec:
  ipFamilyPolicy: PreferDualStack
  selector: {app: where}
  ports: [{port: 8080}]
`
