/** `kadm certs renew` for a user. */
import { KadmError, withCode } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { certificateSpec } from '../../pki/certificate-specs.ts'
import { isOnEveryControlPlane, managedCertificates, managedCertificatesOf } from '../../pki/managed-certificates.ts'
import { renewCertificates, type RenewalOutcome } from '../../pki/renew.ts'
import { certsConfig } from '../flags/certs-config.ts'
import { onChosenHost } from '../chosen-host.ts'
import type { CommandInput, Streams } from '../command.ts'

/** @param name of a certificate, or `all` */
export async function renew(name: string, input: CommandInput): Promise<void> {
  const { flags, io, signal } = input
  const outcomes: RenewalOutcome[] = []
  const warn = (line: string): void => void io.stderr.write(`WARNING: ${line}\n`)
  await onChosenHost(input, async (host) => {
    const config = await certsConfig(input, host, 'renew')
    const chosen = name === 'all' ? managedCertificatesOf(config.cluster) : managedCertificates.filter((managed) => managed.name === name)
    const unlock = await host.lock(`kadm certs renew ${name}`)
    try {
      const onOutcome = (outcome: RenewalOutcome): void => {
        outcomes.push(outcome)
        tell(outcome, io)
      }
      await renewCertificates(chosen, { config, host, start: host.now(), signal, warn, onOutcome })
      if (flags.isOn('restart')) await restart(outcomes, { host, io, signal, warn })
    } finally {
      await unlock()
    }
  })
  const left = outcomes.flatMap((outcome) => warning(outcome) ?? [])
  if (flags.isOn('strict') && left.length > 0) {
    throw new KadmError('RENEWAL_INCOMPLETE', `${left.length} of ${outcomes.length} certificates could not be renewed`, {
      details: left,
      remedy: ['kadm certs check-expiration', 'leave --strict out to take this for success, as kubeadm does'],
    })
  }
  if (name === 'all') io.stdout.write(`\n${flags.isOn('restart') ? restarted : reminder}\n`)
}

const reminder =
  'Done renewing certificates. You must restart the kube-apiserver, kube-controller-manager, kube-scheduler and etcd, so that they can use the new certificates.'
const restarted = 'Done renewing certificates. The components of this control plane use the new ones.'

/** Of one component: the kubelet may wait up to some minutes before it starts one that has ended often. */
const restartTimeout = 240_000

interface RestartContext {
  readonly host: Host
  readonly io: Streams
  readonly signal: AbortSignal
  readonly warn: (line: string) => void
}

async function restart(outcomes: readonly RenewalOutcome[], { host, io, signal, warn }: RestartContext): Promise<void> {
  const { reloadComponents } = await import('../../phases/components/reload-components.ts')
  const { socketOfKubelet } = await import('../../phases/kubelet-socket.ts')
  const renewed = outcomes.flatMap((outcome) => (outcome.kind === 'renewed' ? [[outcome.managed.name, outcome.old] as const] : []))
  await reloadComponents(new Map(renewed), {
    host,
    criSocket: await socketOfKubelet(host, warn),
    since: host.now(),
    timeout: restartTimeout,
    signal,
    say: (line) => void io.stdout.write(`[restart] ${line}\n`),
    waiting: (what) => void (io.stderr.isTTY === true && io.stderr.write(`waiting for ${what}\n`)),
  })
}

/** kubeadm's lines on stdout; on stderr what needs attention, with a code. */
function tell(outcome: RenewalOutcome, io: Streams): void {
  const { managed, kind } = outcome
  const lines = {
    renewed: `${managed.title} renewed`,
    external: `Detected external ${certificateSpec(managed.ca).baseName}, ${managed.title} can't be renewed`,
    missing: `MISSING! ${managed.title}`,
  }
  io.stdout.write(`${lines[kind]}\n`)
  const line = warning(outcome)
  if (line !== undefined) io.stderr.write(`WARNING: ${line}\n`)
}

function warning({ managed: { name, ca }, kind }: RenewalOutcome): string | undefined {
  if (kind === 'external') return withCode(`${name} is not renewed: the key of its CA "${ca}" is kept elsewhere`, 'RENEWAL_EXTERNAL')
  if (kind === 'missing' && isOnEveryControlPlane(name)) return withCode(`${name} is not there, so it is not renewed`, 'RENEWAL_MISSING')
  return undefined
}
