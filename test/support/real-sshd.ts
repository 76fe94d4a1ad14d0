/** A real sshd, with sudo beside it: on a loopback port of this machine, in the system image that the sandbox keeps in its cache. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished, type TestContext } from 'vitest'
import type { SshOptions, SshTarget } from '../../src/host/ssh/ssh-target.ts'
import { runProgram } from './command-line.ts'
import { hostImage } from './host-image.ts'
import { freshKeyFile } from './ssh-agent.ts'
import { temporaryDirectory } from './temporary.ts'

export interface RealSshd {
  readonly target: SshTarget
  /** The key that it lets in, its own, and no agent. */
  readonly options: SshOptions & { readonly identityFiles: readonly [string] }
}

/**
 * Ends with the test. Skips it when the sandbox was never built; fails in CI. Only for root.
 *
 * @param words of its configuration, lines; `user` who logs in; `prepare` lines of shell that are run in there first
 */
export async function realSshd(context: TestContext, { words = '', user = 'root', prepare = '' } = {}): Promise<RealSshd> {
  const image = hostImage(context, ['usr/sbin/sshd'])
  const [work, port, identity, hostKey] = [await temporaryDirectory(), await freePort(), await freshKeyFile(), await freshKeyFile('ecdsa')]
  for (const name of ['upper', 'work', 'root', 'shared']) await mkdir(path.join(work, name))
  const shared = path.join(work, 'shared')
  await writeFile(path.join(shared, 'host'), await readFile(hostKey), { mode: 0o600 })
  await writeFile(path.join(shared, 'authorized'), await readFile(`${identity}.pub`))
  await writeFile(
    path.join(shared, 'config'),
    `ListenAddress 127.0.0.1:${port}\nHostKey /mnt/host\nAuthorizedKeysFile /mnt/authorized\nStrictModes no\n${words}\n`,
  )
  const child = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-ec', script, 'sshd', work, image, prepare], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  for (let left = 300; !(await answers(port)); left--) {
    if (left === 0 || child.exitCode !== null) throw new Error(`sshd did not start: ${log.slice(-2000)}`)
    await sleep(100)
  }
  const { stdout } = await runProgram('ssh-keygen', ['-lf', `${hostKey}.pub`])
  return {
    target: { user, address: '127.0.0.1', port },
    options: { hostKey: /SHA256:\S+/.exec(stdout)?.[0], identityFiles: [identity], agent: '' },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

const script = `work=$1; image=$2; root=$work/root
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$image,upperdir=$work/upper,workdir=$work/work" "$root"
mount --bind "$work/shared" "$root/mnt"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir "$root/run/sshd"
chroot "$root" sh -ec "$3" >&2
exec chroot "$root" /usr/sbin/sshd -D -e -f /mnt/config`
