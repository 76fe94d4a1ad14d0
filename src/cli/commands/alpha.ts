import type { Command } from '../command.ts'

/** kubeadm keeps it for what is to come; there is nothing in it now. */
export const alphaCommand: Command = { name: 'alpha', summary: 'Experimental sub-commands: none in this version', commands: [] }
