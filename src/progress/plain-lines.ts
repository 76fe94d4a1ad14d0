/** Progress as plain lines with kubeadm's prefixes (`[certs] ...`), for logs and pipes. Lines on stdout, warnings on stderr. */
import type { PhaseEvent } from '../phases/phase.ts'

interface Output {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** @returns a listener that writes one event. The prefix is the top phase's name, as kubeadm has it. */
export function plainLines({ stdout, stderr }: Output): (event: PhaseEvent) => void {
  return (event) => {
    const prefix = `[${event.phase.split('/')[0] ?? ''}]`
    if (event.kind === 'line') stdout.write(`${/^\[[a-z/-]+\] /.test(event.text) ? '' : `${prefix} `}${event.text}\n`)
    else if (event.kind === 'warning') stderr.write(`${prefix} WARNING: ${event.text}\n`)
    else if (event.kind === 'skipped' && event.reason !== '') stdout.write(`${prefix} ${event.reason}\n`)
  }
}
