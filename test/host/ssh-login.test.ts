/** Which keys a login offers, and what the user is told: a real agent, keys by ssh-keygen, and a host that only lets in or not. */
import { once } from 'node:events'
import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { createServer, Socket, type AddressInfo } from 'node:net'
import path from 'node:path'
import ssh2, { type AuthContext } from 'ssh2'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { fingerprint } from '../../src/host/ssh/known-hosts.ts'
import { freshKeyPair } from '../../src/host/ssh/ssh-become.ts'
import { logIn } from '../../src/host/ssh/ssh-login.ts'
import { sshArguments, type SshOptions } from '../../src/host/ssh/ssh-target.ts'
import { runProgram } from '../support/command-line.ts'
import { encryptKeyFile, freshKeyFile, sshAgent } from '../support/ssh-agent.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let home: string

beforeEach(async () => {
  home = await temporaryDirectory()
  await mkdir(path.join(home, '.ssh'))
  vi.stubEnv('HOME', home)
  onTestFinished(() => void vi.unstubAllEnvs())
})

/** Lets in who has the key of this file; cuts off after six others, as sshd does. */
async function farEnd(file: string): Promise<{
  /** `in`, or the error in words; and how often a passphrase was asked for. */
  readonly outcome: (options: SshOptions) => Promise<{ readonly outcome: unknown; readonly asked: number }>
  /** How many keys were offered in all. */
  readonly offers: () => number
}> {
  const { privateKey } = await freshKeyPair()
  const hostKey = ssh2.utils.parseKey(privateKey)
  const allowed = ssh2.utils.parseKey(await readFile(`${file}.pub`))
  if (hostKey instanceof Error || allowed instanceof Error) throw new Error('no key')
  let offers = 0
  const server = new ssh2.Server({ hostKeys: [privateKey] }, (client) => {
    let failures = 0
    client
      .on('error', () => undefined)
      .on('authentication', (login: AuthContext) => {
        if (login.method !== 'publickey') return login.reject(['publickey'])
        if (login.signature === undefined) offers++
        if (!allowed.getPublicSSH().equals(login.key.data)) return ++failures < 6 ? login.reject(['publickey']) : cutOff(client)
        const isGood = login.signature === undefined || allowed.verify(login.blob ?? '', login.signature, login.hashAlgo)
        return isGood ? login.accept() : login.reject(['publickey'])
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const target = { user: 'root', address: '127.0.0.1', port: (server.address() as AddressInfo).port }
  return {
    offers: () => offers,
    outcome: async (options) => {
      let asked = 0
      const secret: SshOptions['secret'] = async (question) => {
        asked++
        return options.secret?.(question)
      }
      const outcome = await logIn(target, { hostKey: fingerprint(hostKey.getPublicSSH()), ...options, secret }).then(
        (client) => {
          client.end()
          return 'in'
        },
        (error: unknown) => (error instanceof KadmError ? [`${error.code}: ${error.message}`, ...error.remedy].join('\n') : error),
      )
      return { outcome, asked }
    },
  }
}

/** As sshd says it; ssh2's own `disconnect` has no words. */
function cutOff(client: object): void {
  const words = Buffer.from('Too many authentication failures')
  const { _protocol: protocol } = client as { readonly _protocol: WritesPackets }
  const start = protocol._packetRW.write.allocStart
  const packet = protocol._packetRW.write.alloc(1 + 4 + 4 + words.length + 4)
  packet[start] = 1 // SSH_MSG_DISCONNECT
  packet.writeUInt32BE(2, start + 1) // SSH_DISCONNECT_PROTOCOL_ERROR
  packet.writeUInt32BE(words.length, start + 5)
  packet.set(words, start + 9)
  packet.writeUInt32BE(0, start + 9 + words.length)
  protocol._cipher.encrypt(protocol._packetRW.write.finalize(packet))
}

interface WritesPackets {
  readonly _packetRW: {
    readonly write: { readonly allocStart: number; alloc: (length: number) => Buffer; finalize: (packet: Buffer) => Buffer }
  }
  readonly _cipher: { encrypt: (packet: Buffer) => void }
}

/** Told in these words, and with this to do. */
const refused = (message: RegExp, remedy: RegExp): unknown =>
  expect.stringMatching(new RegExp(`^LOGIN_REFUSED: .*${message.source}\\n${remedy.source}`))

test('small packets are not kept back until the host has acknowledged those before them', async () => {
  const file = await freshKeyFile()
  const { outcome } = await farEnd(file)
  const spy = vi.spyOn(Socket.prototype, 'setNoDelay')
  onTestFinished(() => spy.mockRestore())
  expect(await outcome({ identityFiles: [file], agent: '' })).toMatchObject({ outcome: 'in' })
  expect(spy.mock.calls).toEqual([[true]])
})

test('an agent that is gone is passed over, and named when nothing else lets the user in', async () => {
  const file = await freshKeyFile()
  const { outcome } = await farEnd(file)
  const socket = path.join(home, 'gone')
  expect(await outcome({ agent: socket })).toMatchObject({
    outcome: refused(/accepts none of the keys: agent \S+gone \(it does not answer\)/, /ssh-add -l/),
  })
  await rename(file, path.join(home, '.ssh/id_ed25519'))
  expect(await outcome({ agent: socket })).toMatchObject({ outcome: 'in' })
})

test('an agent that hangs is waited for 10 s, and passed over', async () => {
  const file = await freshKeyFile()
  const { outcome } = await farEnd(file)
  await rename(file, path.join(home, '.ssh/id_ed25519'))
  const socket = path.join(home, 'hangs')
  const server = createServer().listen(socket)
  onTestFinished(() => void server.close())
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const login = outcome({ agent: socket })
  await once(server, 'connection')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await login).toMatchObject({ outcome: 'in' })
})

test.for([
  { name: "OpenSSH's own form", type: 'ecdsa', words: [], isAlone: true },
  { name: 'PEM, with its public half beside it', type: 'rsa', words: ['-m', 'PEM'], isAlone: false },
] as const)('an encrypted key ($name): by the agent when it has it, else by its passphrase', async ({ type, words, isAlone }) => {
  const [file, agent] = [await freshKeyFile(type), await sshAgent()]
  const { outcome, offers } = await farEnd(file)
  await agent.add(await freshKeyFile())
  const plain = path.join(home, 'plain')
  await copyFile(file, plain)
  await encryptKeyFile(file, 'phrase', ...words)
  const withPassphrase = { identityFiles: [file], secret: async () => 'phrase' }
  expect(await outcome({ ...withPassphrase, agent: agent.socket })).toEqual({ outcome: 'in', asked: 1 })
  await agent.add(plain)
  if (isAlone) await rm(`${file}.pub`)
  const before = offers()
  expect(await outcome({ ...withPassphrase, agent: agent.socket })).toEqual({ outcome: 'in', asked: 0 })
  expect(offers() - before).toBe(1)
  expect(await outcome({ ...withPassphrase, agent: path.join(home, 'gone') })).toEqual({ outcome: 'in', asked: 1 })
})

test('an encrypted key that nothing opens does not keep the agent from its others; all of it is told when none lets the user in', async () => {
  const [file, locked, agent] = [await freshKeyFile(), await freshKeyFile(), await sshAgent()]
  await encryptKeyFile(locked, 'phrase')
  await agent.add(file)
  const { outcome } = await farEnd(file)
  expect(await outcome({ identityFiles: [locked], agent: agent.socket })).toEqual({ outcome: 'in', asked: 1 })
  expect(await outcome({ identityFiles: [locked, file], agent: '' })).toEqual({ outcome: 'in', asked: 1 })
  const { outcome: other } = await farEnd(await freshKeyFile())
  expect(await other({ identityFiles: [locked], agent: agent.socket })).toMatchObject({
    outcome: refused(/none of the keys: \S+ \(it is encrypted, and there is no passphrase\), agent \S+/, /ssh-add \S+ /),
  })
  expect(await other({ identityFiles: [locked], agent: '', secret: async () => 'wrong' })).toMatchObject({
    outcome: refused(/\(the passphrase does not open it\)/, /ssh-add .*\nKADM_SSH_PASSPHRASE_FILE/),
  })
  expect(await other({ identityFiles: [path.join(home, 'none')], agent: agent.socket })).toMatchObject({
    outcome: expect.stringContaining('FILE_FAILED: cannot read'),
  })
})

test('no key is offered twice, and no passphrase is asked for one that the host has refused', async () => {
  const [file, agent] = [await freshKeyFile(), await sshAgent()]
  await agent.add(file)
  await encryptKeyFile(file, 'phrase')
  const { outcome, offers } = await farEnd(await freshKeyFile())
  const options = { agent: agent.socket, secret: async () => 'phrase' }
  const named = await outcome({ identityFiles: [file], ...options })
  expect([named, offers()]).toMatchObject([{ outcome: expect.stringContaining('LOGIN_REFUSED'), asked: 0 }, 1])
  await rename(file, path.join(home, '.ssh/id_ed25519'))
  expect([await outcome(options), offers()]).toMatchObject([{ outcome: expect.stringContaining('LOGIN_REFUSED'), asked: 0 }, 2])
})

test('an agent that does not want to sign: the passphrase of the file is asked for; without one it is told', async () => {
  const [file, agent] = [await freshKeyFile(), await sshAgent()]
  await agent.add(file, '-c')
  const { outcome } = await farEnd(file)
  expect(await outcome({ agent: agent.socket })).toMatchObject({ outcome: refused(/agent \S+ \(it does not sign\)/, /ssh-add -l/) })
  await encryptKeyFile(file, 'phrase')
  expect(await outcome({ identityFiles: [file], agent: agent.socket, secret: async () => 'phrase' })).toEqual({ outcome: 'in', asked: 1 })
})

test('a file with the public half names a key of the agent', async () => {
  const [file, agent] = [await freshKeyFile(), await sshAgent()]
  const { outcome, offers } = await farEnd(file)
  await agent.add(await freshKeyFile())
  await agent.add(file)
  expect(await outcome({ identityFiles: [`${file}.pub`], agent: agent.socket })).toMatchObject({ outcome: 'in' })
  expect(offers()).toBe(1)
  expect(await outcome({ identityFiles: [`${file}.pub`], agent: '' })).toMatchObject({
    outcome: refused(/\(it is a public key, and no agent has the private one\)/, /ssh-add /),
  })
})

test('an agent with too many keys: cut off, and told to name the one', async () => {
  const [file, agent] = [await freshKeyFile(), await sshAgent()]
  const { outcome } = await farEnd(file)
  for (let count = 0; count < 6; count++) await agent.add(await freshKeyFile())
  expect(await outcome({ agent: agent.socket })).toMatchObject({
    outcome: refused(/cut off after too many keys: agent \S+/, /--identity-file .* more than five keys/),
  })
  await agent.add(file)
  expect(await outcome({ identityFiles: [file], agent: agent.socket })).toMatchObject({ outcome: 'in' })
})

test('what an agent has and kadm cannot use is counted', async () => {
  const [file, authority, agent] = [await freshKeyFile(), await freshKeyFile(), await sshAgent()]
  await runProgram('ssh-keygen', ['-q', '-s', authority, '-I', 'ann', '-n', 'root', `${file}.pub`])
  await agent.add(file) // its certificate too
  const { outcome } = await farEnd(await freshKeyFile())
  expect(await outcome({ agent: agent.socket })).toMatchObject({
    outcome: refused(/agent \S+ \(kadm can do nothing with 1 of the 2 that it has: certificates, FIDO keys or the like\)/, /ssh-add -l/),
  })
  const { outcome: good } = await farEnd(file)
  expect(await good({ agent: agent.socket })).toMatchObject({ outcome: 'in' })
})

test('what is told to get there by hand names key and bastion as kadm has them', async () => {
  const file = await freshKeyFile()
  const { outcome } = await farEnd(await freshKeyFile())
  expect(await outcome({ identityFiles: [file], agent: '' })).toMatchObject({
    outcome: refused(/none of the keys: \S+/, new RegExp(`ssh-copy-id -p \\d+ -i ${file} root@127\\.0\\.0\\.1`)),
  })
  const through = { user: 'gate', address: 'fd00::1', port: 22 }
  const way = { user: 'ann', address: '10.0.0.1', port: 2222, identityFiles: ['~/my id', '/b'], through }
  expect(sshArguments(way)).toBe("-p 2222 -i ~/'my id' -i /b -J 'gate@[fd00::1]:22' ann@10.0.0.1")
  expect(sshArguments(way, '-o ProxyJump=')).toContain(" -o ProxyJump='gate@[fd00::1]:22' ")
})

test.for([
  ['h1.invalid', 22, /there is no such name \(ENOTFOUND\)|no server of names answers \(EAI_AGAIN\)/],
  ['127.0.0.1', 1, /nobody listens at that port \(ECONNREFUSED\)/],
] as const)('why %s port %i cannot be reached is told in words', async ([address, port, why]) => {
  await expect(logIn({ user: 'ann', address, port }, { agent: '' })).rejects.toMatchObject({
    code: 'HOST_UNREACHABLE',
    message: expect.stringMatching(why),
  })
})
