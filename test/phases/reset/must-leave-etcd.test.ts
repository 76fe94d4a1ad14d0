/** A host that a fleet takes out of a cluster that stays: it goes only when etcd is known to do without it. Real etcd where one is asked. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadResetConfig } from '../../../src/config/load/load-reset.ts'
import { openJournal } from '../../../src/host/journal/journal.ts'
import type { PhaseContext } from '../../../src/phases/phase.ts'
import { lookAtHost } from '../../../src/phases/reset/before.ts'
import { leaveEtcdOfHost } from '../../../src/phases/reset/leave-etcd-of-host.ts'
import { etcdHosts } from '../../support/etcd-hosts.ts'
import { rootedHost } from '../../support/rooted-host.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const manifests = '/etc/kubernetes/manifests'
const pki = '/etc/kubernetes/pki'

interface Urls {
  readonly peerUrl: string
  readonly clientUrl: string
}
/** Nobody listens there. */
const silent: Urls = { peerUrl: 'https://127.0.0.1:1', clientUrl: 'https://127.0.0.1:2' }

function etcdManifest({ peerUrl, clientUrl }: Urls): string {
  return manifestOf([`--initial-advertise-peer-urls=${peerUrl}`, `--advertise-client-urls=${clientUrl}`])
}

function manifestOf(flags: readonly string[]): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: etcd}
spec:
  containers:
  - name: etcd
    command: ${JSON.stringify(['etcd', ...flags])}
  volumes:
  - {name: etcd-certs, hostPath: {path: ${pki}/etcd}}
  - {name: etcd-data, hostPath: {path: /var/lib/etcd}}
`
}

function apiServer(etcdServers: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver}\nspec:\n  containers:\n  - name: kube-apiserver\n    command: [kube-apiserver, "--etcd-servers=${etcdServers}"]\n`
}

interface LeaveOptions {
  readonly mustLeaveEtcd?: boolean
  /** The phase that a join was cut off in; another one, with other flags, did not get as far. */
  readonly cutOffIn?: string
}

/** What a removal says of a host with these files. */
async function leave(
  files: Readonly<Record<string, string>>,
  { mustLeaveEtcd = true, cutOffIn }: LeaveOptions = {},
): Promise<readonly string[]> {
  const host = rootedHost(await temporaryDirectory())
  for (const [file, content] of Object.entries(files)) await host.writeFile(file, content, { mode: 0o600 })
  if (cutOffIn !== undefined) {
    const journal = await openJournal(host)
    for (const [run, phase] of Object.entries({ r1: cutOffIn, r2: 'preflight' })) {
      await journal.append({ kind: 'run-started', run, command: 'join', fingerprint: run, version: '1' })
      await journal.append({ kind: 'phase-started', run, phase })
    }
  }
  const { config } = await loadResetConfig({ file: undefined, flags: {}, host, needs: { criSocket: false } })
  const said: string[] = []
  const tell = (line: string): void => void said.push(line)
  const context: PhaseContext = { signal: AbortSignal.timeout(50_000), say: tell, warn: tell, waiting: () => {}, result: tell }
  const before = await lookAtHost(host, config.certificatesDir)
  await leaveEtcdOfHost(
    { config, host, isWhole: true, kubeconfig: '/etc/kubernetes/admin.conf', mustLeaveEtcd, cleanup: new Set(), before },
    context,
  )
  return said
}

test('the last member does not go', async (context) => {
  const hosts = await etcdHosts(context)
  const { member } = await hosts.first('cp1')
  const pem = (name: string): Promise<string> => readFile(path.join(hosts.dir, name), 'utf8')
  const files = {
    [`${manifests}/etcd.yaml`]: etcdManifest(member),
    [`${pki}/etcd/ca.crt`]: await pem('ca.crt'),
    [`${pki}/etcd/healthcheck-client.crt`]: await pem('super-admin.crt'),
    [`${pki}/etcd/healthcheck-client.key`]: await pem('super-admin.key'),
  }
  await expect(leave(files)).rejects.toMatchObject({ code: 'ETCD_QUORUM', message: expect.stringContaining('the last member') })
  expect(await leave(files, { mustLeaveEtcd: false })).toEqual([expect.stringContaining('the last member')])
  // etcd does not look at what its flags say of peers once it has begun.
  const edited = [
    ['--advertise-client-urls', member.clientUrl],
    [`--advertise-client-urls=${member.clientUrl}`, `--initial-advertise-peer-urls=${silent.peerUrl}`],
    ['--name=renamed', `--listen-client-urls=${member.clientUrl}`, `--advertise-client-urls=${member.clientUrl}`],
  ]
  for (const flags of edited) {
    await expect(leave({ ...files, [`${manifests}/etcd.yaml`]: manifestOf(flags) }), flags.join(' ')).rejects.toMatchObject({
      code: 'ETCD_QUORUM',
    })
  }
  // It has left before, and others answer.
  const left = [`--listen-client-urls=${silent.clientUrl}`, `--advertise-client-urls=${member.clientUrl}`]
  expect(await leave({ ...files, [`${manifests}/etcd.yaml`]: manifestOf(['--name=other', ...left]) })).toEqual([])
  // Nobody knows: a machine in its place may have its name.
  const namesake = { ...files, [`${manifests}/etcd.yaml`]: manifestOf(['--name', 'cp1', ...left]) }
  await expect(leave(namesake)).rejects.toMatchObject({ code: 'ETCD_FAILED', message: expect.stringContaining('has its name') })
  expect(await leave(namesake, { mustLeaveEtcd: false })).toEqual([expect.stringContaining('was not removed from etcd')])
})

const notKnown: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a manifest of etcd that cannot be read': { [`${manifests}/etcd.yaml`]: '{' },
  'an etcd that nobody can ask': { [`${manifests}/etcd.yaml`]: etcdManifest(silent) },
  'a control plane without the manifest of its etcd': { [`${manifests}/kube-apiserver.yaml`]: apiServer('https://127.0.0.1:2379') },
  'the same with a kubeconfig that leads nowhere': {
    [`${manifests}/kube-apiserver.yaml`]: apiServer('https://127.0.0.1:2379'),
    '/etc/kubernetes/admin.conf': 'x',
  },
  'an API server that cannot be read': { [`${manifests}/kube-apiserver.yaml`]: '{' },
}

test.for(Object.entries(notKnown))('nor does a member of which nobody knows whether it has left: %s', async ([, files]) => {
  await expect(leave(files)).rejects.toMatchObject({ code: 'ETCD_FAILED' })
  await leave(files, { mustLeaveEtcd: false })
})

const goes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a worker': { '/etc/kubernetes/kubelet.conf': 'x', [`${pki}/ca.crt`]: 'x' },
  'a control plane beside an external etcd': {
    [`${manifests}/kube-apiserver.yaml`]: apiServer('https://192.0.2.1:2379,https://192.0.2.2:2379'),
  },
  'a removal that was cut off after it had left': {
    [`${manifests}/.etcd.yaml`]: etcdManifest(silent),
    [`${manifests}/.kube-apiserver.yaml`]: apiServer('https://127.0.0.1:2379'),
  },
  'the same, a moment before its end': { [`${manifests}/.kube-apiserver.yaml`]: apiServer('https://127.0.0.1:2379') },
}

test.for(Object.entries(goes))('goes: %s', async ([, files]) => {
  await leave(files)
})

test('a join that was cut off when it may have been added counts as a member, until a removal has taken its kubeconfig', async () => {
  const files = { '/etc/kubernetes/admin.conf': 'x' }
  const cutOffIn = 'etcd-join/member'
  await expect(leave(files, { cutOffIn })).rejects.toMatchObject({ code: 'ETCD_FAILED' })
  const warned = expect.stringContaining("this host's member was not removed from etcd")
  expect(await leave(files, { cutOffIn, mustLeaveEtcd: false })).toEqual([warned])
  expect(await leave(files, { cutOffIn: 'check-etcd' })).toEqual([])
  expect(await leave({}, { cutOffIn })).toEqual([])
})
