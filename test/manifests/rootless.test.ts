import { expect, test } from 'vitest'
import { runJailed } from '../support/jail.ts'

test.for([['init'], ['init', 'phase', 'control-plane', 'scheduler']])(
  'kadm %s refuses a control plane without root, and leaves no manifest',
  async (command) => {
    const config =
      'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.2\nfeatureGates: {RootlessControlPlane: true}\n'
    const { exitCode, stderr, tree } = await runJailed([['kadm', ...command, '--config', '/tmp/jail/config.yaml']], {
      files: { '/tmp/jail/config.yaml': config },
    })
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain('"RootlessControlPlane: true" is not supported')
    expect([...tree.keys()].filter((file) => file.startsWith('/etc/kubernetes'))).toEqual([])
  },
)

test('with the gate off the manifests are made', async () => {
  const config =
    'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.37.2\nfeatureGates: {RootlessControlPlane: false}\n'
  const { exitCode, tree } = await runJailed(
    [['kadm', 'init', 'phase', 'control-plane', 'scheduler', '--config', '/tmp/jail/config.yaml']],
    {
      files: { '/tmp/jail/config.yaml': config },
    },
  )
  expect(exitCode).toBe(0)
  expect(tree.has('/etc/kubernetes/manifests/kube-scheduler.yaml')).toBe(true)
})
