import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { GivenFlags } from '../../src/config/flags.ts'
import { paths } from '../../src/config/paths.ts'
import type { Host } from '../../src/host/host.ts'
import { loadResetConfig } from '../../src/config/load/load-reset.ts'
import { socketByKubelet, socketOfKubelet } from '../../src/phases/kubelet-socket.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('the socket that the kubelet uses: by its own settings, by its flags where kubeadm before 1.34 has put it', async () => {
  const root = await temporaryDirectory()
  await mkdir(path.join(root, path.dirname(paths.kubeletFlags)), { recursive: true })
  const socket = (): Promise<string> =>
    socketOfKubelet(rootedHost(root), (line) => {
      throw new Error(line)
    })
  await writeFile(
    path.join(root, paths.kubeletFlags),
    'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/crio/crio.sock --a=b"\n',
  )
  expect(await socket()).toBe('unix:///run/crio/crio.sock')
  await writeFile(path.join(root, paths.kubeletInstanceConfig), 'containerRuntimeEndpoint: unix:///run/own.sock\n')
  expect(await socket()).toBe('unix:///run/own.sock')
})

test('a reset takes the socket of the kubelet where several runtimes answer and none is named', async () => {
  const root = await temporaryDirectory()
  const host: Host = { ...rootedHost(root), dial: () => Promise.resolve({ destroy: () => undefined } as never) }
  const socket = async (flags: GivenFlags = {}): Promise<string> =>
    (await loadResetConfig({ file: undefined, flags, host, needs: { criSocket: socketByKubelet } })).config.criSocket
  await expect(socket()).rejects.toThrow('several container runtimes')
  await mkdir(path.join(root, path.dirname(paths.kubeletInstanceConfig)), { recursive: true })
  await writeFile(path.join(root, paths.kubeletInstanceConfig), 'containerRuntimeEndpoint: unix:///var/run/crio/crio.sock\n')
  expect(await socket()).toBe('unix:///var/run/crio/crio.sock')
  expect(await socket({ 'cri-socket': 'unix:///run/own.sock' })).toBe('unix:///run/own.sock')
  await writeFile(path.join(root, paths.kubeletInstanceConfig), '{')
  await expect(socket()).rejects.toThrow('several container runtimes')
})
