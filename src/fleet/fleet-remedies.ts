/** Remedies are written for a command on one host. Who applies a cluster file sits elsewhere, and has fields where that one has flags. Pure. */
import { KadmError } from '../errors.ts'
import { shellQuote } from '../host/shell-quote.ts'
import { anyHostFlags, hostFlags, type Place } from './host-flags.ts'

export interface HostRemedies {
  readonly place: Place
  readonly remedy: readonly string[]
}

/** Each line once; behind what is to be done on hosts stand their names. */
export function fleetRemedies(failed: readonly HostRemedies[]): readonly string[] {
  const lines = failed.flatMap(({ place, remedy }) => remedy.map((line) => ({ place, line })))
  // A command of kadm has the address of one host in it.
  const groups = Map.groupBy(lines, ({ place, line }) => (ofAddress.test(line) ? `${place.name} ${line}` : line))
  const told = [...groups.values()].flatMap((group) =>
    group
      .slice(0, 1)
      .flatMap(({ place, line }) =>
        fleetRemedy(line, { ...place, name: [...new Set(group.map(({ place: { name } }) => name))].join(', ') }),
      ),
  )
  return [...new Set(told)]
}

/**
 * `sudo journalctl -xeu kubelet   # on h2`. What has its place already is left as it is. `place`: `undefined`: nobody has got there, so
 * files and commands are those of this machine, and "the host" may be the bastion.
 * @returns two lines for what is done on the host and then by kadm
 */
export function fleetRemedy(line: string, place: Place | undefined): readonly string[] {
  const row = ofFile.find(([ofHost]) => ofHost.test(line))
  const told = (row === undefined ? line : line.replace(...row)).replace(criSocket, 'nodeRegistration.criSocket in the cluster file')
  const { command, words } = partsOf(told)
  const steps = command.split(' && ')
  const ofKadm = steps.filter((step) => kadmOnHost.test(step))
  const before = steps.filter((step) => !ofKadm.includes(step)).join(' && ')
  if (ofKadm.length === 0) return [isPlaced(command, words, place) ? told : hostLine({ command, words }, place)]
  return [
    ...(before === '' ? [] : [hostLine({ command: before, words }, place)]),
    ...ofKadm.map((step) => kadmLine({ command: step, words: before === '' ? words : 'after that' }, place)),
  ]
}

/** The same failure, with what is to be done where; `message`: in other words. */
export function placedError(error: KadmError, place: Place, message = error.message): KadmError {
  const { code, remedy, details } = error
  const [first = remedy[0], ...others] = remedy.flatMap((line) => fleetRemedy(line, place))
  return new KadmError(code, message, { remedy: [first, ...others], details, cause: error })
}

interface Parts {
  readonly command: string
  /** What is said about it. */
  readonly words: string
}

/** `COMMAND   # words`; also `words: COMMAND; then more`. */
function partsOf(line: string): Parts {
  const [, given = line, after = ''] = /^(.*?) +# (.*)$/.exec(line) ?? []
  const [, before = '', rest = given] = saidBefore.exec(given) ?? []
  const [, command = rest, then = ''] = /^(.*?); (then .*)$/.exec(rest) ?? []
  return { command, words: [before, then, after].filter((text) => text !== '').join('; ') }
}

/** Has the line its place already, or does it need none? */
function isPlaced(command: string, words: string, place: Place | undefined): boolean {
  if (theHost.test(words)) return false
  if (/^sudo |--host /.test(command)) return true
  // kubectl runs anywhere, unless with a file of a host; ssh and its kin on this machine.
  const isOfHost = place !== undefined && hostPath.test(command) && (!/\bkubectl\b/.test(command) || /--kubeconfig[ =]\//.test(command))
  return !onHost.test(command) && !isOfHost
}

function hostLine({ command, words }: Parts, place: Place | undefined): string {
  const where = place === undefined ? 'on this machine' : `on ${place.name}`
  const isOfFleet = place?.ssh.become === 'sudo' && !/^on (?:this machine|the host of)\b/.test(words)
  const told = isOfFleet ? asRoot(command) : command
  // Said so that it is not taken for another host's when it comes by once more.
  const there = place === undefined ? 'on the host of the message' : where
  if (words.startsWith('on the host')) return `${told}   # ${words.replace(theHost, there)}`
  if (theHost.test(words)) return `${told}   # ${there}: ${words.replace(theHost, 'there')}`
  if (elsewhere.test(words)) return `${told}   # ${words}`
  return `${told}   # ${where}${words === '' ? '' : `: ${words}`}`
}

/** A shell that is root where there are more commands than one, or names that only root can list. */
function asRoot(command: string): string {
  if (!needsRoot.test(command)) return command
  const bare = command.replaceAll(/'[^']*'/g, '')
  return `sudo ${/[;&*<>]|\$\(/.test(bare) ? `sh -c ${shellQuote(command)}` : command}`
}

/** It runs here, and works there. */
function kadmLine({ command, words }: Parts, place: Place | undefined): string {
  if (place === undefined || (elsewhere.test(words) && !theHost.test(words)))
    return `${command} ${anyHostFlags(place === undefined ? [] : [place])}${words === '' ? '' : `   # ${words}`}`
  const about = words.replace(theHost, '').trim()
  return `${command} ${hostFlags(place)}   # for ${place.name}${about === '' ? '' : `: ${about}`}`
}

const theHost = /\bon the host\b(?! of)/
const elsewhere = /^on |\bon (?:a|an|each|its|that|this) /

const programs =
  'cat|chown|cp|crictl|curl|df|dmesg|du|findmnt|fuser|getent|grep|ip6?tables(?:-\\w+)?|ipset|ipvsadm|journalctl|kubelet|ln|ls|' +
  'lsattr|modprobe|mv|namei|nft|openssl|rc-service|readlink|rm|sh|sshd|systemctl|systemd-run|umount|' +
  // These are words of sentences too.
  `find(?= ["'/])|ip(?= link)|(?:head|install|sync|test)(?= -)`
/** Programs that look at a host or mend it. */
const onHost = new RegExp(`^(?:${programs}|command|date|ps|uptime)(?= |$)`)
const needsRoot = new RegExp(`^(?:${programs}|kubectl)(?= |$)`)

/** Where a path of a host begins. */
const hostPath = /(?:^|[\s"'=])\/(?:etc\/(?:kubernetes|cni|containerd|crio)|opt\/cni|proc|run|sys|usr|var)\//

/** There is no kadm on the hosts of a fleet. */
const kadmCommands = 'kadm (?:certs renew|init|join|reset|undo|upgrade node)'
const kadmOnHost = new RegExp(`^${kadmCommands}\\b(?!.* (?:--cluster-file|--host|-f)(?:[ =]|$))`)
const ofAddress = new RegExp(`\\b${kadmCommands}\\b`)

const saidBefore = new RegExp(`^((?:or )?[^"'/:#]+): ((?:${kadmCommands}|${programs}) .*)$`)

const criSocket = /(?:nodeRegistration\.criSocket or )?--cri-socket\b/

const configurations = 'spec.kubeadm.initConfiguration (the first control plane) or joinConfiguration'

/** What a command on a host is told by flags, and a fleet by its file. */
const ofFile: readonly (readonly [RegExp, string])[] = [
  [/^--ignore-preflight-errors=(\S+) +# (.*)$/, `nodeRegistration.ignorePreflightErrors: [$1]   # in ${configurations}, $2`],
  [/^leave (.*) out too: --skip-phases=(\S+)$/, `skipPhases: [$2]   # in ${configurations}: leaves $1 out too`],
  [
    /^if its host is lost: run the same command with --replace, .*$/,
    'role: lost   # for it in the file, if its machine is gone for good: apply, then its role again',
  ],
  [/ take a dead one out first \(kadm join --replace .*$/, ' give a dead one the "role: lost" in the file'],
  [/^to give the whole cluster up: .*$/, 'kadm reset --cluster-file FILE   # to give the whole cluster up'],
  [
    /^kadm .* # (of kadm \S+, )?with the arguments and the configuration of then: (.*)$/,
    'kadm apply -f FILE   # $1with the file of then: $2',
  ],
  [/^kadm undo on the others first$/, 'kadm undo -f FILE --host NAME   # for each of the others first'],
  [
    /^a control plane does not go back to an older minor version: take the host out with kadm undo --all or kadm reset, .*$/,
    'role: absent   # for it in the file, and apply, then its role again: a control plane does not go back to an older minor version',
  ],
  [
    /^on the host of that member run its join again, or kadm reset; then run this command again$/,
    'run the same command again: it goes on with that join, if the host of that member is in the file',
  ],
  [/^or give unmountFlags: .* in a ResetConfiguration: (.*)$/, 'umount -l MOUNTPOINT   # $1'],
  [/^--identity-file names/, 'spec.ssh.identityFile names'],
  [/^sudo kadm .* with the same arguments$|^on a host that --host names: --become sudo$/, 'spec.ssh.become: sudo'],
  [/^log in as root instead: .*$/, 'spec.ssh: {user: root}   # log in as root instead, without become'],
]
