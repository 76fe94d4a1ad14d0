import { expect, test } from 'vitest'
import { applyDoneText, type ApplyDone } from '../../src/cli/text/apply-done-text.ts'
import type { ActionKind } from '../../src/fleet/plan/decide.ts'
import { fileOf } from '../fleet/planned.ts'

test('who has made a cluster is told how to get its kubeconfig, and what its Nodes wait for', () => {
  expect(textOf({ ssh: { user: 'admin', become: 'sudo' } })).toBe(
    [
      'c: done in 22.8 s',
      'its kubeconfig: (umask 077; ssh admin@192.168.7.1 sudo cat /etc/kubernetes/admin.conf >c.conf); then kubectl --kubeconfig c.conf get nodes',
      'its Nodes stay NotReady until a Pod network is applied: kubectl --kubeconfig c.conf apply -f FILE',
      '',
    ].join('\n'),
  )
  expect(textOf({ hasNetwork: true })).not.toContain('NotReady')
})

test('the way to the first control plane is that of the file, whoever runs kadm', () => {
  expect(textOf({})).toContain('; ssh ann@192.168.7.1 cat /etc/kubernetes/admin.conf >')
  const bastion = { address: 'fd00::1', user: 'gate', port: 2200 }
  expect(textOf({ ssh: { user: 'root', port: 2222, identityFile: '~/my keys/id', bastion } })).toContain(
    "; ssh -p 2222 -i ~/'my keys/id' -J 'gate@[fd00::1]:2200' root@192.168.7.1 cat /etc/",
  )
})

test('of a cluster that was there before only the time is told', () => {
  expect(textOf({ kind: 'join' })).toBe('c: done in 22.8 s\n')
})

interface Apply extends Partial<Pick<ApplyDone, 'hasNetwork'>> {
  readonly ssh?: object
  readonly kind?: ActionKind
}

function textOf({ ssh = {}, kind = 'init', hasNetwork = false }: Apply): string {
  const file = fileOf({ h1: 'control-plane', h2: 'worker' }, {}, { ssh })
  const actions = [
    { host: 'h2', kind: 'join', why: '' },
    { host: 'h1', kind, why: '' },
  ] as const
  return applyDoneText({ file, actions, hasNetwork, seconds: 22.81, user: () => 'ann' })
}
