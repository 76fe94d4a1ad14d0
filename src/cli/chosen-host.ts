/** The host that a command works on: this machine, or the one that `--host` names. */
import { KadmError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { localHost } from '../host/local-host.ts'
import type { SshOptions, SshQuestion } from '../host/ssh/ssh-target.ts'
import { printable } from '../progress/printable.ts'
import { askSecret } from './ask-secret.ts'
import { givenText, type CommandInput, type Streams } from './command.ts'
import { hostFlagNames } from './flags/host-flags.ts'

/** Runs `work` on the host and closes it. Throws as `chosenHost`. */
export async function onChosenHost<T>(input: Pick<CommandInput, 'flags' | 'io' | 'signal'>, work: (host: Host) => Promise<T>): Promise<T> {
  const host = await chosenHost(input)
  try {
    return await work(host)
  } finally {
    await host.close()
  }
}

/**
 * The caller closes it. On another host the configuration file is still one of this machine, as are the files that it is reached with; every
 * other path is the host's. Throws USAGE, and as `connectSsh`.
 */
export async function chosenHost({ flags, io, signal }: Pick<CommandInput, 'flags' | 'io' | 'signal'>): Promise<Host> {
  const given = (name: string): string | undefined => givenText(flags, name)
  const address = given('host')
  if (address === undefined) {
    const alone = [...flags.given].find((name) => hostFlagNames.has(name))
    if (alone !== undefined)
      throw new KadmError('USAGE', `--${alone} is for a host that --host names`, {
        remedy: [`add --host admin@192.168.0.11, or leave --${alone} out`],
      })
    return localHost()
  }
  const [{ parseSshTarget }, { connectSsh }] = await Promise.all([import('../host/ssh/ssh-target.ts'), import('../host/ssh/ssh-host.ts')])
  const bastion = given('bastion')
  const options: SshOptions = {
    become: becomeOf(given('become')),
    bastion: bastion === undefined ? undefined : { target: parseSshTarget(bastion) },
    hostKey: given('host-key'),
    knownHostsFile: given('known-hosts'),
    secret: (question) => secretFor(question, io, signal),
    say: (line) => void io.stderr.write(`${printable(line)}\n`),
    signal,
    ...(flags.given.has('identity-file') && { identityFiles: flags.list('identity-file') }),
    ...(flags.given.has('trust-on-first-use') && { trustOnFirstUse: flags.isOn('trust-on-first-use') }),
  }
  const host = await connectSsh(parseSshTarget(address), options)
  const file = given('config')
  return file === undefined ? host : { ...host, readText: (path) => (path === file ? localHost() : host).readText(path) }
}

function becomeOf(text: string | undefined): SshOptions['become'] {
  if (text === undefined || text === 'sudo') return text
  throw new KadmError('USAGE', `--become: "${text}" is not a way to become root that kadm knows`, { remedy: ['--become sudo'] })
}

/**
 * From the file that the environment names, or from the person at the terminal; never from a command line, which everybody on the machine
 * can read.
 */
export async function secretFor(question: SshQuestion, io: Streams, signal: AbortSignal): Promise<string | undefined> {
  const variable = question.kind === 'become' ? 'KADM_BECOME_PASSWORD_FILE' : 'KADM_SSH_PASSPHRASE_FILE'
  const file = io.environment[variable]
  if (file !== undefined && file !== '') {
    const text = await localHost().readText(file)
    // The first line alone: sudo would hand a second one to the shell that it starts.
    if (text !== undefined) return text.split(/\r?\n/, 1)[0]
    throw new KadmError('FILE_FAILED', `there is no file "${file}", which ${variable} names`, {
      remedy: [`unset ${variable}   # kadm then asks`],
    })
  }
  return askSecret(
    io,
    question.kind === 'become'
      ? `sudo on ${question.host} wants the password of ${question.user}: `
      : `passphrase of ${question.identityFile}: `,
    signal,
  )
}
