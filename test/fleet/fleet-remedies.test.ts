import { expect, test } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { fleetFailed } from '../../src/fleet/fleet-failed.ts'
import { fleetRemedies, fleetRemedy } from '../../src/fleet/fleet-remedies.ts'
import { failed } from '../../src/preflight/check.ts'
import { runChecks } from '../../src/preflight/run-checks.ts'

test.each([
  ['journalctl -xeu kubelet', 'journalctl -xeu kubelet   # on h2'],
  ['cat /b/README # how to go back by hand', 'cat /b/README   # on h2: how to go back by hand'],
  ['sshd -T | grep -i forcecommand   # on the host', 'sshd -T | grep -i forcecommand   # on h2'],
  ['kadm reset   # removes what it made', 'kadm reset --host USER@ADDRESS   # on h2: removes what it made'],
  ['kadm reset   # on the host gives it up as it is', 'kadm reset --host USER@ADDRESS   # on h2 gives it up as it is'],
  ['kadm reset   # on its host: takes it out', 'kadm reset --host USER@ADDRESS   # on its host: takes it out'],
  ['kadm reset --cluster-file FILE   # ends the whole cluster', 'kadm reset --cluster-file FILE   # ends the whole cluster'],
  ['crictl ps -a   # on the host of https://10.0.0.9:2379', 'crictl ps -a   # on the host of https://10.0.0.9:2379'],
  ['openssl pkey -in k   # on that host', 'openssl pkey -in k   # on that host'],
  ['kubectl get nodes', 'kubectl get nodes'],
  ['ssh -v -p 22 root@10.0.0.2 true', 'ssh -v -p 22 root@10.0.0.2 true'],
  ['run the same command again', 'run the same command again'],
  [
    'kadm join with the arguments and the configuration of then goes on with it',
    'kadm apply -f FILE   # with the file of then goes on with it',
  ],
  ['--identity-file names the key to log in with; more', 'spec.ssh.identityFile names the key to log in with; more'],
  ['on a host that --host names: --become sudo', 'spec.ssh.become: sudo'],
  ['to give the whole cluster up: reset the others, with --force', 'kadm reset --cluster-file FILE   # to give the whole cluster up'],
])('of a host: %s', (ofHost, ofFleet) => {
  expect(fleetRemedy(ofHost, 'h2')).toBe(ofFleet)
})

test('what stands in the way of a login is on this machine, and whose host is meant the message says', () => {
  expect(fleetRemedy('ls -ld "/home/ann/.ssh/id"', undefined)).toBe('ls -ld "/home/ann/.ssh/id"   # on this machine')
  expect(fleetRemedy('ssh-keygen -lf k.pub   # on the host: is it the same?', undefined)).toMatch(/# on the host: is/)
})

test('what several hosts need stands there once, with their names', () => {
  const remedy = ['journalctl -xeu kubelet', 'run it again']
  expect(
    fleetRemedies([
      { host: 'h1', remedy },
      { host: 'h3', remedy },
    ]),
  ).toEqual(['journalctl -xeu kubelet   # on h1, h3', 'run it again'])
})

test('a fleet that failed: of those that waited nothing is to be looked at, and checks are passed over in the file', async () => {
  const check = { name: 'Swap', requires: 'no swap', run: async () => failed('swap is on') }
  const refused: unknown = await runChecks([[check]], { ignore: new Set(), warn: () => {} }).catch((error: unknown) => error)
  const broken = new KadmError('COMPONENT_NOT_HEALTHY', 'no', { remedy: ['crictl logs 4be1'] })
  const { remedy } = fleetFailed(
    new Map([
      ['h1', broken],
      ['h2', broken],
      ['h3', refused],
    ]),
  )
  expect(remedy).toEqual([
    'crictl logs 4be1   # on h1',
    'mend what is listed, then run the same command again',
    expect.stringMatching(/^nodeRegistration\.ignorePreflightErrors: \[Swap\] {3}# in spec\.kubeadm\.initConfiguration .*no harm here$/),
    'run the same command again: it goes on with what is left',
  ])
})
