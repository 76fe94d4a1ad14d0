/** `kadm certs renew` for a user. */
import { KadmError, type ErrorCode } from '../errors.ts'
import { localHost } from '../host/local-host.ts'
import { certificateSpec } from '../pki/certificate-specs.ts'
import { managedCertificates, managedCertificatesOf } from '../pki/managed-certificates.ts'
import { renewCertificates, type RenewalOutcome } from '../pki/renew.ts'
import { certsConfig } from './certs-config.ts'
import type { CommandInput, Streams } from './command.ts'

/** @param name of a certificate, or `all` */
export async function renew(name: string, input: CommandInput): Promise<void> {
  const { flags, io, signal } = input
  const host = localHost()
  const left: string[] = []
  try {
    const config = await certsConfig(input, host, 'renew')
    const chosen = name === 'all' ? managedCertificatesOf(config.cluster) : managedCertificates.filter((managed) => managed.name === name)
    const unlock = await host.lock(`kadm certs renew ${name}`)
    try {
      await renewCertificates(chosen, {
        config,
        host,
        start: host.now(),
        signal,
        warn: (line) => void io.stderr.write(`WARNING: ${line}\n`),
        onOutcome: (outcome) => {
          const why = tell(outcome, io)
          if (why !== undefined) left.push(why)
        },
      })
    } finally {
      await unlock()
    }
  } finally {
    await host.close()
  }
  if (flags.isOn('strict') && left.length > 0) {
    throw new KadmError('RENEWAL_INCOMPLETE', `${left.length} of the certificates could not be renewed`, {
      details: left,
      remedy: ['kadm certs check-expiration', 'leave --strict out to take this for success, as kubeadm does'],
    })
  }
  if (name === 'all') io.stdout.write(`\n${reminder}\n`)
}

const reminder =
  'Done renewing certificates. You must restart the kube-apiserver, kube-controller-manager, kube-scheduler and etcd, so that they can use the new certificates.'

/** @returns why it was not renewed, when something is wrong with that */
function tell(outcome: RenewalOutcome, io: Streams): string | undefined {
  const { managed, kind } = outcome
  const warn = (what: string, code: ErrorCode): string => {
    io.stderr.write(`WARNING: ${what} [${code}]\n`)
    return `${what} [${code}]`
  }
  switch (kind) {
    case 'renewed':
      io.stdout.write(`${managed.title} renewed\n`)
      return undefined
    case 'external':
      io.stdout.write(`Detected external ${certificateSpec(managed.ca).baseName}, ${managed.title} can't be renewed\n`)
      return warn(`${managed.name} is not renewed: the key of its CA "${managed.ca}" is kept elsewhere`, 'RENEWAL_EXTERNAL')
    case 'missing':
      io.stdout.write(`MISSING! ${managed.title}\n`)
      // Only the first control plane has it.
      return managed.name === 'super-admin.conf' ? undefined : warn(`${managed.name} is not there, so it is not renewed`, 'RENEWAL_MISSING')
  }
}
