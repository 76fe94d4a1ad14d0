/**
 * Clients of a cluster all through a test: one that reads, one that writes and one that asks a Service, each every 100 ms; and what they
 * met.
 */
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl } from './cluster.ts'

const clients = ['read', 'write', 'service'] as const
type Client = (typeof clients)[number]

export interface Met {
  /** Those that were answered in the end. */
  readonly requests: number
  /** At the first try. */
  readonly failed: number
  /** Those that no try within a second after that has mended: also one that was never answered, up to the end of the probe. */
  readonly unmended: number
  /** Milliseconds from the begin of a request to its answer, failures and all; the longest. */
  readonly longest: number
}

export type Availability = Readonly<Record<Client, Met>> & {
  /** Keys that the API has acknowledged and does not have. */
  readonly lost: readonly number[]
}

/**
 * Needs `$client` and a function `request`. Leaves `<client>` with the numbers of `Met`, in order. Told to stop in the middle of an outage,
 * it tries until that has lasted a second: until then nobody knows what it was.
 */
export const probeLoop = `n=0 failed=0 unmended=0 longest=0
now() { date +%s%3N; }
while [ ! -e stop ]; do
  n=$((n + 1)) begun=$(now) answered=yes
  if ! request; then
    failed=$((failed + 1)) at=$(now)
    until request; do
      if [ -e stop ] && [ $(($(now) - at)) -gt 1000 ]; then answered=never n=$((n - 1)); break; fi
      sleep 0.05
    done
    away=$(($(now) - at))
    [ $away -le 1000 ] || { unmended=$((unmended + 1)); echo "$(date +%T) $client $away ms, answered: $answered" >>unmended; }
  fi
  took=$(($(now) - begun)); [ $took -le $longest ] || longest=$took
  echo "$n $failed $unmended $longest" >$client
  sleep 0.1
done`

/** Argument: the client. */
const script = `set -u
cd /run/probe
client=$1
api() { curl -sf -m 2 --cacert certificate-authority --cert client-certificate --key client-key "$@" >/dev/null; }
map=$(cat server)/api/v1/namespaces/default/configmaps/counter
request() {
  case $client in
    read) api "$map" ;;
    write) api -X PATCH -H 'Content-Type: application/merge-patch+json' -d "{\\"data\\":{\\"k$n\\":\\"\\"}}" "$map" ;;
    service) curl -sf -m 2 "http://$(cat service-address):8080/" >/dev/null ;;
  esac
}
${probeLoop}`

const credentials = `cd /run/probe
admin=/etc/kubernetes/admin.conf
for part in client-certificate client-key certificate-authority; do sed -n "s/.*$part-data: //p" $admin | base64 -d >$part; done
sed -n 's/.*server: //p' $admin >server`

const workload = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      # It answers until the proxies have heard of its end.
      terminationGracePeriodSeconds: 10
      containers:
        - name: shop
          image: lab.test/busybox:1
          command: [sh, -c, 'trap "sleep 5; exit" TERM; mkdir /tmp/www; echo open >/tmp/www/index.html; httpd -p 8080 -h /tmp/www; while :; do sleep 1; done']
          readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1, timeoutSeconds: 5}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec:
  minAvailable: 2
  selector: {matchLabels: {app: shop}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{port: 8080}]
`

/** @param host a control plane, on which the clients run */
export async function startProbe(sandbox: Sandbox, host: string): Promise<void> {
  await kubectl(sandbox, host, ['create', 'configmap', 'counter'])
  await kubectl(sandbox, host, ['apply', '-f', '-'], { input: workload })
  await kubectl(sandbox, host, ['rollout', 'status', 'deployment/shop', '--timeout=240s'], { timeout: 250_000 })
  await sandbox.put(host, '/run/probe/probe.sh', script)
  await sandbox.put(
    host,
    '/run/probe/service-address',
    await kubectl(sandbox, host, ['get', 'service', 'shop', '-o', 'jsonpath={.spec.clusterIP}']),
  )
  await sandbox.run(host, ['bash', '-c', credentials])
  for (const client of clients)
    await sandbox.run(host, ['systemd-run', '--quiet', `--unit=probe-${client}`, 'bash', '/run/probe/probe.sh', client])
}

/** Fewer answers than these, two seconds' worth, say nothing about an outage. */
const leastRequests = 20

/** Ends them. Throws when one has hardly asked at all. */
export async function stopProbe(sandbox: Sandbox, host: string): Promise<Availability> {
  await sandbox.run(host, ['bash', '-c', 'touch /run/probe/stop; while systemctl is-active --quiet "probe-*"; do sleep 0.1; done'])
  const met = async (client: Client): Promise<Met> => {
    const numbers = (await sandbox.run(host, ['cat', `/run/probe/${client}`])).trim().split(' ').map(Number)
    const [requests = 0, failed = 0, unmended = 0, longest = 0] = numbers
    if (!(requests > leastRequests))
      throw new Error(`the probe that does "${client}" has only ${requests} answers; it left: ${numbers.join(' ')}`)
    return { requests, failed, unmended, longest }
  }
  const [read, write, service] = [await met('read'), await met('write'), await met('service')]
  const { data = {} } = JSON.parse(await kubectl(sandbox, host, ['get', 'configmap', 'counter', '--output=json'])) as {
    readonly data?: Readonly<Record<string, string>>
  }
  const lost = Array.from({ length: write.requests }, (_, index) => index + 1).filter((n) => data[`k${n}`] === undefined)
  return { read, write, service, lost }
}
