/** `kadm sandbox`: real hosts on this one machine. Words in, plain functions of src/sandbox called. */
import { newestKubernetes } from '../../config/own-version.ts'
import { KadmError } from '../../errors.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import type { Command, CommandBody, CommandInput, Flag } from '../command.ts'
import { textOrJsonFlag } from '../text/output.ts'

const name: Flag = { name: 'name', kind: 'text', default: 'kadm', doc: 'Name of the sandbox; several can be up side by side' }

export const sandboxCommand: CommandBody = {
  commands: [
    {
      name: 'up',
      summary: 'Make the hosts, each with its own systemd, sshd, containerd and kubelet',
      flags: [
        name,
        { name: 'hosts', kind: 'number', default: '3', doc: 'How many hosts' },
        {
          name: 'kubernetes-version',
          kind: 'text',
          default: newestKubernetes,
          doc: "Whose kubeadm, kubelet, kubectl and images are on them; '' for bare hosts",
        },
        { name: 'further-version', kind: 'list', doc: 'Kubernetes versions whose images are to be on the hosts too, for upgrades' },
        {
          name: 'load-balancer',
          kind: 'switch',
          default: 'false',
          doc: 'A TCP balancer in front of the control planes, on an address of its own',
        },
      ],
      run: up,
    },
    {
      name: 'down',
      summary: 'End the hosts and take all traces away',
      flags: [name],
      run: async ({ flags }) => (await import('../../sandbox/take-down.ts')).sandboxDown(nameOf(flags)),
    },
    {
      name: 'status',
      summary: 'What is up',
      flags: [name, textOrJsonFlag],
      run: status,
    },
    {
      name: 'exec',
      summary: 'Run a command in a host: kadm sandbox exec h1 -- CMD',
      positional: 'HOST -- CMD...',
      maxArguments: 1,
      flags: [name],
      run: exec,
    },
    { name: 'ssh', summary: 'A shell on a host', positional: 'HOST', maxArguments: 1, flags: [name], run: ssh },
    onHost('cut', "Pull a host's network cable", (sandbox, host) => sandbox.cut(host)),
    onHost('heal', "Put a host's network cable in again", (sandbox, host) => sandbox.heal(host)),
    onHost('freeze', 'Hold every process of a host', (sandbox, host) => sandbox.freeze(host)),
    onHost('thaw', 'Let a frozen host go on', (sandbox, host) => sandbox.thaw(host)),
    onHost('kill', 'Cut the power of a host', (sandbox, host) => sandbox.kill(host)),
    onHost('start', 'Switch a host on again, with its disk as it was', (sandbox, host) => sandbox.start(host)),
    onHost('renew', 'Put a fresh machine in the place of a host', (sandbox, host) => sandbox.renew(host)),
    {
      name: 'network',
      summary: 'Lay the pod network, once the nodes are there',
      flags: [name],
      run: async ({ flags }) => (await open(nameOf(flags))).network(),
    },
    {
      name: 'version',
      summary: 'Give a host the kubeadm, kubelet and kubectl of another Kubernetes version',
      positional: 'HOST VERSION',
      maxArguments: 2,
      flags: [name],
      run: async ({ flags, arguments: [host, version] }) =>
        (await open(nameOf(flags))).version(needed(host, 'HOST'), needed(version, 'VERSION')),
    },
  ],
}

function onHost(command: string, summary: string, act: (sandbox: Sandbox, host: string) => Promise<void>): Command {
  return {
    name: command,
    summary,
    positional: 'HOST',
    maxArguments: 1,
    flags: [name],
    run: async ({ flags, arguments: [host] }) => act(await open(nameOf(flags)), needed(host, 'HOST')),
  }
}

async function up({ flags, io, signal }: CommandInput): Promise<void> {
  const { sandboxUp } = await import('../../sandbox/sandbox-up.ts')
  const version = flags.text('kubernetes-version')
  await sandboxUp({
    name: nameOf(flags),
    hosts: Number(flags.text('hosts')),
    loadBalancer: flags.isOn('load-balancer'),
    furtherVersions: flags.list('further-version'),
    say: (line) => void io.stderr.write(`${line}\n`),
    signal,
    ...(version === undefined || version === '' ? {} : { kubernetesVersion: version }),
  })
}

async function status({ flags, io }: CommandInput): Promise<void> {
  const { sandboxStatus } = await import('../../sandbox/sandbox-status.ts')
  const { sandboxNames } = await import('../../sandbox/state.ts')
  const names = flags.given.has('name') ? [nameOf(flags)] : await sandboxNames()
  const found = await Promise.all(names.map(sandboxStatus))
  if (flags.text('output') === 'json') return void io.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  if (found.length === 0) return void io.stdout.write('nothing is up\n')
  const rows = [['SANDBOX', 'HOST', 'IPV4', 'IPV6', 'STATE']]
  for (const { name: sandbox, hosts, loadBalancer: lb } of found) {
    for (const host of hosts) rows.push([sandbox, host.name, host.address, host.address6, host.linked ? host.state : 'cut off'])
    if (lb !== undefined) rows.push([sandbox, 'lb', lb.address, lb.address6, lb.state])
  }
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  for (const row of rows) io.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`)
}

async function exec({ flags, arguments: [host], rest }: CommandInput): Promise<number> {
  const [program, ...words] = rest
  const sandbox = await open(nameOf(flags))
  return sandbox.interact(needed(host, 'HOST'), [needed(program, 'CMD (after --)'), ...words])
}

async function ssh({ flags, arguments: [host] }: CommandInput): Promise<number> {
  const { runInteractively } = await import('../../sandbox/run-interactively.ts')
  return runInteractively((await open(nameOf(flags))).sshArgv(needed(host, 'HOST')))
}

async function open(sandbox: string): Promise<Sandbox> {
  const { openSandbox } = await import('../../sandbox/sandbox.ts')
  return openSandbox(sandbox)
}

function nameOf(flags: CommandInput['flags']): string {
  return flags.text('name') ?? 'kadm'
}

function needed(word: string | undefined, what: string): string {
  if (word === undefined || word === '') throw new KadmError('USAGE', `${what} is missing`, { remedy: ['kadm sandbox --help'] })
  return word
}
