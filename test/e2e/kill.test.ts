import { beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { hostFiles } from '../interop/difference/host-files.ts'
import { treeMeaning } from '../interop/difference/meaning.ts'
import { freshHost, kubectl, sharedSandbox } from '../support/cluster.ts'
import { readFiles } from '../support/host-files.ts'
import { isLongRun, skipInShortRun } from '../support/long-run.ts'
import { settledObjects, type Objects } from '../support/settled-objects.ts'

const host = 'h1'
const rounds = isLongRun ? 30 : 2
const init = 'kadm init --config /root/init.yaml --upload-certs'

let sandbox: Sandbox
let reference: State
/** Seconds that an unbroken run takes. */
let wholeRun: number

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 1 })
  await freshHost(sandbox, host)
  const started = performance.now()
  await sandbox.run(host, ['sh', '-c', init], { timeout: 120_000 })
  wholeRun = (performance.now() - started) / 1000
  reference = await stateOfHost()
}, 300_000)

// On the host of the unbroken run, so before the others.
test('a finished init run again: refused as by kubeadm, nothing changed', async () => {
  const kept = await handedOut()
  const kadm = await sandbox.exec(host, ['sh', '-c', init])
  const kubeadm = await sandbox.exec(host, ['sh', '-c', init.replace('kadm', 'kubeadm')])
  expect([kadm.exitCode, kubeadm.exitCode]).toEqual([1, 1])
  expect(failedChecks(kadm.stderr)).toEqual(failedChecks(kubeadm.stderr))
  expect(failedChecks(kadm.stderr)).toContain('FileAvailable--etc-kubernetes-manifests-etcd.yaml')
  expect(await handedOut()).toEqual(kept)
})

describe(`SIGKILL at ${rounds} random moments of init`, () => {
  const moments = Array.from({ length: rounds }, (_, round) => ({ percent: Number((((round + Math.random()) / rounds) * 100).toFixed(2)) }))
  test.each(moments)('killed after $percent % of its time and run again: the cluster of an unbroken run', async ({ percent }) => {
    await freshHost(sandbox, host)
    await killed('KILL', seconds((percent / 100) * wholeRun))
    const kept = await handedOut()
    await expectWholeAfter(init, kept)
  })
})

test('killed twice, the second time while it goes on with the first: the third run ends it', async (context) => {
  skipInShortRun(context)
  await freshHost(sandbox, host)
  await killed('KILL', seconds((0.1 + 0.8 * Math.random()) * wholeRun))
  const first = await handedOut()
  await killed('KILL', seconds((0.05 + 0.4 * Math.random()) * wholeRun))
  const second = await handedOut()
  expectKept(first, second)
  await expectWholeAfter(init, second)
})

describe.each([{ signal: 'TERM', code: 143 }, ...(isLongRun ? [{ signal: 'INT', code: 130 }] : [])])('SIG$signal', ({ signal, code }) => {
  test(`ends the run with ${code}, gives the lock back, says how to go on; the next run ends it`, async () => {
    await freshHost(sandbox, host)
    const share = 0.2 + 0.5 * Math.random()
    const { exitCode, stderr, took } = await killed(signal, seconds(share * wholeRun))
    expect([share, exitCode, stderr]).toEqual([share, code, expect.stringContaining(`error: stopped by SIG${signal}`)])
    expect(stderr).toContain('try: run the same command again')
    expect(took).toBeLessThan(share * wholeRun + 2)
    expect(await sandbox.run(host, ['sh', '-c', 'ls /run | grep kadm || true'])).toBe('')
    await expectWholeAfter(init, await handedOut())
  })
})

test('killed and followed by other arguments: refused with what is there; the same arguments then go on', async () => {
  await freshHost(sandbox, host)
  await killed('KILL', manifestsWritten)
  const kept = await handedOut()
  const other = await sandbox.exec(host, ['kadm', 'init', '--config', '/root/init.yaml'])
  expect(other.exitCode).toBe(1)
  expect(other.stderr).toMatch(
    /^error: preflight checks failed: "kadm init" of .*, which had other arguments or another configuration, was not finished and is in the way/m,
  )
  expect(other.stderr).toMatch(
    /^try: kadm init {3}# with the arguments and the configuration of then: goes on with it\ntry: kadm reset {3}# removes what it made/m,
  )
  expect(await handedOut()).toEqual(kept)
  await expectWholeAfter(init, kept)
})

test('an etcd whose disk was full at its very first start begins when there is room and the run goes on', async () => {
  await freshHost(sandbox, host)
  const small = 'd=/var/lib/etcd; o=$(stat -c %u:%g $d); mount -t tmpfs -o size=8k,mode=$(stat -c %a $d) tmpfs $d && chown $o $d'
  await sandbox.run(host, ['sh', '-c', small])
  await killed('KILL', 'until [ -s /var/lib/etcd/member/snap/db ]; do sleep 0.05; done; sleep 2')
  const kept = await handedOut()
  await sandbox.run(host, ['mount', '-o', 'remount,size=512m', '/var/lib/etcd'])
  await expectWholeAfter(init, kept)
})

test('a kubelet whose disk was full at its very first start comes up with a certificate of its own', async () => {
  await freshHost(sandbox, host)
  const pki = '/var/lib/kubelet/pki'
  // What it leaves then: it has opened the files, and could write nothing.
  await sandbox.run(host, ['mkdir', '-p', pki])
  await sandbox.run(host, ['touch', `${pki}/kubelet.crt`, `${pki}/kubelet.key`])
  await sandbox.run(host, ['sh', '-c', init], { timeout: 120_000 })
  expect(await sandbox.run(host, ['openssl', 'x509', '-in', `${pki}/kubelet.crt`, '-noout', '-subject'])).toContain(`CN=${host}@`)
})

interface State {
  readonly files: Readonly<Record<string, unknown>>
  readonly objects: Objects
}

const seconds = (count: number): string => `sleep ${count.toFixed(3)}`
const manifestsWritten = 'until [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]; do sleep 0.02; done'

/** Runs init and sends it (and nothing that it started) a signal when the shell's wait is over. */
async function killed(signal: string, wait: string): Promise<{ exitCode: number; stderr: string; took: number }> {
  // A program in the background of a shell ignores SIGINT unless it says otherwise, which kadm does.
  const script = `${init} >/root/out 2>&1 & p=$!; ${wait}; kill -${signal} $p; wait $p; c=$?; cat /root/out >&2; exit $c`
  const started = performance.now()
  const { exitCode, stderr } = await sandbox.exec(host, ['sh', '-c', script], { timeout: 120_000 })
  return { exitCode, stderr, took: (performance.now() - started) / 1000 }
}

/** What others may already rely on: keys, certificates, the token and the certificate key that were shown. */
async function handedOut(): Promise<ReadonlyMap<string, string>> {
  const files = await readFiles(sandbox, host, ['/etc/kubernetes', '/var/lib/kadm/run-secrets'])
  const isOnItsWay = (file: string, text: string): boolean =>
    /\/\.[^/]*\.kadm-/.test(file) || text.includes('kadm is making this certificate')
  const kept = [...files].filter(([file, text]) => !isOnItsWay(file, text) && file !== '/etc/kubernetes/kubelet.conf')
  return new Map(kept.map(([file, text]) => [file, text.replace(/^mode .*\n/, '')]))
}

function expectKept(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
  const files = [...before].filter(([file]) => file.startsWith('/etc/'))
  expect(files.filter(([file, text]) => after.get(file) !== text).map(([file]) => file)).toEqual([])
}

async function expectWholeAfter(command: string, kept: ReadonlyMap<string, string>): Promise<void> {
  const { exitCode, stdout, stderr } = await sandbox.exec(host, ['sh', '-c', command], { timeout: 120_000 })
  if (exitCode === 1 && (await isFinished())) {
    expect(stderr).toContain('a control plane is on this host already') // the kill came when all was done
  } else {
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error:')])
    expectSecretsShown(kept, stdout)
  }
  const end = Date.now()
  expectKept(kept, await handedOut())
  expect(await stateOfHost(reference.objects)).toEqual(reference)
  await expectAlive(end)
  expect(await sandbox.run(host, ['sh', '-c', leftovers])).toBe('')
}

/** A run that is refused writes nothing. */
async function isFinished(): Promise<boolean> {
  const last = await sandbox.run(host, ['tail', '-n1', '/var/lib/kadm/journal.jsonl'])
  return last.includes('"kind":"run-finished"') && last.includes('"outcome":"done"')
}

function expectSecretsShown(kept: ReadonlyMap<string, string>, stdout: string): void {
  for (const name of ['bootstrap-token-0', 'certificate-key']) {
    const secret = kept.get(`/var/lib/kadm/run-secrets/${name}`)?.split('\n')[1]
    if (secret !== undefined) expect(stdout).toContain(secret)
  }
}

async function stateOfHost(wanted?: Objects): Promise<State> {
  await kubectl(sandbox, host, ['wait', '--for=create', 'serviceaccount/default', '-n', 'default', '--timeout=30s'])
  const objects = await settledObjects(sandbox, host, wanted)
  return { files: treeMeaning(await hostFiles(sandbox, host)).files, objects }
}

/**
 * The API is ready, and the kubelet has told it since `end` (milliseconds) that the node lives: both hold certificates that the other
 * trusts.
 */
async function expectAlive(end: number): Promise<void> {
  await kubectl(sandbox, host, ['get', '--raw', '/readyz'])
  const renewed = async () =>
    (await kubectl(sandbox, host, ['get', 'lease', '-n', 'kube-node-lease', host, '-o', 'jsonpath={.spec.renewTime}'])).trim()
  // The kubelet does so every 10 s.
  await expect.poll(async () => Date.parse(await renewed()), { timeout: 20_000, interval: 500 }).toBeGreaterThan(end)
  expect(await sandbox.run(host, ['curl', '-sS', 'http://127.0.0.1:10248/healthz'])).toBe('ok')
}

/** Prints what should not be there: temporary files, locks, secrets of the run, a journal without its end. */
const leftovers = `find /etc /var/lib/kubelet /var/lib/kadm -xdev -name '.*.kadm-*' 2>/dev/null
ls -d /run/*kadm* /var/lib/kadm/run-secrets 2>/dev/null
tail -n1 /var/lib/kadm/journal.jsonl | grep -v '"kind":"run-finished".*"outcome":"done"'
true`

function failedChecks(stderr: string): readonly string[] {
  return [...stderr.matchAll(/\[ERROR ([^\]]+)\]/g)].map(([, name = '']) => name).toSorted()
}
