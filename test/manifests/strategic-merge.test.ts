/** Random strategic patches: what the real kubeadm makes of them, kadm makes of them too, refusals included. */
import { randomInt } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parseYamlDocuments } from '../../src/config/yaml.ts'
import { KadmError } from '../../src/errors.ts'
import { localHost } from '../../src/host/local-host.ts'
import type { Json, JsonObject } from '../../src/json.ts'
import { coreDnsParts } from '../../src/manifests/addons/core-dns.ts'
import { initConfig } from '../support/init-config.ts'
import { runJailed } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { patchesDirectory } from './beside-kubeadm.ts'

const rounds = 6
const patchesEach = 12

test('random patches end as with kubeadm', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const file = '/tmp/jail/config.yaml'
  const config = (directory: string): string =>
    `apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\npatches: {directory: ${directory}}\n---\napiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.2\n`
  let refused = 0
  for (let round = 0; round < rounds; round++) {
    // Each of its own, then several in a row.
    const sets = Array.from({ length: patchesEach }, (_, index) => Array.from({ length: index < 8 ? 1 : 4 }, randomPatch))
    const files = Object.fromEntries(sets.map((set, index) => [`${patchesDirectory}/${index}/corednsdeployment.yaml`, documents(set)]))
    const configs = Object.fromEntries(sets.map((_, index) => [`${file}${index}`, config(`${patchesDirectory}/${index}`)]))
    const commands = sets.map(
      (_, index) =>
        `echo "======${index}"; ${kubeadm} init phase addon coredns --print-manifest --config ${file}${index} 2>/dev/null || echo refused`,
    )
    const { stdout } = await runJailed([['sh', '-c', commands.join('\n')]], { files: { ...files, ...configs } })
    const theirs = stdout.split(/======\d+\n/).slice(1)
    expect(theirs).toHaveLength(patchesEach)
    for (const [index, set] of sets.entries()) {
      const printed = theirs[index] ?? ''
      const ours = await patched(documents(set))
      if (printed.includes('refused')) refused++
      expect(ours ?? 'refused', documents(set)).toEqual(printed.includes('refused') ? 'refused' : deploymentOf(printed))
    }
  }
  // Most must have been applied, or nothing is compared.
  expect(refused).toBeLessThan((rounds * patchesEach) / 2)
})

async function patched(text: string): Promise<JsonObject | undefined> {
  const directory = path.join(await temporaryDirectory(), 'patches')
  await mkdir(directory)
  await writeFile(path.join(directory, 'corednsdeployment.yaml'), text)
  const say = (): void => undefined
  try {
    const { deployment } = await coreDnsParts({
      config: initConfig({ init: { patches: { directory } } }),
      host: localHost(),
      say,
      warn: say,
    })
    return withoutEmptied(deployment)
  } catch (error) {
    if (error instanceof KadmError) return undefined
    throw error
  }
}

function deploymentOf(printed: string): unknown {
  const yaml = printed
    .split('\n')
    .filter((line) => !line.startsWith('[patches]'))
    .join('\n')
    .replaceAll(/^---(?=\w)/gm, '---\n')
  const found = parseYamlDocuments(yaml).find((document) => (document as JsonObject | null)?.['kind'] === 'Deployment')
  return withoutEmptied(found as JsonObject)
}

// What is printed has nulls and directives that nothing came of; neither reaches the API.
function withoutEmptied(object: JsonObject): JsonObject {
  const text = JSON.stringify(object, (_, value: Json) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).filter(([name, child]) => child !== null && !name.startsWith('$')))
      : value,
  )
  return JSON.parse(text) as JsonObject
}

function documents(patches: readonly JsonObject[]): string {
  return patches.map((patch) => `---\n${JSON.stringify(patch)}\n`).join('')
}

function randomPatch(): JsonObject {
  const containers = some(2, ['coredns', 'a', 'b']).map((name) => directed({ name, ...randomContainer() }, 8))
  const pod: Record<string, Json> = { containers }
  if (chance(3))
    pod['volumes'] = some(2, ['config-volume', 'v1', 'v2']).map((name) =>
      directed({ name, ...pick([{ emptyDir: {} }, { configMap: { name: 'x' } }]) }, 4),
    )
  if (chance(4)) pod['tolerations'] = [{ key: 'k', operator: 'Exists' }]
  if (chance(4)) pod['affinity'] = pick<Json>([null, { nodeAffinity: {} }, { $patch: 'delete' }, { $patch: 'replace', podAffinity: {} }])
  if (chance(4)) pod['$setElementOrder/containers'] = shuffled(['coredns', 'a', 'b']).map((name) => ({ name }))
  const metadata: Record<string, Json> = { labels: { x: String(randomInt(9)) } }
  // Not both for the same value: Go takes the members of a patch in no certain order.
  const [first = '', ...others] = shuffled(['f1', 'f2', 'f3', 'f4'])
  if (chance(2)) metadata['finalizers'] = some(3, others)
  if (chance(4)) metadata['$deleteFromPrimitiveList/finalizers'] = [first]
  const spec: Record<string, Json> = { template: { spec: pod } }
  if (chance(4))
    spec['strategy'] = pick<Json>([
      { $retainKeys: ['type'], type: 'Recreate' },
      { type: 'Recreate', rollingUpdate: null },
      { $patch: 'replace', type: 'Recreate' },
    ])
  return { metadata, spec }
}

function randomContainer(): JsonObject {
  const env = some(4, ['A', 'B', 'C', 'D', 'E']).map((name) => directed({ name, value: String(randomInt(9)) }, 8))
  const container: Record<string, Json> = { env, image: pick(['i', 'j']) }
  const names = shuffled(['A', 'B', 'C', 'D', 'E'])
  if (chance(3)) {
    container['$setElementOrder/env'] = names.map((name) => ({ name }))
    if (chance(2)) container['env'] = env.toSorted((a, b) => names.indexOf(String(a['name'])) - names.indexOf(String(b['name'])))
  }
  if (chance(3)) container['ports'] = some(2, [53, 9153, 80, 81]).map((containerPort) => directed({ containerPort, protocol: 'TCP' }, 4))
  if (chance(3))
    container['volumeMounts'] = some(2, ['/etc/coredns', '/m1', '/m2']).map((mountPath) => directed({ mountPath, name: 'v1' }, 4))
  if (chance(3)) container['args'] = ['other']
  if (chance(4))
    container['securityContext'] = pick<Json>([
      null,
      { $patch: 'delete' },
      { $patch: 'replace', privileged: true },
      { runAsUser: 5, capabilities: { add: ['X'] } },
    ])
  return container
}

function directed(item: JsonObject, oneIn: number): JsonObject {
  return chance(oneIn) ? { ...item, $patch: pick(['delete', 'delete', 'delete', 'replace']) } : item
}

function chance(oneIn: number): boolean {
  return randomInt(oneIn) === 0
}

function pick<T>(list: readonly T[]): T {
  const [first] = shuffled(list)
  if (first === undefined) throw new Error('nothing to pick from')
  return first
}

function some<T>(count: number, list: readonly T[]): T[] {
  return shuffled(list).slice(0, randomInt(1, count + 1))
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, key: randomInt(1 << 30) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item)
}
