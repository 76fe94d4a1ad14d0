/** All objects of a cluster, once its controllers have made their part of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { clusterObjects } from '../interop/difference/cluster-objects.ts'
import { kubectl } from './cluster.ts'

export type Objects = ReturnType<typeof clusterObjects>

/**
 * The tools go when they are done; controllers make their part of the objects after that. So one waits until nothing comes any more, the
 * other for what is `wanted`; after a minute it gets what there is.
 */
export async function settledObjects(sandbox: Sandbox, host: string, wanted?: Objects): Promise<Objects> {
  const served = await kubectl(sandbox, host, ['api-resources', '--verbs=list', '--output=name'])
  const resources = served
    .trim()
    .split('\n')
    .filter((name) => !/^(componentstatuses|events)/.test(name))
    .join(',')
  let before = ''
  for (const end = performance.now() + 60_000; ;) {
    const objects = clusterObjects(await kubectl(sandbox, host, ['get', resources, '--all-namespaces', '--output=json']))
    const text = JSON.stringify(objects)
    const isSettled = wanted === undefined ? text === before && isWhole(objects, text) : text === JSON.stringify(wanted)
    if (isSettled || performance.now() > end) return objects
    before = text
    await sleep(1000)
  }
}

/**
 * The last things to come in a new cluster: the scheduler leads and has placed what runs on every node, the controllers have their
 * accounts.
 */
function isWhole(objects: Objects, text: string): boolean {
  const names = Object.keys(objects)
  const hasAll = [
    'Lease kube-system/kube-scheduler',
    'Lease kube-system/kube-controller-manager',
    'ServiceAccount kube-system/ttl-controller',
  ].every((one) => names.some((name) => name.startsWith(one)))
  const waits = Object.entries(objects).some(
    ([name, { spec }]) => name.startsWith('Pod kube-system/kube-proxy-') && !JSON.stringify(spec).includes('"nodeName"'),
  )
  return hasAll && !waits && text.includes('kube-root-ca.crt')
}
