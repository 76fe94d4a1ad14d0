/** What `kadm apply` says at its end; of a cluster that it has made also how to use it. */
import type { ClusterFile, ClusterHost } from '../../config/cluster-file.ts'
import { paths } from '../../config/paths.ts'
import type { Action } from '../../fleet/plan/decide.ts'
import { shellLine } from '../../host/shell-quote.ts'
import { sshArguments } from '../../host/ssh/ssh-target.ts'

export interface ApplyDone {
  readonly file: ClusterFile
  readonly actions: readonly Action[]
  /** The file names a manifest of the Pod network. */
  readonly hasNetwork: boolean
  readonly seconds: number
  /** Who logs in where the file does not say; asked only then. */
  readonly user: () => string
}

export function applyDoneText({ file, actions, hasNetwork, seconds, user }: ApplyDone): string {
  const maker = actions.find(({ kind }) => kind === 'init')?.host
  const host = file.hosts.find(({ name }) => name === maker)
  const kubeconfig = `${file.name}.conf`
  const lines = [
    `${file.name}: done in ${seconds.toFixed(1)} s`,
    ...(host === undefined
      ? []
      : [
          // Whoever reads it is an administrator.
          `its kubeconfig: (umask 077; ${readAdminConf(host, user)} >${kubeconfig}); then kubectl --kubeconfig ${kubeconfig} get nodes`,
          ...(hasNetwork
            ? []
            : [`its Nodes stay NotReady until a Pod network is applied: kubectl --kubeconfig ${kubeconfig} apply -f FILE`]),
        ]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** As kadm itself gets there: the configuration of ssh may know nothing of it. */
function readAdminConf({ address, ssh }: ClusterHost, user: () => string): string {
  const { port, identityFile, bastion, become } = ssh
  const way = sshArguments({
    user: ssh.user ?? user(),
    address,
    port,
    identityFiles: identityFile === undefined ? [] : [identityFile],
    through: bastion && { user: bastion.user ?? user(), address: bastion.address, port: bastion.port },
  })
  return `ssh ${way} ${shellLine([...(become === 'sudo' ? ['sudo'] : []), 'cat', paths.adminConf])}`
}
