/** `kadm config` beside `kubeadm config`: what the functions behind do is compared in test/config; here, that the words reach them. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { bothPrograms } from '../support/both-programs.ts'
import { imageService } from '../support/image-service.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const version = `v1.37.${Math.floor(Math.random() * 3)}`

const same: readonly (readonly string[])[] = [
  ['print', 'init-defaults'],
  ['print', 'init-defaults', '--component-configs', 'KubeletConfiguration,KubeProxyConfiguration'],
  ['print', 'init-defaults', '--component-configs', 'KubeletConfiguration', '--component-configs', 'KubeProxyConfiguration'],
  ['print', 'join-defaults', '--kubeconfig', '/nonexistent'],
  ['print', 'reset-defaults'],
  ['print', 'upgrade-defaults'],
  ['images', 'list', '--kubernetes-version', version],
  ['images', 'list', '--kubernetes-version', version, '--image-repository', 'example.test/a', '-o', 'json'],
  ['images', 'list', '--kubernetes-version', 'v1.36.2', '-o', 'yaml'],
  ['images', 'list', '--kubernetes-version', version, '-okyaml', '--show-managed-fields', '--allow-missing-template-keys=false'],
  ['images', 'list', '--kubernetes-version', version, '--feature-gates', 'RootlessControlPlane=true'],
]

test.for(same.map((words) => ({ words, shown: words.join(' ') })))('config $shown prints the same bytes', async ({ words }, context) => {
  const { kadm, kubeadm } = bothPrograms(context)
  const [ours, theirs] = await Promise.all([kadm('config', ...words), kubeadm('config', ...words)])
  expect({ exitCode: ours.exitCode, stdout: ours.stdout }).toEqual({ exitCode: 0, stdout: theirs.stdout })
  expect(theirs.stdout).not.toBe('')
})

const refused: readonly (readonly string[])[] = [
  [],
  ['print'],
  ['images'],
  ['print', 'init-defaults', '--component-configs', 'Foo'],
  ['print', 'join-defaults', '--component-configs', 'KubeletConfiguration'],
  ['print', 'init-defaults', 'word'],
  ['validate'],
  ['validate', '--config', '/nonexistent/file'],
  ['migrate'],
  ['migrate', '--old-config', '/nonexistent/file'],
  ['images', 'list', '--kubernetes-version', 'v1.37.2', '--feature-gates', 'Nothing=true'],
  ['images', 'list', '--kubernetes-version', 'nothing'],
  ['images', 'list', '--kubernetes-version', 'v1.37.2', '-o', 'wide'],
  ['images', 'pull', '--kubernetes-version', 'v1.37.2', '--cri-socket', 'unix:///nonexistent/cri.sock'],
]

test('what kubeadm refuses kadm refuses, with a remedy', async (context) => {
  const { kadm, kubeadm } = bothPrograms(context)
  for (const words of refused) {
    const [ours, theirs] = await Promise.all([kadm('config', ...words), kubeadm('config', ...words)])
    expect({ words, exitCode: theirs.exitCode }).toEqual({ words, exitCode: 1 })
    expect(ours, words.join(' ')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^error: .+ \[[A-Z_]+\]\n( {2}.+\n)*(try: .+\n)+$/),
    })
  }
})

const cluster = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: ${version}
imageRepository: example.test/b
dns: {imageTag: v9}
`
const init =
  'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nlocalAPIEndpoint: {advertiseAddress: 192.0.2.9}\nnodeRegistration: {name: some, criSocket: "unix:///x.sock"}\nbootstrapTokens: [{token: abcdef.0123456789abcdef}]\n'

test('validate: ok, or every field that is wrong', async (context) => {
  const { kadm, kubeadm } = bothPrograms(context)
  const dir = await temporaryDirectory()
  const files = {
    good: `${init}---\n${cluster}`,
    bad: `${init}---\n${cluster}networking: {podSubnet: x}\nnothing: 1\n`,
    experimental: init.replace('v1beta4', 'v1'),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(dir, name), text)
  for (const [name, ...words] of [['good'], ['bad'], ['experimental'], ['good', '--allow-experimental-api', '--allow-deprecated-api']]) {
    const line = ['config', 'validate', '--config', path.join(dir, name ?? ''), ...words]
    const [ours, theirs] = [await kadm(...line), await kubeadm(...line)]
    expect({ name, exitCode: ours.exitCode, stdout: ours.stdout }).toEqual({ name, exitCode: theirs.exitCode, stdout: theirs.stdout })
    if (name === 'bad') expect(ours.stderr).toMatch(/networking\.podSubnet.*\n.*nothing|nothing.*\n.*networking\.podSubnet/)
  }
})

test('migrate: to standard output or into a file, which is new and 0600 or keeps its mode', async (context) => {
  const { kadm, kubeadm } = bothPrograms(context)
  const dir = await temporaryDirectory()
  const at = (name: string): string => path.join(dir, name)
  await writeFile(at('old'), `${cluster}---\n${init}`)
  const migrate = ['config', 'migrate', '--old-config', at('old')]
  const [ours, theirs] = [await kadm(...migrate), await kubeadm(...migrate)]
  expect(ours.stdout).toBe(theirs.stdout)
  expect(ours.stdout).toContain('example.test/b')
  await writeFile(at('there'), 'before', { mode: 0o644 })
  for (const [name, mode] of [
    ['new', 0o600],
    ['there', 0o644],
  ] as const) {
    expect(await kadm(...migrate, '--new-config', at(name))).toMatchObject({ exitCode: 0, stdout: '' })
    expect(await readFile(at(name), 'utf8')).toBe(theirs.stdout)
    expect((await stat(at(name))).mode & 0o777).toBe(mode)
  }
  for (const program of [kadm, kubeadm]) expect((await program(...migrate, '--new-config', at('nowhere/new'))).exitCode).toBe(1)
  await expect(stat(at('nowhere'))).rejects.toThrow('ENOENT')
  await mkdir(at('folder'))
  for (const program of [kadm, kubeadm]) expect((await program(...migrate, '--new-config', at('folder'))).exitCode).toBe(1)
})

test('the file goes before the flags, for the images too', async (context) => {
  const { kadm, kubeadm } = bothPrograms(context)
  const file = path.join(await temporaryDirectory(), 'config.yaml')
  await writeFile(file, `${init}---\n${cluster}`)
  const words = ['config', 'images', 'list', '--config', file, '--image-repository', 'example.test/c']
  const [ours, theirs] = [await kadm(...words), await kubeadm(...words)]
  expect(ours).toMatchObject({ exitCode: 0, stdout: theirs.stdout, stderr: expect.stringContaining('--image-repository') })
  expect(theirs.stdout).toContain('example.test/b/coredns:v9')
})

test('images pull: each image once, named in its order; what cannot be had is told for all of them', async (context) => {
  const { kadm, kubeadm } = bothPrograms(context)
  const runtime = await imageService()
  const words = ['config', 'images', 'pull', '--kubernetes-version', version, '--cri-socket', runtime.endpoint]
  const theirs = await kubeadm(...words)
  const pulled = runtime.taken()
  const ours = await kadm(...words)
  expect(ours).toEqual({ exitCode: 0, stdout: theirs.stdout, stderr: '' })
  expect(runtime.taken().toSorted()).toEqual(pulled.toSorted())
  expect(pulled).toHaveLength(7)
  const missing = await kadm(...words, '--image-repository', 'example.test/missing')
  expect(missing).toMatchObject({ exitCode: 1, stdout: '' })
  expect(missing.stderr.match(/failed to pull image/g)).toHaveLength(7)
  expect((await kubeadm(...words, '--image-repository', 'example.test/missing')).exitCode).toBe(1)
})
