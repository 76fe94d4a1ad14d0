import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { freshKeyPair } from '../../src/host/ssh-become.ts'

// One in 256 of ssh2's own cannot be read: a fifth of all logins of a fleet of sixty, with sudo.
test('every key that root logs in with can be read', { timeout: 30_000 }, async () => {
  for (let round = 0; round < 2000; round++) {
    const { privateKey, publicKey } = await freshKeyPair()
    expect([ssh2.utils.parseKey(privateKey), ssh2.utils.parseKey(publicKey)].filter((key) => key instanceof Error)).toEqual([])
  }
})
