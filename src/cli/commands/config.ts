/** `kadm config`: configuration files and what follows from them; nothing here touches a cluster. */
import type { Command, CommandBody, CommandInput, Flag } from '../command.ts'
import { kubeadmFlags } from '../flags/kubeadm-flags.ts'
import { outputFlags } from '../text/output.ts'

// kubeadm takes it everywhere below `config`, for nothing.
const everywhere = kubeadmFlags('kubeconfig')

const experimental: Flag = {
  name: 'allow-experimental-api',
  kind: 'switch',
  default: 'false',
  doc: 'Read API versions that are not released yet',
}
const deprecated: Flag = {
  name: 'allow-deprecated-api',
  kind: 'switch',
  default: 'false',
  doc: 'Read API versions that are going to be removed',
}
const componentConfigs: Flag = {
  name: 'component-configs',
  kind: 'list',
  doc: 'Component configurations to print too: KubeProxyConfiguration, KubeletConfiguration',
}
const oldConfig: Flag = { name: 'old-config', kind: 'text', doc: 'Path of the file to read; must be given' }
const newConfig: Flag = { name: 'new-config', kind: 'text', doc: 'Path of the file to write; standard output when not given' }
const imageFlags = kubeadmFlags('config', 'feature-gates', 'image-repository', 'kubernetes-version')

const exitCode: Flag = { name: 'exit-code', kind: 'switch', default: 'false', doc: 'End with exit code 2 when there are differences' }

export const configCommand: CommandBody = {
  commands: [
    {
      name: 'diff',
      summary: "Compare two configuration files by what they mean, defaults filled in (kadm's own)",
      positional: 'OLD NEW',
      maxArguments: 2,
      flags: [exitCode, ...outputFlags, ...everywhere],
      run: async (input) => (await import('../run/run-config-tools.ts')).diff(input),
    },
    {
      name: 'explain',
      summary: "Say what a field of the configuration is: type, default, flag, since when (kadm's own)",
      positional: '[FIELD or FLAG]',
      maxArguments: 1,
      flags: [...outputFlags, ...everywhere],
      run: async (input) => (await import('../run/run-config-tools.ts')).explain(input),
    },
    {
      name: 'images',
      summary: 'Interact with container images used by kadm',
      commands: [
        {
          name: 'list',
          summary: 'Print the images that a control plane of this configuration runs',
          flags: [...imageFlags, ...outputFlags, ...everywhere],
          run: async (input) => (await import('../run/run-images.ts')).listImages(input),
        },
        {
          name: 'pull',
          summary: 'Pull the images that a control plane of this configuration runs',
          flags: [...imageFlags, ...kubeadmFlags('cri-socket'), ...everywhere],
          run: async (input) => (await import('../run/run-images.ts')).pullImages(input),
        },
      ],
    },
    {
      name: 'migrate',
      summary: 'Read a configuration file and write it in the newest version, with all defaults',
      flags: [oldConfig, newConfig, experimental, ...everywhere],
      run: async (input) => (await import('../run/run-config.ts')).migrate(input),
    },
    { name: 'print', summary: 'Print configuration', commands: (['init', 'join', 'reset', 'upgrade'] as const).map(printCommand) },
    {
      name: 'schema',
      summary: "Print the JSON Schema of configuration files, for editors (kadm's own)",
      flags: everywhere,
      run: async (input) => (await import('../run/run-config-tools.ts')).schema(input),
    },
    {
      name: 'validate',
      summary: 'Read a configuration file and report all that is wrong with it',
      flags: [...kubeadmFlags('config'), deprecated, experimental, ...everywhere],
      run: async (input) => (await import('../run/run-config.ts')).validate(input),
    },
  ],
}

function printCommand(action: 'init' | 'join' | 'reset' | 'upgrade'): Command {
  return {
    name: `${action}-defaults`,
    summary: `Print a configuration for 'kadm ${action}' to start from`,
    flags: [...(action === 'init' ? [componentConfigs] : []), ...everywhere],
    run: async (input: CommandInput) => (await import('../run/run-config.ts')).printDefaults(action, input),
  }
}
