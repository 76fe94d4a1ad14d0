/** Checks before a join go by what the cluster keeps, not by a file that does not say it again. */
import { expect, test } from 'vitest'
import { neededPorts } from '../../src/fleet/look/needed-ports.ts'
import { readStoredConfiguration } from '../../src/fleet/look/stored-cluster.ts'
import { asStored } from '../../src/fleet/plan/as-stored.ts'
import { hostChecks } from '../../src/fleet/plan/fleet-checks.ts'
import { answering, configMapsOf } from './cluster-of-file.ts'
import { fileOf } from './planned.ts'
import { reachedHost } from './reached-host.ts'

const roles = { h1: 'control-plane', h2: 'worker' }
const file = fileOf(roles)
const made = fileOf(
  roles,
  {},
  {
    kubeadm: {
      clusterConfiguration: {
        etcd: { external: { endpoints: ['https://192.0.2.9:2379'] } },
        networking: { serviceSubnet: '10.97.0.0/16' },
      },
      kubeletConfiguration: { failCgroupV1: false, port: 11_250 },
    },
  },
)

test('etcd, ranges and settings of kubelets are those of the cluster; of one that is made now those of the file', async () => {
  const stored = await readStoredConfiguration(answering(await configMapsOf(made)), file)
  const met = asStored(file, stored, [{ host: 'h2', kind: 'join', why: '' }])
  const ports = neededPorts(met, { role: 'control-plane' }, { role: 'control-plane' })
  expect(ports.map(({ port }) => port)).toEqual([6443, 11_250])
  expect(met.kubeadm.kubeletConfiguration).toMatchObject({ failCgroupV1: false })
  const states = new Map([['h2', reachedHost({ addresses: ['10.97.0.7', '10.96.0.7'] })]])
  expect(hostChecks(met, states, []).errors).toEqual([expect.stringContaining('h2 has the address 10.97.0.7')])
  expect(asStored(file, stored, [{ host: 'h1', kind: 'init', why: '' }])).toBe(file)
  expect(asStored(file, undefined, [])).toBe(file)
})
