import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { secretFor } from '../../src/cli/chosen-host.ts'
import type { SshQuestion } from '../../src/host/ssh/ssh-target.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const questions: readonly (readonly [string, SshQuestion])[] = [
  ['KADM_BECOME_PASSWORD_FILE', { kind: 'become', login: 'admin', user: 'admin', host: 'h1' }],
  ['KADM_SSH_PASSPHRASE_FILE', { kind: 'passphrase', identityFile: '/id' }],
]

test.for(questions)('of the file that %s names only the first line counts', async ([variable, question]) => {
  const file = path.join(await temporaryDirectory(), 'secret')
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough(), environment: { [variable]: file } }
  for (const [text, secret] of [
    ['pass word', 'pass word'],
    ['pass\n', 'pass'],
    ['pass\r\n', 'pass'],
    ['pass\n\n', 'pass'],
    ['pass\ntouch /root/injected\n', 'pass'],
    ['pass\r\ntouch /root/injected', 'pass'],
    ['', ''],
  ] as const) {
    await writeFile(file, text)
    expect(await secretFor(question, streams, new AbortController().signal), JSON.stringify(text)).toBe(secret)
  }
})
