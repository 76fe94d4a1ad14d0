/**
 * Many bare machines behind sshd on this one, and an operator's machine in their network: what kadm is asked to look at when there are
 * hundreds.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { newestKubernetes } from '../../src/config/own-version.ts'
import { ensureComponents } from '../../src/sandbox/components.ts'
import { ensureHostImage } from '../../src/sandbox/host-image.ts'
import { runProgram, type ProgramArgv, type ProgramResult } from '../../src/sandbox/run-program.ts'

export interface SshTargets {
  readonly hosts: readonly SshTargetHost[]
  /** Private key that root of every host lets in, as the operator sees it. */
  readonly identity: string
  /** Writes a file that only the operator has, and returns its path. */
  readonly write: (name: string, text: string) => Promise<string>
  /** Runs a program as the operator and resolves with any exit code. */
  readonly run: (argv: ProgramArgv, environment?: Readonly<Record<string, string>>) => Promise<ProgramResult>
  /** Runs a line of shell in a host, by the machine's own ssh. */
  readonly onHost: (name: string, command: string) => Promise<ProgramResult>
  /** What all hosts have used of the processor so far, by all that ran on them and has ended. */
  readonly processorSeconds: () => Promise<number>
  /** Takes all of it away, and resolves when it is gone. It also ends with this process, however that ends. */
  readonly close: () => Promise<void>
}

export interface SshTargetHost {
  readonly name: string
  readonly address: string
  /** `SHA256:...` */
  readonly hostKey: string
}

const script = new URL('ssh-targets.sh', import.meta.url).pathname
const operatorFolder = '/mnt/operator'

/** A bridge has room for 1000. Only for root. Throws what the script said when it fails. */
export async function sshTargets(count: number): Promise<SshTargets> {
  const quietly = { say: () => {} }
  const [{ root: image }, { bin }] = await Promise.all([ensureHostImage(quietly), ensureComponents(newestKubernetes, quietly)])
  const child = spawn('unshare', ['--mount', '--net', '--pid', '--fork', '--kill-child', 'sh', script, image, bin, String(count)], {
    stdio: 'pipe',
    cwd: '/',
  })
  const ended = once(child, 'close')
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
  const { pid, hosts } = await new Promise<{ readonly pid: string; readonly hosts: readonly SshTargetHost[] }>((resolve, reject) => {
    const lines: string[] = []
    createInterface(child.stdout).on('line', (line) => (line === 'up' ? resolve(parseLines(lines)) : lines.push(line)))
    void ended.then(() => reject(new Error(`no targets: ${complaints}`)))
  })
  const inside: ProgramArgv = ['nsenter', '--target', pid, '--mount', '--net', '--pid']
  const run: SshTargets['run'] = (argv, environment = {}) =>
    runProgram([...inside, ...argv], { environment: { HOME: operatorFolder, USER: 'root', ...environment }, timeout: 300_000 })
  return {
    hosts,
    identity: `${operatorFolder}/id`,
    write: async (name, text) => {
      await writeFile(`/proc/${pid}/root${operatorFolder}/${name}`, text)
      return `${operatorFolder}/${name}`
    },
    run,
    onHost: (name, command) => {
      const { address = '' } = hosts.find((host) => host.name === name) ?? {}
      return run([
        'ssh',
        '-i',
        `${operatorFolder}/id`,
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'UserKnownHostsFile=/dev/null',
        '-o',
        'LogLevel=ERROR',
        address,
        command,
      ])
    },
    processorSeconds: async () => sumOfTicks((await run(['sh', '-c', firstProcesses])).stdout) / ticksPerSecond,
    close: async () => {
      child.stdin.end()
      await ended
    },
  }
}

function parseLines([pid = '', ...lines]: readonly string[]): { readonly pid: string; readonly hosts: readonly SshTargetHost[] } {
  return { pid, hosts: lines.map((line) => line.split(' ')).map(([name = '', address = '', hostKey = '']) => ({ name, address, hostKey })) }
}

/** The sshd of each host is its first process: what runs there is its child, or becomes it. */
const firstProcesses = 'for p in /proc/[0-9]*; do if grep -q "^NSpid:.*[[:space:]]1$" "$p/status"; then cat "$p/stat"; fi; done'
const ticksPerSecond = 100

/** utime, stime, cutime and cstime of each line: proc_pid_stat(5). */
function sumOfTicks(text: string): number {
  const lines = text.split('\n').filter((line) => line.includes('(sshd)'))
  return lines
    .flatMap((line) =>
      line
        .slice(line.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 15),
    )
    .reduce((sum, ticks) => sum + Number(ticks), 0)
}
