/** Hosts behind a bastion: sshd of both are in this process, and let everybody in. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server as TcpServer } from 'node:net'
import ssh2, { type ServerChannel } from 'ssh2'
import { expect, onTestFinished, test, vi } from 'vitest'
import { fingerprint } from '../../src/host/ssh/known-hosts.ts'
import { openBastion } from '../../src/host/ssh/ssh-bastion.ts'
import { freshKeyPair } from '../../src/host/ssh/ssh-become.ts'
import { keepLine } from '../../src/host/ssh/ssh-line.ts'
import { logIn } from '../../src/host/ssh/ssh-login.ts'
import { freshKeyFile } from '../support/ssh-agent.ts'
import type { Bastion, SshOptions, SshTarget } from '../../src/host/ssh/ssh-target.ts'

test('a host behind it that starts anew is waited for like any other', async () => {
  const [host, bastion] = [await sshd(), await sshd()]
  const through = behind(bastion)
  let refusals = 0
  const shaky: Bastion = {
    ...through,
    dial: async (...to) => {
      if (host.isDown) refusals++
      return through.dial(...to)
    },
  }
  const line = await keepLine(host.target, host.options, shaky)
  onTestFinished(line.end)
  const { broken } = await line.current()
  host.stop()
  await broken
  await vi.waitUntil(() => refusals > 1)
  await host.start()
  await expect(line.current()).resolves.toMatchObject({ client: expect.anything() })
})

test('one that nobody answers at is unreachable, by way of the bastion, with the way to try that', async () => {
  const [host, bastion] = [await sshd(), await sshd()]
  host.stop()
  await expect(logIn(host.target, host.options, behind(bastion))).rejects.toMatchObject({
    code: 'HOST_UNREACHABLE',
    message: expect.stringContaining(`through "root@127.0.0.1:${bastion.target.port}": nobody listens at that port (ECONNREFUSED)`),
    remedy: [
      `ssh -v -p ${host.target.port} -i ${host.options.identityFiles?.[0]} -J root@127.0.0.1:${bastion.target.port} root@127.0.0.1 true`,
    ],
  })
})

test('where packets are dropped nobody waits for the patience of the far system, nor behind a signal', async () => {
  const [host, bastion] = [await sshd(), await sshd({ isSilent: true })]
  const { timeout } = AbortSignal
  const limits: number[] = []
  const short = vi.spyOn(AbortSignal, 'timeout').mockImplementation((time) => {
    limits.push(time)
    return timeout(limits.length === 2 ? 100 : 60_000)
  })
  onTestFinished(() => short.mockRestore())
  // The first limit is that of the connection to the bastion itself.
  await expect(logIn(host.target, host.options, behind(bastion))).rejects.toMatchObject({
    code: 'HOST_UNREACHABLE',
    message: expect.stringContaining('ETIMEDOUT'),
  })
  expect(limits).toEqual([15_000, 15_000])
  const reason = new Error('stopped by the user')
  const signal = AbortSignal.any([AbortSignal.abort(reason)])
  await expect(logIn(host.target, { ...host.options, signal }, behind(bastion))).rejects.toBe(reason)
})

interface Sshd {
  readonly target: SshTarget
  readonly options: SshOptions
  isDown: boolean
  /** Nobody listens, and all connections are cut. */
  readonly stop: () => void
  /** Again, at the same port. */
  readonly start: () => Promise<void>
}

/** @param isSilent what it is asked to connect to never answers */
async function sshd({ isSilent = false } = {}): Promise<Sshd> {
  const { privateKey } = await freshKeyPair()
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error) throw key
  const cuts = new Set<() => void>()
  const ssh = new ssh2.Server({ hostKeys: [privateKey] }, (client) => {
    client
      .on('error', () => undefined)
      .on('authentication', (login) => login.accept())
      .on('tcpip', (accept, reject, { destIP, destPort }) => {
        if (isSilent) return
        const stream = connect(destPort, destIP, () => pipe(accept(), stream)).on('error', () => reject())
      })
  })
  const listen = async (at: number): Promise<TcpServer> => {
    const listening = createServer((socket) => {
      cuts.add(() => socket.destroy())
      ssh.injectSocket(socket)
    }).listen(at, '127.0.0.1')
    await once(listening, 'listening')
    return listening
  }
  let server = await listen(0)
  const { port } = server.address() as AddressInfo
  const own: Sshd = {
    target: { user: 'root', address: '127.0.0.1', port },
    options: { hostKey: fingerprint(key.getPublicSSH()), identityFiles: [await freshKeyFile()] },
    isDown: false,
    stop: () => {
      own.isDown = true
      server.close()
      cuts.forEach((cut) => cut())
    },
    start: async () => {
      own.isDown = false
      server = await listen(port)
    },
  }
  onTestFinished(own.stop)
  return own
}

function pipe(channel: ServerChannel, stream: ReturnType<typeof connect>): void {
  channel.on('error', () => undefined)
  stream.on('error', () => channel.end())
  channel.pipe(stream).pipe(channel)
}

function behind({ target, options }: Sshd): Bastion {
  const bastion = openBastion({ target, hostKey: options.hostKey }, options)
  onTestFinished(bastion.end)
  return bastion
}
