import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { imagesOf, kubernetesPrograms, moduleFolder, releaseOf, releases } from '../../src/sandbox/releases.ts'
import { realBinary } from '../support/real-binary.ts'

for (const release of releases) {
  test(`${release.version}: the images are those that its own kubeadm asks for`, (context) => {
    const kubeadm = realBinary(context, 'kubeadm', release.version)
    const listed = execFileSync(kubeadm, ['config', 'images', 'list', '--kubernetes-version', release.version], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(Object.values(imagesOf(release))).toEqual(listed.trim().split('\n'))
  })

  test(`${release.version}: each program says the version that it was built from`, (context) => {
    const say = (name: string, ...argv: string[]): string =>
      execFileSync(realBinary(context, name, release.version), argv, { encoding: 'utf8' })
    const pinned = (folder: string): string => folder.replace(/^[a-z]+-v/, '')
    expect(say('kubeadm', 'version', '--output=short').trim()).toBe(release.version)
    expect(say('kubelet', '--version').trim()).toBe(`Kubernetes ${release.version}`)
    expect(say('kube-apiserver', '--version').trim()).toBe(`Kubernetes ${release.version}`)
    expect(say('kubectl', 'version', '--client')).toContain(`Client Version: ${release.version}`)
    expect(say('etcd', '--version')).toContain(`etcd Version: ${pinned(release.modules.etcd)}\n`)
    expect(say('etcdctl', 'version')).toContain(`etcdctl version: ${pinned(release.modules.etcd)}\n`)
    expect(say('etcdutl', 'version')).toContain(`etcdutl version: ${pinned(release.modules.etcd)}\n`)
    expect(say('coredns', '-version')).toContain(`CoreDNS-${pinned(release.modules.coredns)}\n`)
    expect(say('pause', '-v')).not.toBe('')
  })

  test(`${release.version}: its modules are pinned to what their folders are named for`, async () => {
    const modules = { kubernetes: 'k8s.io/kubernetes', etcd: 'go.etcd.io/etcd/server/v3', coredns: 'github.com/coredns/coredns' }
    for (const kind of ['kubernetes', 'etcd', 'coredns'] as const) {
      const folder = release.modules[kind]
      const pins = await readFile(path.join(moduleFolder(folder), 'go.mod'), 'utf8')
      expect(pins).toContain(`${modules[kind]} ${folder.replace(/^[a-z]+-/, '')}`)
      expect(pins).not.toContain('://')
      expect(await readFile(path.join(moduleFolder(folder), 'go.sum'), 'utf8')).toContain(
        `${modules[kind]} ${folder.replace(/^[a-z]+-/, '')} h1:`,
      )
    }
    const pins = await readFile(path.join(moduleFolder(release.modules.kubernetes), 'go.mod'), 'utf8')
    for (const program of kubernetesPrograms) expect(pins).toContain(`k8s.io/kubernetes/cmd/${program}\n`)
  })
}

test('a version that is not in the table is refused, naming those that are', () => {
  expect(() => releaseOf('v1.20.0')).toThrowError(
    expect.objectContaining({ code: 'VERSION_UNSUPPORTED', message: expect.stringMatching(/"v1\.20\.0".*v1\.37\.2/) }),
  )
})
