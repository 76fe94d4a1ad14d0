/** What `kadm apply` says at its end; of a cluster that it has made also how to use it. */
import type { ClusterFile, ClusterHost, SshLogin } from '../../config/cluster-file.ts'
import { paths } from '../../config/paths.ts'
import { hostAndPort } from '../../config/server-url.ts'
import type { Action } from '../../fleet/plan/decide.ts'
import { shellLine, shellQuote } from '../../host/shell-quote.ts'

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
  const login = (target: SshLogin, at: string): string => `${target.user ?? user()}@${at}`
  return [
    'ssh',
    ...(port === 22 ? [] : ['-p', String(port)]),
    ...(identityFile === undefined ? [] : ['-i', quotedPath(identityFile)]),
    ...(bastion === undefined ? [] : ['-J', shellQuote(login(bastion, hostAndPort(bastion.address, bastion.port)))]),
    shellQuote(login(ssh, address)),
    shellLine([...(become === 'sudo' ? ['sudo'] : []), 'cat', paths.adminConf]),
  ].join(' ')
}

/** `~/` is for the shell to read. */
function quotedPath(path: string): string {
  return path.startsWith('~/') ? `~/${shellQuote(path.slice(2))}` : shellQuote(path)
}
