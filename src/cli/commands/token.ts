/** `kadm token`: bootstrap tokens of a cluster. */
import type { CommandBody, CommandInput, Flag } from '../command.ts'
import { hostFlags } from '../flags/host-flags.ts'
import { kubeadmFlags } from '../flags/kubeadm-flags.ts'
import { outputFlags } from '../text/output.ts'

const everywhere = kubeadmFlags('dry-run', 'kubeconfig')
const ofCluster: readonly Flag[] = [...everywhere, ...hostFlags]

const createFlags: readonly Flag[] = [
  ...kubeadmFlags('certificate-key', 'config'),
  { name: 'description', kind: 'text', doc: 'What the token is for, in words' },
  {
    name: 'groups',
    kind: 'list',
    default: 'system:bootstrappers:kubeadm:default-node-token',
    doc: 'Groups that who comes with the token is in: system:bootstrappers:...',
  },
  { name: 'print-join-command', kind: 'switch', default: 'false', doc: 'Print the whole command that joins a node, not only the token' },
  { name: 'ttl', kind: 'text', default: '24h0m0s', doc: 'How long the token is good for (1s, 2m, 3h); 0: for ever' },
  { name: 'usages', kind: 'list', default: 'signing,authentication', doc: 'What the token can be used for: signing, authentication' },
]

export const tokenCommand: CommandBody = {
  commands: [
    {
      name: 'create',
      summary: 'Create bootstrap tokens on the server',
      positional: '[token]',
      maxArguments: 1,
      flags: [...createFlags, ...ofCluster],
      run: async (input) => (await import('../run/run-token.ts')).createTokens(input),
    },
    {
      name: 'delete',
      summary: 'Delete bootstrap tokens on the server',
      positional: '[token-value] ...',
      maxArguments: Infinity,
      flags: ofCluster,
      run: async (input) => (await import('../run/run-token.ts')).deleteTokens(input),
    },
    {
      name: 'generate',
      summary: 'Generate and print a bootstrap token, but do not create it on the server',
      flags: everywhere,
      run: generate,
    },
    {
      name: 'list',
      summary: 'List bootstrap tokens on the server',
      flags: [...outputFlags, ...ofCluster],
      run: async (input) => (await import('../run/run-token.ts')).printTokens(input),
    },
  ],
}

async function generate({ io }: CommandInput): Promise<void> {
  const { generateToken } = await import('../../tokens/bootstrap-token.ts')
  io.stdout.write(`${generateToken()}\n`)
}
