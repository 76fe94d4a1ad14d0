import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { freshKeyPair, sshdScript } from '../../src/host/ssh-become.ts'
import { temporaryDirectory } from '../support/temporary.ts'

// One in 256 of ssh2's own cannot be read: a fifth of all logins of a fleet of sixty, with sudo.
test('every key that root logs in with can be read', { timeout: 30_000 }, async () => {
  for (let round = 0; round < 2000; round++) {
    const { privateKey, publicKey } = await freshKeyPair()
    expect([ssh2.utils.parseKey(privateKey), ssh2.utils.parseKey(publicKey)].filter((key) => key instanceof Error)).toEqual([])
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
  const [, configuration = ''] = /^kadm-x-key \S+ \S+ kadm\n([^]*)$/.exec(stdout) ?? []
  const handedOn = `SetEnv "PATH=${folder}:/opt/own bin:/usr/bin:/bin:/usr/local/sbin:`
  expect([configuration.includes('PermitRootLogin'), configuration.includes(handedOn)]).toEqual([true, knows])
  if (knows) expect(configuration).toContain(':/opt/bin:/snap/bin"')
})
