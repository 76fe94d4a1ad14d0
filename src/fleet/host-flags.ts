/** By which flags a command of kadm works on one host of a cluster file. Pure. */
import type { ClusterHost } from '../config/cluster-file.ts'
import { shellLine } from '../host/shell-quote.ts'
import { sshTargetText } from '../host/ssh/ssh-target.ts'

/** Of the file's words about a host those by which it is reached. */
export type Place = Pick<ClusterHost, 'name' | 'address' | 'ssh'>

/** `--host admin@192.168.0.11 --become sudo`. `USER` where the file does not say who logs in. */
export function hostFlags({ address, ssh }: Pick<Place, 'address' | 'ssh'>): string {
  const { user = 'USER', port, hostKey } = ssh
  const key = hostKey === undefined ? [] : ['--host-key', hostKey]
  return shellLine(['--host', sshTargetText({ user, address, port }), ...sharedFlags(ssh), ...key])
}

/** For a host that has to be filled in. All hosts of a file share what is said besides. */
export function anyHostFlags([first]: readonly Pick<Place, 'ssh'>[]): string {
  return shellLine(['--host', 'USER@ADDRESS', ...(first === undefined ? [] : sharedFlags(first.ssh))])
}

function sharedFlags({ become, bastion, identityFile }: Place['ssh']): readonly string[] {
  return [
    ...(become === 'sudo' ? ['--become', 'sudo'] : []),
    ...(bastion === undefined ? [] : ['--bastion', sshTargetText({ user: 'USER', ...bastion })]),
    ...(identityFile === undefined ? [] : ['--identity-file', identityFile]),
  ]
}
