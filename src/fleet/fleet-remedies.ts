/** Remedies are written for a command on one host. Who applies a cluster file sits elsewhere, and has fields where that one has flags. Pure. */

export interface HostRemedies {
  readonly host: string
  readonly remedy: readonly string[]
}

/** Each line once; behind what is to be done on hosts stand their names. */
export function fleetRemedies(failed: readonly HostRemedies[]): readonly string[] {
  const lines = failed.flatMap(({ host, remedy }) => remedy.map((line) => ({ host, line })))
  const told = Array.from(
    Map.groupBy(lines, ({ line }) => line),
    ([line, from]) => fleetRemedy(line, [...new Set(from.map(({ host }) => host))].join(', ')),
  )
  return [...new Set(told)]
}

/**
 * `journalctl -xeu kubelet   # on h2`. `place`: names of hosts; `undefined`: nobody has got there, so files and commands are those of this
 * machine, and "the host" may be the bastion.
 */
export function fleetRemedy(line: string, place: string | undefined): string {
  const row = ofFile.find(([ofHost]) => ofHost.test(line))
  if (row !== undefined) return line.replace(...row)
  const [, given = line, words = ''] = /^(.*?) +# (.*)$/.exec(line) ?? []
  const command = kadmOnHost.test(given) ? `${given} --host USER@ADDRESS` : given
  if (command === given && !onHost.test(given) && !theHost.test(words)) return line
  if (words.startsWith('on ') || theHost.test(words))
    return `${command}   # ${place === undefined ? words : words.replace(theHost, `on ${place}`)}`
  return `${command}   # on ${place ?? 'this machine'}${words === '' ? '' : `: ${words}`}`
}

const theHost = /\bon the host\b(?! of)/

/** Programs that look at a host or mend it. kubectl runs anywhere, ssh and its kin on this machine. */
const onHost =
  /^(?:cat|command|crictl|curl|date|df|dmesg|findmnt|fuser|grep|journalctl|kubelet|ls|lsattr|mv|namei|openssl|ps|rm|systemctl|ulimit|uptime)\b/

/** There is no kadm on the hosts of a fleet. */
const kadmOnHost = /^kadm (?:certs renew|init|join|reset)\b(?!.* --(?:cluster-file|host)\b)/

const configurations = 'spec.kubeadm.initConfiguration (the first control plane) or joinConfiguration'

/** What a command on a host is told by flags, and a fleet by its file. */
const ofFile: readonly (readonly [RegExp, string])[] = [
  [/^--ignore-preflight-errors=(\S+) +# (.*)$/, `nodeRegistration.ignorePreflightErrors: [$1]   # in ${configurations}, $2`],
  [/^leave (.*) out too: --skip-phases=(\S+)$/, `skipPhases: [$2]   # in ${configurations}: leaves $1 out too`],
  [
    /^if its host is lost: run the same command with --replace, .*$/,
    'role: lost   # for it in the file, if its machine is gone for good: apply, then its role again',
  ],
  [/ take a dead one out first: kadm join --replace .*$/, ' give a dead one the "role: lost" in the file'],
  [/^to give the whole cluster up: .*$/, 'kadm reset --cluster-file FILE   # to give the whole cluster up'],
  [/^kadm .* with the arguments and the configuration of then (.*)$/, 'kadm apply -f FILE   # with the file of then $1'],
  [/^--identity-file names/, 'spec.ssh.identityFile names'],
  [/^sudo kadm .* with the same arguments$|^on a host that --host names: --become sudo$/, 'spec.ssh.become: sudo'],
  [/^log in as root instead: .*$/, 'spec.ssh: {user: root}   # log in as root instead, without become'],
]
