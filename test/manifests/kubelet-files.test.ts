import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseKubeletFlags } from '../../src/manifests/kubelet-files.ts'
import { quoteAsGo } from '../../src/manifests/go-quote.ts'
import { initConfig } from '../support/init-config.ts'
import { besideKubeadm } from './beside-kubeadm.ts'

const n = randomInt(10, 99)

test('a kubelet configuration of the user', async (context) => {
  const kubelet = { maxPods: n, clusterDNS: [`10.0.0.${n}`], featureGates: { A: true }, evictionHard: { 'memory.available': `${n}Mi` } }
  await besideKubeadm(context, { config: initConfig({ kubelet: { ...kubelet } }), kubelet })
})

test('extra arguments with blanks and quotes, another socket, a name of its own', async (context) => {
  const kubeletExtraArgs = [
    { name: 'node-labels', value: `a=${n},b="x y"` },
    { name: 'v', value: '2' },
    { name: 'v', value: '3' },
    { name: 'odd', value: "tab\tback\\slash é €  \u{1f600} \u0001 \u2028 $HOME `x` 'q'" },
  ]
  const nodeRegistration = { name: `other${n}`, criSocket: `unix:///run/c${n}.sock`, kubeletExtraArgs }
  await besideKubeadm(context, { config: initConfig({ nodeRegistration }), init: { nodeRegistration } })
})

test('the host name of the user as an argument', async (context) => {
  for (const value of ['node1', `x${n}`]) {
    const nodeRegistration = { kubeletExtraArgs: [{ name: 'hostname-override', value }] }
    // kubeadm takes it as the name of the node too.
    await besideKubeadm(context, { config: initConfig({ nodeRegistration }), init: { nodeRegistration } })
  }
})

test('a host name in capitals', async (context) => {
  await besideKubeadm(context, { config: initConfig(), jail: { hostname: 'NODE1' } })
})

test('beside systemd-resolved: its servers, unless the user names others', async (context) => {
  // Stands in for an init system, which a jail has none of.
  const systemctl = { content: '#!/bin/sh\necho active\n', mode: 0o755 }
  const jail = { files: { '/tmp/jail/bin/systemctl': systemctl }, environment: { PATH: `/tmp/jail/bin:/usr/sbin:/usr/bin:/sbin:/bin` } }
  const { tree } = await besideKubeadm(context, { config: initConfig(), jail })
  expect(String(tree.get('/tmp/jail/kubelet/config.yaml')?.content)).toContain('resolvConf: /run/systemd/resolve/resolv.conf\n')
  const resolvConf = `/etc/resolv${n}.conf`
  await besideKubeadm(context, { config: initConfig({ kubelet: { resolvConf } }), kubelet: { resolvConf }, jail })
})

test('no taints', async (context) => {
  await besideKubeadm(context, { config: initConfig({ nodeRegistration: { taints: [] } }), init: { nodeRegistration: { taints: [] } } })
})

test('flags are read back as they were written', () => {
  expect(parseKubeletFlags('KUBELET_KUBEADM_ARGS="--a=b=c --node-ip=1.2.3.4 junk --d="\n')).toEqual([
    { name: 'a', value: 'b=c' },
    { name: 'node-ip', value: '1.2.3.4' },
    { name: 'd', value: '' },
  ])
  expect(parseKubeletFlags('KUBELET_KUBEADM_ARGS=""\n')).toEqual([])
  expect(parseKubeletFlags('OTHER="--a=b"')).toEqual([])
})

test('strings are quoted as Go quotes them', () => {
  expect(quoteAsGo('a"b\\c\n\u007f\u00a0\u2028\u{e0001}')).toBe(String.raw`"a\"b\\c\n\x7f\u00a0\u2028\U000e0001"`)
})
