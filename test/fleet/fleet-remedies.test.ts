import { expect, test } from 'vitest'
import { removalRemedy } from '../../src/cluster/etcd-lost-member.ts'
import type { ClusterFile } from '../../src/config/cluster-file.ts'
import { KadmError } from '../../src/errors.ts'
import { fleetFailed } from '../../src/fleet/fleet-failed.ts'
import { fleetRemedies, fleetRemedy } from '../../src/fleet/fleet-remedies.ts'
import { hostFlags, type Place } from '../../src/fleet/host-flags.ts'
import { failed } from '../../src/preflight/check.ts'
import { runChecks } from '../../src/preflight/run-checks.ts'
import { fileOf } from './planned.ts'

const plain = fileOf({ h1: 'control-plane', h2: 'worker', h3: 'worker' })
const [h1, h2, h3] = ['h1', 'h2', 'h3'].map((name) => placeIn(plain, name)) as [Place, Place, Place]
const became = placeIn(fileOf({ h1: 'control-plane', h2: 'worker' }, {}, { ssh: { user: 'ann', become: 'sudo' } }), 'h2')

test.each([
  ['journalctl -xeu kubelet', 'journalctl -xeu kubelet   # on h2'],
  ['cat /b/README   # how to go back by hand', 'cat /b/README   # on h2: how to go back by hand'],
  ['sshd -T | grep -i forcecommand   # on the host', 'sshd -T | grep -i forcecommand   # on h2'],
  ['kadm reset   # removes what it made', 'kadm reset --host USER@192.168.7.2   # for h2: removes what it made'],
  ['kadm reset   # on the host gives it up as it is', 'kadm reset --host USER@192.168.7.2   # for h2: gives it up as it is'],
  ['kadm reset   # on its host: takes it out', 'kadm reset --host USER@ADDRESS   # on its host: takes it out'],
  ['kadm reset --cluster-file FILE   # ends the whole cluster', 'kadm reset --cluster-file FILE   # ends the whole cluster'],
  ['crictl ps -a   # on the host of https://10.0.0.9:2379', 'crictl ps -a   # on the host of https://10.0.0.9:2379'],
  ['openssl pkey -in k   # on that host', 'openssl pkey -in k   # on that host'],
  ['kubectl get nodes', 'kubectl get nodes'],
  ['ssh -v -p 22 root@10.0.0.2 true', 'ssh -v -p 22 root@10.0.0.2 true'],
  ['run the same command again', 'run the same command again'],
  [
    'kadm join   # with the arguments and the configuration of then: goes on with it',
    'kadm apply -f FILE   # with the file of then: goes on with it',
  ],
  ['--identity-file names the key to log in with; more', 'spec.ssh.identityFile names the key to log in with; more'],
  ['on a host that --host names: --become sudo', 'spec.ssh.become: sudo'],
  ['sudo kadm init   # with the same arguments', 'spec.ssh.become: sudo'],
  [
    'bring them back, or take a dead one out first (kadm join --replace on its host, or etcdctl member remove)',
    'bring them back, or give a dead one the "role: lost" in the file',
  ],
  ['to give the whole cluster up: reset the others, with --force', 'kadm reset --cluster-file FILE   # to give the whole cluster up'],
  [
    'to have a new pair made: rm -f "/etc/kubernetes/pki/a.crt" "/etc/kubernetes/pki/a.key"; then run the same command again',
    'rm -f "/etc/kubernetes/pki/a.crt" "/etc/kubernetes/pki/a.key"   # on h2: to have a new pair made; then run the same command again',
  ],
  [
    'put the missing file back at "/etc/kubernetes/pki/ca.crt": every control plane has it',
    'put the missing file back at "/etc/kubernetes/pki/ca.crt": every control plane has it   # on h2',
  ],
  ['kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f -', 'kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f -   # on h2'],
  ['iptables-restore --noflush', 'iptables-restore --noflush   # on h2'],
  ['find /var/lib/kubelet -xdev -delete', 'find /var/lib/kubelet -xdev -delete   # on h2'],
  ['cp -a -- /a /b', 'cp -a -- /a /b   # on h2'],
  [removalRemedy('4be1'), removalRemedy('4be1')],
  ['install it there, e.g. apt-get install openssl', 'install it there, e.g. apt-get install openssl'],
  ['find out why before you go on', 'find out why before you go on'],
  ['ulimit -n 65536   # in the shell that kadm is started from', 'ulimit -n 65536   # in the shell that kadm is started from'],
  ['look at sshd on the host: journalctl -u ssh -n 50', 'journalctl -u ssh -n 50   # on h2: look at sshd there'],
  ['kadm undo on the others first', 'kadm undo -f FILE --host NAME   # for each of the others first'],
  [
    'on the host of that member run its join again, or kadm reset; then run this command again',
    'run the same command again: it goes on with that join, if the host of that member is in the file',
  ],
  [
    'give it as unix:///run/c.sock (nodeRegistration.criSocket or --cri-socket)',
    'give it as unix:///run/c.sock (nodeRegistration.criSocket in the cluster file)',
  ],
  [
    'or give unmountFlags: [MNT_DETACH] in a ResetConfiguration: they then go when nobody uses them any more',
    'umount -l MOUNTPOINT   # on h2: they then go when nobody uses them any more',
  ],
])('of a host: %s', (ofHost, ofFleet) => {
  expect(fleetRemedy(ofHost, h2)).toEqual([ofFleet])
  expect(fleetRemedy(ofFleet, h1), 'once more').toEqual([ofFleet])
  for (const line of fleetRemedy(ofHost, became)) expect(fleetRemedy(line, h1), 'once more').toEqual([line])
})

test.each([
  ['journalctl -xeu kubelet', 'sudo journalctl -xeu kubelet   # on h2'],
  ['openssl pkey -in k   # on that host', 'sudo openssl pkey -in k   # on that host'],
  ['df -h /a; df -i /a', "sudo sh -c 'df -h /a; df -i /a'   # on h2"],
  ['rm -rf /etc/kubernetes/tmp/kadm-upgrade-*', "sudo sh -c 'rm -rf /etc/kubernetes/tmp/kadm-upgrade-*'   # on h2"],
  ['kubectl --kubeconfig=/etc/kubernetes/admin.conf get no', 'sudo kubectl --kubeconfig=/etc/kubernetes/admin.conf get no   # on h2'],
  ['dmesg | tail -n 50', 'sudo dmesg | tail -n 50   # on h2'],
  ["sh -c 'a; b'", "sudo sh -c 'a; b'   # on h2"],
  ['systemctl restart kubelet; then run it again', 'sudo systemctl restart kubelet   # on h2: then run it again'],
  ['date -u   # is the clock of this host right?', 'date -u   # on h2: is the clock of this host right?'],
  ['ls -ld "/a"   # on this machine', 'ls -ld "/a"   # on this machine'],
  ['kadm reset   # on its host: takes it out', 'kadm reset --host USER@ADDRESS --become sudo   # on its host: takes it out'],
  ['kadm certs renew apiserver', 'kadm certs renew apiserver --host ann@192.168.7.2 --become sudo   # for h2'],
])('where a user becomes root: %s', (ofHost, ofFleet) => {
  expect(fleetRemedy(ofHost, became)).toEqual([ofFleet])
})

test('what is done on the host and then by kadm, which is not there, are two lines', () => {
  expect(fleetRemedy('rm "/etc/kubernetes/kubelet.conf" && kadm init phase kubeconfig kubelet', became)).toEqual([
    'sudo rm "/etc/kubernetes/kubelet.conf"   # on h2',
    'kadm init phase kubeconfig kubelet --host ann@192.168.7.2 --become sudo   # for h2: after that',
  ])
})

test('a command of kadm has all by which the file reaches the host', () => {
  const bastion = { address: 'jump.example.com', user: 'bob', port: 2222 }
  const hostKey = `SHA256:${'a'.repeat(43)}`
  const ssh = { become: 'sudo', bastion, identityFile: '~/my key', port: 2022 }
  const { ssh: settings } = placeIn(fileOf({ h1: 'control-plane' }, {}, { ssh }), 'h1')
  expect(hostFlags({ address: 'fd00::1', ssh: { ...settings, hostKey } })).toBe(
    `--host 'USER@[fd00::1]:2022' --become sudo --bastion bob@jump.example.com:2222 --identity-file '~/my key' --host-key ${hostKey}`,
  )
})

test('what stands in the way of a login is on this machine, and whose host is meant the message says', () => {
  expect(fleetRemedy('ls -ld "/home/ann/.ssh/id"', undefined)).toEqual(['ls -ld "/home/ann/.ssh/id"   # on this machine'])
  const compare = fleetRemedy('ssh-keygen -lf k.pub   # on the host: is it the same?', undefined)
  expect(compare).toEqual(['ssh-keygen -lf k.pub   # on the host of the message: is it the same?'])
})

test('what several hosts need stands there once, with their names', () => {
  const remedy = ['journalctl -xeu kubelet', 'run it again', 'kadm reset']
  expect(
    fleetRemedies([
      { place: h1, remedy },
      { place: h3, remedy },
    ]),
  ).toEqual([
    'journalctl -xeu kubelet   # on h1, h3',
    'run it again',
    'kadm reset --host USER@192.168.7.1   # for h1',
    'kadm reset --host USER@192.168.7.3   # for h3',
  ])
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
    plain.hosts,
  )
  expect(remedy).toEqual([
    'crictl logs 4be1   # on h1',
    'mend what is listed, then run the same command again',
    expect.stringMatching(/^nodeRegistration\.ignorePreflightErrors: \[Swap\] {3}# in spec\.kubeadm\.initConfiguration .*no harm here$/),
    'run the same command again: it goes on with what is left',
  ])
})

function placeIn({ hosts }: ClusterFile, name: string): Place {
  const place = hosts.find((host) => host.name === name)
  if (place === undefined) throw new Error(`no host ${name}`)
  return place
}
