import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { freshKeyPair, sshdScript } from '../../src/host/ssh/ssh-become.ts'
import { temporaryDirectory } from '../support/temporary.ts'

// Of ssh2's own Ed25519 keys one in 256 cannot be read; and a host in FIPS mode takes none of them.
test('every key that root logs in with is of ECDSA, can be read, and signs', { timeout: 30_000 }, async () => {
  for (let round = 0; round < 1000; round++) {
    const { privateKey, publicKey } = await freshKeyPair()
    const [key, known] = [ssh2.utils.parseKey(privateKey), ssh2.utils.parseKey(publicKey)]
    if (key instanceof Error || known instanceof Error) throw new Error(`round ${round} gives a key that cannot be read`)
    const data = Buffer.from(`round ${round}`)
    expect([known.type, known.verify(data, key.sign(data, 'sha256'), 'sha256')]).toEqual(['ecdsa-sha2-nistp256', true])
  }
})

test.each([
  { name: 'the PATH that sudo gives is handed on', knows: true },
  { name: 'an sshd that cannot hand it on starts all the same', knows: false },
])('the sshd that root logs in to: $name', async ({ knows }) => {
  const folder = await temporaryDirectory()
  // Shows its configuration in place of serving.
  const sshd = `#!/bin/sh\ncase " $* " in *" -t "*) exit ${knows ? 0 : 255};; esac\nfor last; do :; done\ncat "$last"\n`
  await writeFile(path.join(folder, 'sshd'), sshd, { mode: 0o755 })
  const { stdout } = await localHost().query(['env', `PATH=${folder}:/opt/own bin:/usr/bin:/bin`, 'sh'], {
    input: sshdScript('kadm-x', 'ssh-x AAAA kadm'),
  })
  const [, configuration = ''] = /^kadm-x-key ecdsa-sha2-nistp256 \S+ kadm\n([^]*)$/.exec(stdout) ?? []
  const handedOn = `SetEnv "PATH=${folder}:/opt/own bin:/usr/bin:/bin:/usr/local/sbin:`
  expect([configuration.includes('PermitRootLogin'), configuration.includes(handedOn)]).toEqual([true, knows])
  if (knows) expect(configuration).toContain(':/opt/bin:/snap/bin"')
})
