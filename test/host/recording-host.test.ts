import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { recordingHost } from '../../src/host/recording-host.ts'
import { waitForHttp } from '../../src/host/wait-for-http.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('nothing is changed; reads see what would be there; the plan has each change in order', async () => {
  const root = await temporaryDirectory()
  await mkdir(path.join(root, 'etc'))
  await writeFile(path.join(root, 'etc/old'), 'old', { mode: 0o644 })
  const host = recordingHost(rootedHost(root))
  await host.writeFile('/etc/old', 'old', { mode: 0o644 })
  await host.writeFile('/etc/kubernetes/a.yaml', 'a', { mode: 0o600, directoryMode: 0o700 })
  await host.writeFile('/etc/kubernetes/a.yaml', 'a', { mode: 0o600 })
  await host.writeFile('/etc/old', 'new', { mode: 0o600, keepMode: true })
  await host.writeFile('/etc/kubernetes/ca.key', 'KEY', { mode: 0o600, secret: true })
  await host.writeFile('/etc/kubernetes/conf', 'token: abcdef.0123456789abcdef', { mode: 0o600 })
  expect(await host.readText('/etc/kubernetes/ca.key')).toBe('KEY')
  expect(await host.readText('/etc/old')).toBe('new')
  expect(await host.stat('/etc/old')).toMatchObject({ kind: 'file', mode: 0o644, size: 3 })
  expect(await host.list('/etc')).toEqual(['kubernetes', 'old'])
  expect(await host.list('/etc/kubernetes')).toEqual(['a.yaml', 'ca.key', 'conf'])
  await host.removeFile('/etc/old')
  await host.removeFile('/etc/old')
  expect(await host.stat('/etc/old')).toBeUndefined()
  expect(await host.list('/etc')).toEqual(['kubernetes'])
  await host.removeDirectory('/etc/kubernetes')
  await host.changeOwner('/etc/kubernetes/a.yaml', { uid: 1, gid: 2 })
  await host.makeDirectory('/var/lib/etcd', 0o700)
  expect(await host.run(['false'])).toMatchObject({ exitCode: 0 })
  expect(await host.query(['sh', '-c', 'exit 3'])).toMatchObject({ exitCode: 3 })
  expect(host.plan()).toEqual([
    { kind: 'make-directory', path: '/etc/kubernetes', mode: 0o700 },
    { kind: 'write-file', path: '/etc/kubernetes/a.yaml', mode: 0o600, replaces: false, content: 'a' },
    { kind: 'write-file', path: '/etc/old', mode: 0o644, replaces: true, content: 'new' },
    { kind: 'write-file', path: '/etc/kubernetes/ca.key', mode: 0o600, replaces: false },
    { kind: 'write-file', path: '/etc/kubernetes/conf', mode: 0o600, replaces: false },
    { kind: 'remove-file', path: '/etc/old' },
    { kind: 'change-owner', path: '/etc/kubernetes/a.yaml', owner: { uid: 1, gid: 2 } },
    { kind: 'make-directory', path: '/var', mode: 0o700 },
    { kind: 'make-directory', path: '/var/lib', mode: 0o700 },
    { kind: 'make-directory', path: '/var/lib/etcd', mode: 0o700 },
    { kind: 'run-command', argv: ['false'] },
  ])
  expect(JSON.stringify(host.plan())).not.toMatch(/KEY|0123456789abcdef/)
  expect(host.file('/etc/kubernetes/ca.key')).toEqual({ mode: 0o600, owner: { uid: 0, gid: 0 }, secret: true })
  expect(host.file('/etc/kubernetes/a.yaml')).toEqual({ mode: 0o600, owner: { uid: 1, gid: 2 }, secret: false, content: 'a' })
  expect(await readdir(root, { recursive: true })).toEqual(['etc', 'etc/old'])
})

test('services are as they would be, waits are noted and over at once', async () => {
  const host = recordingHost(rootedHost(await temporaryDirectory()))
  const url = 'http://127.0.0.1:1/healthz'
  await host.services.restart('kadm-no-such')
  expect(await host.services.isActive('kadm-no-such')).toBe(true)
  expect(await waitForHttp(host, { url, timeout: 60_000 })).toBeUndefined()
  await host.services.stop('kadm-no-such')
  expect(await host.services.isActive('kadm-no-such')).toBe(false)
  await host.containerRuntime('unix:///no.sock').pullImage('registry.k8s.io/pause:3.10')
  expect(await host.containerRuntime('unix:///no.sock').hasImage('registry.k8s.io/pause:3.10')).toBe(true)
  await (
    await host.lock('kadm init')
  )()
  expect(host.plan()).toEqual([
    { kind: 'restart-service', service: 'kadm-no-such' },
    { kind: 'wait', for: url },
    { kind: 'stop-service', service: 'kadm-no-such' },
    { kind: 'pull-image', image: 'registry.k8s.io/pause:3.10' },
  ])
})
