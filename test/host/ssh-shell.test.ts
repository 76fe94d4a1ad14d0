/** A shell that ends: what a far end says is made up. Over shells of this machine: ssh-prelude.test.ts. */
import { Duplex, PassThrough } from 'node:stream'
import type { Client } from 'ssh2'
import { expect, test } from 'vitest'
import { openShell, type Shell } from '../../src/host/ssh/ssh-shell.ts'

/** A shell that is told things, and says what the test says. */
async function farEnd(): Promise<{
  readonly shell: Shell
  readonly told: () => string
  readonly channel: Duplex
  readonly stderr: PassThrough
}> {
  let text = ''
  const stderr = new PassThrough()
  const channel = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString()
      done()
    },
  })
  const client = {
    exec: (_: string, answer: (error: undefined, opened: unknown) => void) => answer(undefined, Object.assign(channel, { stderr })),
  }
  return { shell: await openShell(client as unknown as Client, 'kadm-test'), told: () => text, channel, stderr }
}

test('a shell that ends before it was ready: the user is told what it said on both streams, asked or not', async () => {
  const { shell, channel, stderr } = await farEnd()
  channel.push('This account is\n')
  stderr.write('currently not available.\n')
  await expect.poll(() => channel.readableLength + stderr.readableLength).toBe(0)
  const answer = shell.request('true')
  channel.destroy()
  await expect(answer).rejects.toThrow('the shell ended: This account is currently not available.')
})

test('a shell that ends later does not repeat what it said as it started', async () => {
  const { shell, told, channel, stderr } = await farEnd()
  const [mark] = /k[0-9a-f]{24}-0$/m.exec(told()) ?? []
  channel.push(`welcome\n\n${mark} 0\n`)
  stderr.write(`no locale\n\n${mark} 0\n`)
  const answer = shell.request('true')
  channel.push('out of memory')
  await expect.poll(() => channel.readableLength + stderr.readableLength).toBe(0)
  channel.destroy()
  await expect(answer).rejects.toThrow(/^the shell ended: out of memory$/)
})
