/** The way from a test to the sshd of a sandbox's host, whose network is another one: a port of this machine. The line can be cut there. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'

export interface SshRelay {
  readonly port: number
  /** Cuts every line that is open; new ones are let through. */
  cut(): void
  /** Lines that are opened from now on go to another host. */
  redirect(host: string): void
  /** Lines that were opened so far. */
  opened(): number
  close(): void
}

const pipe = `const s=require('net').connect(22,process.argv[1]);s.setNoDelay(true);process.stdin.pipe(s).pipe(process.stdout);s.on('error',()=>process.exit(1));s.on('close',()=>process.exit())`

export async function sshRelay(sandbox: Sandbox, host: string): Promise<SshRelay> {
  const argv = sandbox.sshArgv(host)
  const [program = '', ...into] = argv.slice(0, argv.indexOf('ssh'))
  const addressOf = (wanted: string): string => sandbox.hosts.find(({ name }) => name === wanted)?.address ?? ''
  let address = addressOf(host)
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer({ noDelay: true }, (socket) => {
    count++
    sockets.add(socket)
    const child = spawn(program, [...into, process.execPath, '-e', pipe, address], { stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdin.on('error', () => undefined)
    child.stdout.on('error', () => undefined)
    socket
      .on('error', () => undefined)
      .on('close', () => {
        sockets.delete(socket)
        child.kill('SIGKILL')
      })
    child.on('close', () => socket.destroy())
    socket.pipe(child.stdin)
    child.stdout.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => sockets.forEach((socket) => socket.resetAndDestroy())
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    redirect: (other) => void (address = addressOf(other)),
    opened: () => count,
    close: () => {
      server.close()
      cut()
    },
  }
}
