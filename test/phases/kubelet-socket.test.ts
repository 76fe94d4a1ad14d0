import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { paths } from '../../src/config/paths.ts'
import { socketOfKubelet } from '../../src/phases/kubelet-socket.ts'
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
