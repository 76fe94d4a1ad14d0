import { expect, test } from 'vitest'
import { rememberedAnswers } from '../../src/host/ssh/remembered-answers.ts'
import type { SshQuestion } from '../../src/host/ssh/ssh-target.ts'

const sudo = (login: string, user: string, host: string): SshQuestion => ({ kind: 'become', login, user, host })

test('of many hosts one is asked about, and none gets what was given for another login or a key', async () => {
  const asked: SshQuestion[] = []
  const answer = rememberedAnswers(
    async (question) => `answer ${asked.push(question)}`,
    (question) => ({ ...question, host: undefined }),
  )
  const key = '/home/ann/.ssh/id_ed25519'
  const questions: readonly SshQuestion[] = [
    { kind: 'passphrase', identityFile: key },
    sudo('ann', 'ann', 'h1'),
    sudo('ann', 'ann', 'h2'),
    { kind: 'passphrase', identityFile: key },
    sudo('ann', 'root', 'h2'),
    // What a host may say to get at the others.
    sudo('ann', key, 'h3'),
    sudo('deploy', 'ann', 'h3'),
  ]
  const answers: (string | undefined)[] = []
  for (const question of questions) answers.push(await answer(question))
  expect(answers.map((text) => text?.slice(-1)).join('')).toBe('1221345')
})
