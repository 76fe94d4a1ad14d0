/** A real agent of a test's own, and keys for it. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { runProgram } from './command-line.ts'
import { temporaryDirectory } from './temporary.ts'

export interface TestAgent {
  readonly socket: string
  /** Gives it a key that has no passphrase. `-c` among the words: it asks before it signs. */
  readonly add: (file: string, ...words: readonly string[]) => Promise<void>
}

/** Ends with the test. Nobody is there to be asked: what it would ask is refused. */
export async function sshAgent(): Promise<TestAgent> {
  const socket = path.join(await temporaryDirectory(), 'agent')
  const child = spawn('ssh-agent', ['-D', '-a', socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SSH_ASKPASS: 'false', DISPLAY: ':' },
  })
  onTestFinished(() => void child.kill())
  await new Promise((resolve) => child.stdout.once('data', resolve)) // it says where it listens
  return {
    socket,
    add: async (file, ...words) => {
      const added = await runProgram('ssh-add', ['-q', ...words, file], { ...process.env, SSH_AUTH_SOCK: socket })
      expect(added).toMatchObject({ exitCode: 0 })
    },
  }
}

/** A fresh key in a file of the test's own; its public half stands beside it. */
export async function freshKeyFile(type: 'ed25519' | 'ecdsa' | 'rsa' = 'ed25519'): Promise<string> {
  const file = path.join(await temporaryDirectory(), 'id')
  expect(await runProgram('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'test', '-f', file])).toMatchObject({ exitCode: 0 })
  return file
}

/** From now on the key needs this passphrase. */
export async function encryptKeyFile(file: string, passphrase: string, ...words: readonly string[]): Promise<void> {
  expect(await runProgram('ssh-keygen', ['-q', '-p', ...words, '-P', '', '-N', passphrase, '-f', file])).toMatchObject({ exitCode: 0 })
}
