/** `kadm certs`: certificates of a control plane: when they end, new ones in their place, requests for those that others sign. */
import { managedCertificates } from '../../pki/managed-certificates.ts'
import type { Command, CommandBody, CommandInput, Flag } from '../command.ts'
import { hostFlags } from '../flags/host-flags.ts'
import { kubeadmFlags } from '../flags/kubeadm-flags.ts'
import { outputFlags } from '../text/output.ts'

const common: readonly Flag[] = [...kubeadmFlags('cert-dir', 'config', 'kubeconfig'), ...hostFlags]

const renewFlags: readonly Flag[] = [
  ...common,
  {
    name: 'restart',
    kind: 'switch',
    default: 'false',
    doc: "Bring what holds the renewed certificates to use them, one component after the other; what does not by itself is restarted (kadm's own)",
  },
  { name: 'strict', kind: 'switch', default: 'false', doc: "Exit with 1 when something could not be renewed (kadm's own)" },
]

const expirationFlags: readonly Flag[] = [
  {
    name: 'all-nodes',
    kind: 'switch',
    default: 'false',
    doc: "Show what the ports of all nodes serve, and every kubeconfig on this host, too (kadm's own)",
  },
  {
    name: 'warn-within',
    kind: 'text',
    doc: "Exit with 4 when something is missing or ends within this time, such as 30d or 12h (kadm's own)",
  },
]

export const certsCommand: CommandBody = {
  commands: [
    {
      name: 'certificate-key',
      summary: 'Generate certificate keys',
      run: async ({ io }) => {
        const { certificateKey } = await import('../../pki/certificate-key.ts')
        io.stdout.write(`${certificateKey()}\n`)
      },
    },
    {
      name: 'check-expiration',
      summary: 'Check certificates expiration for a Kubernetes cluster',
      flags: [...common, ...outputFlags.map(withPrometheus), ...expirationFlags],
      run: async (input) => (await import('../run/run-certs-expiration.ts')).checkExpiration(input),
    },
    {
      name: 'generate-csr',
      summary: 'Generate keys and certificate signing requests',
      flags: [
        { name: 'cert-dir', kind: 'text', doc: "Where keys and requests go; the configuration's directory of certificates when not set" },
        ...kubeadmFlags('config', 'kubeconfig-dir'),
        ...hostFlags,
      ],
      run: async (input) => (await import('../run/run-certs-requests.ts')).generateRequests(input),
    },
    {
      name: 'renew',
      summary: 'Renew certificates for a Kubernetes cluster',
      flags: [
        {
          name: 'print-timer',
          kind: 'switch',
          default: 'false',
          doc: "Print a systemd service and timer that renew all, each month (kadm's own)",
        },
      ],
      runsWith: 'print-timer',
      run: printTimer,
      commands: [
        ...managedCertificates.map(({ name, title }) => renewCommand(name, `Renew the ${title}`)),
        renewCommand('all', 'Renew all available certificates'),
      ].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    },
  ],
}

async function printTimer({ io }: CommandInput): Promise<void> {
  const { renewalTimer } = await import('../renewal-timer.ts')
  io.stdout.write(renewalTimer())
}

function renewCommand(name: string, summary: string): Command {
  return {
    name,
    summary,
    flags: renewFlags,
    run: async (input: CommandInput) => (await import('../run/run-certs-renew.ts')).renew(name, input),
  }
}

function withPrometheus(flag: Flag): Flag {
  return flag.name === 'output' ? { ...flag, doc: 'Output format: text, json, yaml, kyaml or prometheus' } : flag
}
