/** The checks that ask a container runtime, with a real containerd. */
import { expect, onTestFinished, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { imagePull } from '../../src/preflight/image-pull.ts'
import { realContainerd } from '../support/real-containerd.ts'
import { checkBoth } from './beside-kubeadm.ts'

test('a containerd that is ready, and images that cannot be had', async (context) => {
  const { endpoint, pauseImage } = await realContainerd(context)
  const { kubeadm, kadm } = await checkBoth(context, { init: `nodeRegistration: {criSocket: ${endpoint}}` })
  expect(kadm).toEqual(kubeadm)
  expect(kadm.filter((name) => /CRI|Runtime/.test(name))).toEqual([])

  const host = localHost()
  onTestFinished(() => host.close())
  const pull = (images: readonly string[]): ReturnType<ReturnType<typeof imagePull>['run']> =>
    imagePull(host.containerRuntime(endpoint), { images, pauseImage, policy: 'IfNotPresent', serial: false, say: () => {} }).run()
  expect(await pull([pauseImage])).toEqual({ warnings: [], errors: [] })
  // Its network has no way out: every try fails.
  expect(await pull([pauseImage, '192.0.2.1/kube-apiserver:v1.37.2'])).toEqual({
    warnings: [],
    errors: [expect.stringMatching(/^failed to pull image 192\.0\.2\.1\/kube-apiserver:v1\.37\.2: /)],
  })
})
