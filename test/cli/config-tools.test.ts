/** `kadm config explain`, `diff` and `schema`, which kubeadm does not have. */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parseYaml } from '../../src/config/yaml.ts'
import { runKadm, runProgram } from '../support/command-line.ts'
import { realBinary } from '../support/real-binary.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const one = `c-${randomBytes(3).toString('hex')}`
const other = `d-${randomBytes(3).toString('hex')}`

async function filesWith(texts: Readonly<Record<string, string>>): Promise<(name: string) => string> {
  const dir = await temporaryDirectory()
  for (const [name, text] of Object.entries(texts)) await writeFile(path.join(dir, name), text)
  return (name) => path.join(dir, name)
}

const head = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: '
const cluster = `${head}ClusterConfiguration\nkubernetesVersion: v1.37.0\nclusterName: ${one}\n`
const init = `${head}InitConfiguration\nlocalAPIEndpoint: {advertiseAddress: 192.0.2.7}\nnodeRegistration: {name: node-${one}}\n`

test('diff: what kubeadm itself makes of a file means the same as the file', async (context) => {
  const at = await filesWith({ old: `${init}---\n${cluster}networking: {podSubnet: 10.1.0.0/16}\n` })
  const migrated = await runProgram(realBinary(context, 'kubeadm'), ['config', 'migrate', '--old-config', at('old')])
  await writeFile(at('new'), migrated.stdout.replace(/token: .*/, ''))
  expect(await runKadm('config', 'diff', at('old'), at('new'), '--exit-code')).toEqual({ exitCode: 0, stdout: '', stderr: '' })
})

test('diff: every value that means something else, lists in their order, secrets not repeated', async () => {
  const args = (...names: readonly string[]): string =>
    `apiServer: {extraArgs: [${names.map((name) => `{name: ${name}, value: "1"}`).join(', ')}]}\n`
  const at = await filesWith({
    old: `${init}bootstrapTokens: [{token: aaaaaa.0123456789abcdef}]\n---\n${cluster}${args('a', 'b', 'c')}networking: {podSubnet: 10.1.0.0/16}\n`,
    new: `${init}bootstrapTokens: [{token: bbbbbb.0123456789abcdef, ttl: 24h}]\n---\n${cluster.replace(one, other)}${args('a', 'x', 'b', 'c')}dns: {disabled: no}\n`,
  })
  const lines = [
    '~ InitConfiguration.bootstrapTokens.0.token: "(secret)" -> "(secret)"',
    '- ClusterConfiguration.networking.podSubnet: "10.1.0.0/16"',
    `~ ClusterConfiguration.clusterName: "${one}" -> "${other}"`,
    '+ ClusterConfiguration.apiServer.extraArgs.1: {"name":"x","value":"1"}',
    '~ KubeProxyConfiguration.clusterCIDR: "10.1.0.0/16" -> ""',
  ]
  const text = await runKadm('config', 'diff', at('old'), at('new'))
  expect({ ...text, stdout: text.stdout.trimEnd().split('\n').toSorted() }).toEqual({ exitCode: 0, stdout: lines.toSorted(), stderr: '' })
  const json = await runKadm('config', 'diff', at('old'), at('new'), '--exit-code', '-o', 'json')
  expect(json.exitCode).toBe(2)
  expect(JSON.parse(json.stdout)).toMatchObject({
    kind: 'ConfigDiff',
    differences: expect.arrayContaining([{ kind: 'ClusterConfiguration', path: 'clusterName', old: one, new: other }]) as unknown,
  })
})

test('diff: a version label is no version, a document on one side only is one line, v1beta3 can be compared', async () => {
  const at = await filesWith({
    labelled: cluster.replace('kubernetesVersion: v1.37.0', 'kubernetesVersion: stable'),
    fixed: cluster,
    reset: `${cluster}---\n${head}ResetConfiguration\nforce: true\n`,
    old: cluster.replace('v1beta4', 'v1beta3'),
    kubelet: 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 50\n',
    kubelets: 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 60\ncgroupDriver: systemd\n',
  })
  const diff = async (a: string, b: string): Promise<string> => (await runKadm('config', 'diff', at(a), at(b))).stdout
  expect(await diff('labelled', 'fixed')).toBe('~ ClusterConfiguration.kubernetesVersion: "stable" -> "v1.37.0"\n')
  expect(await diff('fixed', 'reset')).toMatch(/^\+ ResetConfiguration: \{.*"force":true.*\}\n$/)
  expect(await diff('old', 'fixed')).toBe('')
  expect(await diff('kubelet', 'kubelets')).toBe('~ KubeletConfiguration.maxPods: 50 -> 60\n')
})

test('diff: a file that cannot work is no file to compare', async () => {
  const at = await filesWith({ good: cluster, bad: `${cluster}imageRepository: A b\n` })
  expect(await runKadm('config', 'diff', at('good'), at('bad'))).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringMatching(/imageRepository.*\[CONFIG_INVALID\]/) as string,
  })
  expect(await runKadm('config', 'diff', at('good'))).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('[USAGE]\ntry: kadm config diff') as string,
  })
  expect(await runKadm('config', 'diff', at('good'), at('gone'))).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('[CONFIG_UNREADABLE]') as string,
  })
})

test.each([
  ['ClusterConfiguration.networking.serviceSubnet', ['type:    string', 'default: 10.96.0.0/12', 'flag:    --service-cidr']],
  ['serviceSubnet', ['ClusterConfiguration.networking.serviceSubnet']],
  ['service-cidr', ['ClusterConfiguration.networking.serviceSubnet']],
  ['etcd.external.httpEndpoints', ['since:   v1.35', 'default: endpoints']],
  ['bootstrapTokens[0].ttl', ['InitConfiguration.bootstrapTokens[].ttl', 'default: 24h0m0s']],
  ['certificateKey', ['InitConfiguration.certificateKey', 'JoinConfiguration.controlPlane.certificateKey']],
  ['ResetConfiguration', ['ResetConfiguration.unmountFlags', 'since:   v1.31']],
  ['maxPods', ['KubeletConfiguration.maxPods', 'type:    integer']],
])('explain %s', async (words, parts) => {
  const { exitCode, stdout } = await runKadm('config', 'explain', words)
  expect(exitCode).toBe(0)
  for (const part of parts) expect(stdout).toContain(part)
})

test('explain: kinds without words, JSON and YAML, and the nearest name for one that there is not', async () => {
  expect((await runKadm('config', 'explain')).stdout.match(/^\w+Configuration$/gm)).toHaveLength(7)
  const [json, yaml] = await Promise.all(['json', 'yaml'].map((form) => runKadm('config', 'explain', 'clusterName', '-o', form)))
  const expected = {
    kind: 'ConfigFields',
    fields: [{ kind: 'ClusterConfiguration', path: 'clusterName', type: 'string', default: 'kubernetes' }],
  }
  expect(JSON.parse(json?.stdout ?? '')).toMatchObject(expected)
  expect(parseYaml(yaml?.stdout ?? '')).toMatchObject(expected)
  expect(await runKadm('config', 'explain', 'podSubnets')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('try: kadm config explain podSubnet\n') as string,
  })
})

test('schema: that of docs/config.schema.json', async () => {
  const file = await readFile(new URL('../../docs/config.schema.json', import.meta.url), 'utf8')
  expect((await runKadm('config', 'schema')).stdout).toBe(file)
})
