/** `kadm kubeconfig`: kubeconfig files for further users. */
import type { CommandBody } from '../command.ts'
import { kubeadmFlags } from '../flags/kubeadm-flags.ts'

export const kubeconfigCommand: CommandBody = {
  commands: [
    {
      name: 'user',
      summary: 'Output a kubeconfig file for an additional user',
      flags: [
        { name: 'client-name', kind: 'text', doc: 'Name of the user, the common name of its certificate; must be given' },
        ...kubeadmFlags('config'),
        { name: 'org', kind: 'list', doc: 'Groups of the user, the organizations of its certificate' },
        { name: 'token', kind: 'text', doc: 'A token that the user comes with, instead of a certificate' },
        { name: 'validity-period', kind: 'text', default: '8760h0m0s', doc: 'How long the certificate is valid, from now' },
      ],
      run: async (input) => (await import('../run/run-kubeconfig.ts')).printUserKubeconfig(input),
    },
  ],
}
