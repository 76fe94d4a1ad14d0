import { expect, test } from 'vitest'
import { clusterAdmins, ensureClusterAdmins } from '../../src/cluster/cluster-admins.ts'
import { kinds } from '../../src/cluster/kinds.ts'
import { sharedControlPlane } from '../support/control-plane.ts'

const controlPlane = sharedControlPlane({ waitReady: false })

test('the admin has its rights from the first moment that they can be had, and they are in force', async (context) => {
  const plane = await controlPlane(context)
  const admin = plane.connect('admin')
  let asked = 0
  const superAdmin = async () => (asked++, plane.connect('super-admin'))
  await ensureClusterAdmins(admin, superAdmin)
  expect(asked).toBe(1)
  expect((await admin.list(kinds.clusterRole)).map(({ metadata }) => metadata.name)).toContain('cluster-admin')
  expect(await admin.get({ ...kinds.clusterRoleBinding, name: 'kubeadm:cluster-admins' })).toMatchObject({
    roleRef: clusterAdmins['roleRef'],
    subjects: clusterAdmins['subjects'],
  })
  await ensureClusterAdmins(admin, superAdmin)
  expect(asked).toBe(1)
})

test('without super-admin.conf it says what is missing, at once, when the server is ready', async (context) => {
  const plane = await controlPlane(context)
  const admin = plane.connect('admin')
  const superAdmin = plane.connect('super-admin')
  await ensureClusterAdmins(admin, async () => superAdmin)
  await superAdmin.delete({ ...kinds.clusterRoleBinding, name: 'kubeadm:cluster-admins' })
  while ((await admin.list(kinds.node).catch(() => undefined)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20))
  const start = performance.now()
  await expect(ensureClusterAdmins(admin, async () => undefined, { timeout: 20_000 })).rejects.toMatchObject({
    message: 'admin.conf has no rights in this cluster, and there is no super-admin.conf to give it some',
  })
  expect(performance.now() - start).toBeLessThan(5000)
})
