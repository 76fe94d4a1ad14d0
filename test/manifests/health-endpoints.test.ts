import { expect, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { componentHealthUrl, kubeletHealthUrl } from '../../src/manifests/health-endpoints.ts'
import { initConfig } from '../support/init-config.ts'

const config = initConfig()

function hostWith(manifest: string | undefined) {
  return { config, host: { ...localHost(), readText: async () => manifest } }
}

function pod(...command: readonly string[]): string {
  return JSON.stringify({ spec: { containers: [{ name: 'side', command: ['side', '--secure-port=1'] }, { command }] } })
}

test('where components tell their health: by default, by their flags, the last of which counts', async () => {
  expect(await componentHealthUrl('kube-apiserver', hostWith(undefined))).toBe('https://192.168.77.10:6443/livez')
  expect(await componentHealthUrl('kube-controller-manager', hostWith(undefined))).toBe('https://127.0.0.1:10257/healthz')
  expect(await componentHealthUrl('kube-scheduler', hostWith('{}'))).toBe('https://127.0.0.1:10259/livez')
  const moved = pod('kube-apiserver', '--advertise-address=fd00::1', '--secure-port=7443', '--secure-port=8443')
  expect(await componentHealthUrl('kube-apiserver', hostWith(moved))).toBe('https://[fd00::1]:8443/livez')
  expect(await componentHealthUrl('kube-scheduler', hostWith(pod('kube-scheduler', '--bind-address=0.0.0.0')))).toBe(
    'https://127.0.0.1:10259/livez',
  )
  expect(await componentHealthUrl('kube-scheduler', hostWith(pod('kube-scheduler', '--bind-address=::')))).toBe('https://[::1]:10259/livez')
})

test('where the kubelet does', () => {
  expect(kubeletHealthUrl(config.kubelet)).toBe('http://127.0.0.1:10248/healthz')
  expect(kubeletHealthUrl(initConfig({ kubelet: { healthzPort: 0 } }).kubelet)).toBeUndefined()
  expect(kubeletHealthUrl(initConfig({ kubelet: { healthzPort: 99, healthzBindAddress: '::1' } }).kubelet)).toBe('http://[::1]:99/healthz')
})
