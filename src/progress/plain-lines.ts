/** Progress as plain lines with kubeadm's prefixes (`[certs] ...`), for logs and pipes. Lines on stdout, warnings on stderr. */
import type { PhaseEvent } from '../phases/phase.ts'
import { withoutControls } from './printable.ts'

interface Output {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** @returns a listener that writes one event. The prefix is the top phase's name, as kubeadm has it. */
export function plainLines({ stdout, stderr }: Output): (event: PhaseEvent) => void {
  return (event) => {
    const prefix = `[${event.phase.split('/')[0] ?? ''}]`
    // Not redacted: kubeadm shows the token and the certificate key that it makes.
    const text = withoutControls('text' in event ? event.text : 'reason' in event ? event.reason : '')
    if (event.kind === 'line') stdout.write(`${/^\[[a-z/-]+\] /.test(text) ? '' : `${prefix} `}${text}\n`)
    else if (event.kind === 'warning') stderr.write(`${prefix} WARNING: ${text}\n`)
    else if (event.kind === 'skipped' && text !== '') stdout.write(`${prefix} ${text}\n`)
  }
}
