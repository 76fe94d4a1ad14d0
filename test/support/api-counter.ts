/** Somebody who writes through the API all along: one key more in a ConfigMap at a time, each tried until the API has taken it. */
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl } from './cluster.ts'

/**
 * Arguments: none. Prints nothing; `count` has the last key that was acknowledged, `longest` the longest wait for one in milliseconds: also
 * the wait that it was stopped in.
 */
const script = `set -u
cd /run/counter
admin=/etc/kubernetes/admin.conf
for part in client-certificate client-key certificate-authority; do sed -n "s/.*$part-data: //p" $admin | base64 -d >$part; done
server=$(sed -n 's/.*server: //p' $admin)
n=0 longest=0
waited() { took=$(($(date +%s%3N) - begun)); [ $took -le $longest ] || longest=$took; echo $longest >longest; }
while [ ! -e stop ]; do
  n=$((n + 1)) begun=$(date +%s%3N)
  until curl -sf -m 2 --cacert certificate-authority --cert client-certificate --key client-key -X PATCH -H 'Content-Type: application/merge-patch+json' \\
    -d "{\\"data\\":{\\"k$n\\":\\"\\"}}" "$server/api/v1/namespaces/default/configmaps/counter" >/dev/null; do
    [ ! -e stop ] || { waited; exit; }
    sleep 0.05
  done
  waited
  echo $n >count
  sleep 0.05
done`

export interface CounterResult {
  /** How many keys the API has acknowledged. */
  readonly acknowledged: number
  /** Those of them that are not there. */
  readonly lost: readonly number[]
  /** Milliseconds for the slowest one. */
  readonly longest: number
}

/** Starts to count on a control-plane host, from 1 also where another one has counted. */
export async function startCounter(sandbox: Sandbox, host: string): Promise<void> {
  await sandbox.run(host, ['sh', '-c', 'systemctl stop counter 2>/dev/null; rm -rf /run/counter'])
  await kubectl(sandbox, host, ['delete', 'configmap', 'counter', '--ignore-not-found'])
  await kubectl(sandbox, host, ['create', 'configmap', 'counter'])
  await sandbox.put(host, '/run/counter/count.sh', script)
  await sandbox.run(host, ['systemd-run', '--quiet', '--unit=counter', 'bash', '/run/counter/count.sh'])
}

/** Ends it, and compares what it knows with what the cluster has. */
export async function stopCounter(sandbox: Sandbox, host: string): Promise<CounterResult> {
  await sandbox.run(host, [
    'bash',
    '-c',
    'touch /run/counter/stop; while systemctl is-active --quiet counter; do sleep 0.1; done; systemctl reset-failed counter 2>/dev/null || true',
  ])
  const read = async (name: string): Promise<number> => Number(await sandbox.run(host, ['cat', `/run/counter/${name}`]))
  const { data } = JSON.parse(await kubectl(sandbox, host, ['get', 'configmap', 'counter', '--output=json'])) as {
    readonly data: Readonly<Record<string, string>>
  }
  const acknowledged = await read('count')
  const lost = Array.from({ length: acknowledged }, (_, index) => index + 1).filter((n) => data[`k${n}`] === undefined)
  return { acknowledged, lost, longest: await read('longest') }
}
