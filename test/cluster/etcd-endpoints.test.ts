import { randomInt } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { etcdCredentials, etcdEndpoints } from '../../src/cluster/etcd-endpoints.ts'
import { localHost } from '../../src/host/local-host.ts'
import { sharedControlPlane } from '../support/control-plane.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const controlPlane = sharedControlPlane()

test('the Pods of etcd say where it is, as kubeadm annotates them; those that do not are left out', async (context) => {
  const cluster = (await controlPlane(context)).connect('super-admin')
  const namespace = 'kube-system'
  await expect(etcdEndpoints(cluster, { timeout: 300 })).rejects.toMatchObject({
    code: 'ETCD_FAILED',
    message: expect.stringContaining('no Pod of the cluster'),
  })
  await cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } })
  const pod = (name: string, labels: Readonly<Record<string, string>>, urls: string | undefined) =>
    cluster.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace,
        labels,
        ...(urls === undefined ? {} : { annotations: { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': urls } }),
      },
      spec: { containers: [{ name: 'c', image: 'none' }] },
    })
  const labels = { component: 'etcd', tier: 'control-plane' }
  const address = `https://192.0.2.${randomInt(1, 250)}:2379`
  await pod('etcd-cp2', labels, undefined)
  await pod('other', { component: 'etcd' }, 'https://192.0.2.251:2379')
  const found = etcdEndpoints(cluster, { timeout: 10_000 })
  await pod('etcd-cp1', labels, `${address},https://[2001:db8::1]:2379`)
  expect(await found).toEqual([address, 'https://[2001:db8::1]:2379'])
})

test('the client pair is that of the health checks; one that is not there is told by its path', async () => {
  const dir = await temporaryDirectory()
  await expect(etcdCredentials(localHost(), dir)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' })
  await mkdir(`${dir}/etcd`)
  for (const name of ['ca.crt', 'healthcheck-client.crt', 'healthcheck-client.key']) await writeFile(`${dir}/etcd/${name}`, name)
  expect(await etcdCredentials(localHost(), dir)).toEqual({
    ca: 'ca.crt',
    clientCertificate: 'healthcheck-client.crt',
    clientKey: 'healthcheck-client.key',
  })
})

test('what is missing is made by what makes it on any control plane; a CA is put back', async () => {
  const dir = await temporaryDirectory()
  await mkdir(`${dir}/etcd`)
  const names = ['ca.crt', 'healthcheck-client.crt', 'healthcheck-client.key']
  const remedies = ['put it back from ', 'kadm init phase certs etcd-healthcheck-client', 'kadm certs renew etcd-healthcheck-client']
  for (const [index, name] of names.entries()) {
    for (const other of names) await writeFile(`${dir}/etcd/${other}`, other)
    await rm(`${dir}/etcd/${name}`)
    const remedy = [expect.stringMatching(`^${remedies[index]}`)]
    await expect(etcdCredentials(localHost(), dir)).rejects.toMatchObject({ remedy })
  }
})
