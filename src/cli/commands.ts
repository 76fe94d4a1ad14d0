/** Every command by name and summary; a command's own file is loaded only when it is called. */
import type { Command, CommandBody } from './command.ts'

interface ListedCommand extends Pick<Command, 'name' | 'aliases' | 'summary'> {
  readonly load: () => Promise<CommandBody>
}

const listed: readonly ListedCommand[] = [
  {
    name: 'alpha',
    summary: 'Experimental sub-commands: none in this version',
    load: async () => ({ commands: [] }),
  },
  {
    name: 'apply',
    summary: 'Bring the hosts of a cluster file to what it says: make the cluster, let nodes join, take them out',
    load: async () => (await import('./commands/apply.ts')).applyCommand,
  },
  {
    name: 'certs',
    aliases: ['certificates'],
    summary: 'Commands related to handling Kubernetes certificates',
    load: async () => (await import('./commands/certs.ts')).certsCommand,
  },
  {
    name: 'completion',
    summary: 'Output shell completion code for the specified shell (bash, fish, zsh)',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
  {
    name: 'config',
    summary: 'Manage configuration files',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  {
    name: 'init',
    summary: 'Run this command in order to set up the Kubernetes control plane',
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  {
    name: 'join',
    summary: 'Run this on any machine you wish to join an existing cluster',
    load: async () => (await import('./commands/join.ts')).joinCommand,
  },
  {
    name: 'kubeconfig',
    summary: 'Kubeconfig file utilities',
    load: async () => (await import('./commands/kubeconfig.ts')).kubeconfigCommand,
  },
  {
    name: 'log',
    summary: 'Say who did what on the hosts of a cluster file, and when, by their journals and that of this machine',
    load: async () => (await import('./commands/log.ts')).logCommand,
  },
  {
    name: 'plan',
    summary: 'Look at the hosts of a cluster file and at the cluster, and say what apply would do; change nothing',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  {
    name: 'reset',
    summary: "Performs a best effort revert of changes made to this host by 'kadm init' or 'kadm join'",
    load: async () => (await import('./commands/reset.ts')).resetCommand,
  },
  {
    name: 'sandbox',
    summary: 'Real hosts on this one machine, for trying kadm out and for its tests',
    load: async () => (await import('./commands/sandbox.ts')).sandboxCommand,
  },
  {
    name: 'token',
    summary: 'Manage bootstrap tokens',
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  {
    name: 'trace',
    summary: 'Look at what --trace has written: where the time of a run went',
    load: async () => (await import('./commands/trace.ts')).traceCommand,
  },
  {
    name: 'undo',
    summary: 'Put back what the last run of kadm has changed on a host, and remove what it added',
    load: async () => (await import('./commands/undo.ts')).undoCommand,
  },
  {
    name: 'upgrade',
    summary: 'Upgrade your cluster smoothly to a newer version with this command',
    load: async () => (await import('./commands/upgrade.ts')).upgradeCommand,
  },
  {
    name: 'version',
    summary: 'Print the version of kadm',
    load: async () => (await import('./commands/version.ts')).version.command,
  },
]

/** @returns the command of that name with all that it holds, or `undefined` when there is none. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  const row = listed.find((one) => one.name === name || one.aliases?.includes(name) === true)
  return row && loaded(row)
}

/** The root of the command tree; of its commands only `open` can run. */
export function rootCommand(open: Command | undefined): Command {
  return {
    name: 'kadm',
    summary: 'kadm: Kubernetes clusters on your own machines, interchangeable with kubeadm',
    commands: listed.map(({ load: _load, ...shown }) => (open?.name === shown.name ? open : shown)),
  }
}

/** The root with every command loaded: for what is made from all of them. */
export async function wholeTree(): Promise<Command> {
  return { ...rootCommand(undefined), commands: await Promise.all(listed.map(loaded)) }
}

async function loaded({ load, ...shown }: ListedCommand): Promise<Command> {
  return { ...shown, ...(await load()) }
}
