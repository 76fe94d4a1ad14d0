/** A plan of a cluster that answers. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { initFileText } from '../../src/config/cluster-file-documents.ts'
import { paths } from '../../src/config/paths.ts'
import { makePlan } from '../../src/fleet/plan/plan.ts'
import { kubeconfigText } from '../../src/pki/kubeconfig/kubeconfig-file.ts'
import { httpsServer } from '../support/https-server.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { fileOf } from './planned.ts'
import { reachedHost } from './reached-host.ts'

test('what is applied of a file without a version is of the one that the plan is about', async () => {
  const file = fileOf({ h1: 'control-plane' }, {}, { kubernetesVersion: undefined })
  expect(file.kubernetesVersion).toBe('v1.37.2')
  const host = await controlPlaneOf('kind: ClusterConfiguration\napiVersion: kubeadm.k8s.io/v1beta4\nkubernetesVersion: v1.37.1\n')
  const made = await makePlan({
    file,
    source: { path: '/c.yaml', text: '' },
    fleet: { hosts: new Map([['h1', host]]), states: new Map([['h1', reachedHost({ node: 'control-plane' })]]), close: async () => {} },
    signal: new AbortController().signal,
  })
  expect([made.plan.seen.cluster.kind, made.plan.kubernetesVersion, made.file.kubernetesVersion]).toEqual(['running', 'v1.37.1', 'v1.37.1'])
  const [h1] = made.file.hosts
  // As an init that was cut off would be gone on with.
  expect(h1 && initFileText(made.file, h1, [])).toMatch(/^kubernetesVersion: "?v1\.37\.1/m)
})

/** A host whose API server keeps this ClusterConfiguration, and has no Node. */
async function controlPlaneOf(configuration: string) {
  const {
    url: server,
    ca,
    dir,
  } = await httpsServer(({ url = '' }, response) => {
    const name = path.posix.basename(url)
    const answer = url.startsWith('/api/v1/nodes')
      ? { kind: 'NodeList', apiVersion: 'v1', metadata: {}, items: [] }
      : name === 'kubeadm-config'
        ? { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { ClusterConfiguration: configuration } }
        : { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404, details: { name } }
    response.writeHead(answer.kind === 'Status' ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  const adminConf = kubeconfigText({
    clusterName: 'c',
    server,
    certificateAuthority: ca,
    userName: 'admin',
    user: { token: 'x' },
  })
  await mkdir(path.join(dir, path.dirname(paths.adminConf)), { recursive: true })
  await writeFile(path.join(dir, paths.adminConf), adminConf)
  return rootedHost(dir)
}
