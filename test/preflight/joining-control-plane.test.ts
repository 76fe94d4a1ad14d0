/**
 * The checks of a control plane's join after discovery, beside the real kubeadm that finds a real API; and kadm's own, against real
 * servers.
 */
import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { endpointChecks, parseEndpoint } from '../../src/preflight/endpoint-checks.ts'
import { nodeNameFree } from '../../src/preflight/node-name-free.ts'
import { certificateKey } from '../../src/pki/certificate-key.ts'
import { sharedControlPlane } from '../support/control-plane.ts'
import { runJailed } from '../support/jail.ts'
import { clusterDocument, fillCluster } from '../support/kubeadm-join.ts'
import { realBinary } from '../support/real-binary.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, runCerts } from '../pki/kadm-pki.ts'

const controlPlane = sharedControlPlane()
const day = 24 * 3600 * 1000

test('local and external etcd, with certificate key and without: the same names as kubeadm', async (context) => {
  const plane = await controlPlane(context)
  const root = await temporaryDirectory()
  await runCerts(configIn(root))
  const shared = await filesIn(root)
  const key = certificateKey()
  const external = { endpoints: ['https://127.0.0.1:1'], caFile: '/etc/e/ca.crt', certFile: '/etc/e/c.crt', keyFile: '/etc/e/c.key' }
  for (const cluster of [{}, { etcd: { external } }]) {
    await fillCluster(context, plane, { files: shared, key, cluster })
    for (const hasKey of [true, false]) {
      const left = ['kube-apiserver', 'kube-scheduler', 'etcd'].filter(() => randomInt(2) === 0)
      const node = {
        apiVersion: 'kubeadm.k8s.io/v1beta4',
        localAPIEndpoint: { advertiseAddress: '192.168.77.10' },
        nodeRegistration: { name: 'node1', criSocket: 'unix:///run/none.sock' },
      }
      const controlPlaneFields = { localAPIEndpoint: node.localAPIEndpoint, ...(hasKey ? { certificateKey: key } : {}) }
      const join = {
        apiVersion: node.apiVersion,
        kind: 'JoinConfiguration',
        discovery: { file: { kubeConfigPath: '/tmp/jail/discovery.conf' } },
        nodeRegistration: node.nodeRegistration,
        controlPlane: controlPlaneFields,
      }
      const program = fileURLToPath(new URL('joining-control-plane-checks-program.ts', import.meta.url))
      const kubeadm = [realBinary(context, 'kubeadm'), 'join', 'phase', 'preflight', '--dry-run', '--ignore-preflight-errors=all']
      const { stderr, stdout, exitCode } = await runJailed(
        [
          [...kubeadm, '--config', '/tmp/jail/join.yaml'],
          ['bash', '-c', 'echo ----- >&2'],
          [process.execPath, program, '/tmp/jail/init.yaml', String(hasKey)],
        ],
        {
          sharesNetwork: true,
          files: {
            ...Object.fromEntries(Array.from(shared, ([name, file]) => [`/etc/kubernetes/${name}`, file])),
            ...Object.fromEntries(left.map((name) => [`/etc/kubernetes/manifests/${name}.yaml`, ''])),
            '/tmp/jail/discovery.conf': await readFile(path.join(plane.dir, 'super-admin.conf'), 'utf8'),
            '/tmp/jail/join.yaml': JSON.stringify(join),
            '/tmp/jail/init.yaml': `${JSON.stringify({ ...node, kind: 'InitConfiguration' })}\n---\n${clusterDocument(plane, cluster)}`,
          },
        },
      )
      expect(exitCode, stdout + stderr).toBe(0)
      const [theirs = '', ours = ''] = stderr.split('-----\n')
      // Those before discovery are compared elsewhere.
      const before = /Hostname|Swap|CRI|Runtime|SystemVerification|Service|losetup|kubelet|Port-10250/i
      const wanted = namesIn(theirs).filter((name) => !before.test(name))
      expect(namesIn(ours)).toEqual(wanted)
      expect(wanted.filter((name) => name.startsWith('FileAvailable'))).toHaveLength(left.length)
      expect(wanted.includes('ExternalEtcdClientCertificates')).toBe('etcd' in cluster && !hasKey)
    }
  }
})

test('an API server that answers; a clock that is wrong by days; what is no API server', async (context) => {
  const plane = await controlPlane(context)
  const endpoint = parseEndpoint(new URL(plane.server).host) ?? { name: '', port: 0 }
  const host = localHost()
  const run = async (now: Date, at = endpoint) => {
    const checks = endpointChecks({ dial: host.dial, now: () => now }, async () => at)
    const findings = await Promise.all(checks.map(async (check) => ({ name: check.name, ...(await check.run()) })))
    return findings.flatMap(({ name, errors, warnings }) => [
      ...errors.map((text) => `ERROR ${name}: ${text}`),
      ...warnings.map((text) => `WARNING ${name}: ${text}`),
    ])
  }
  expect(await run(new Date())).toEqual([])
  const { host: address } = new URL(plane.server)
  expect(await run(new Date(Date.now() - 3 * day))).toEqual([
    expect.stringMatching(
      new RegExp(`^ERROR ClockWithinCertificate: it is .*Z on this host, and the certificate of ${address} begins at .*Z: set the clock`),
    ),
  ])
  expect(await run(new Date(Date.now() + 3 * day))).toEqual([
    expect.stringMatching(/has ended at .*: set the clock if it is wrong, else renew/),
  ])

  const silent = createServer((socket) => void socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  const port = silent.address()
  const plain = { name: '127.0.0.1', port: typeof port === 'object' && port ? port.port : 0 }
  expect(await run(new Date(), plain)).toEqual([
    expect.stringMatching(/^ERROR EndpointReachable: .* is no API server: it does not speak TLS/),
  ])
  await new Promise((resolve) => silent.close(resolve))
  expect(await run(new Date(), plain)).toEqual([
    expect.stringMatching(/^WARNING EndpointReachable: .* does not answer yet: .*ECONNREFUSED/),
  ])
})

test('a Node that is Ready holds its name; one that is not, or that this run has registered, does not', async (context) => {
  const plane = await controlPlane(context)
  const cluster = plane.connect('super-admin')
  const name = `node-${randomInt(1000)}`
  const errors = async (owned: readonly string[] = []) =>
    (await nodeNameFree(cluster, name, { owns: (file) => owned.includes(file) }).run()).errors
  expect(await errors()).toEqual([])
  await cluster.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: { conditions: [{ type: 'Ready', status: 'Unknown' }] },
  })
  expect(await errors()).toEqual([])
  await cluster.delete({ apiVersion: 'v1', kind: 'Node', name })
  await cluster.create({ apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { conditions: [{ type: 'Ready', status: 'True' }] } })
  expect(await errors()).toEqual([expect.stringContaining(`a Node "${name}" that is Ready: give this one another name`)])
  expect(await errors(['/var/lib/kubelet/config.yaml'])).toEqual([])
})

function namesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/\[WARNING ([^\]]+)\]/g)].map(([, name = '']) => name))].toSorted()
}
